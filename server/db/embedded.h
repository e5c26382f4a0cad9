/* The SQL files of server/sql, server/functions and server/migrations, part of the program (made by the build, see
 * CMakeLists.txt). Floor 2 (db). */
#ifndef LIANDONG_DB_EMBEDDED_H
#define LIANDONG_DB_EMBEDDED_H
#include <stddef.h>

struct embedded_file {
    const char *name;       /* without .sql */
    const char *data, *end; /* a NUL stands at *end */
};
extern const struct embedded_file embedded_sql[];
extern const size_t embedded_sql_count;
extern const struct embedded_file embedded_functions[];
extern const size_t embedded_functions_count;
extern const struct embedded_file embedded_migrations[]; /* in order of their numbers */
extern const size_t embedded_migrations_count;
#endif
