/* What every import of a file of rows is: the file read as a whole and made UTF-8, a connection, a request id for each
 * row, a verdict on each, a sum. What a row means is the importer's. Client. */
#ifndef LIANDONG_CLIENT_IMPORT_SESSION_H
#define LIANDONG_CLIENT_IMPORT_SESSION_H
#include "client/call.h"
#include "client/command.h"
#include "client/import_key.h"
#include "client/import_report.h"

/* The flags that all imports have, beside their own. */
struct import_session_flags {
    const char *reject, *encoding, *separator;
    bool dry_run;
};
/* Their rows; `at` is where the session's flags stand in the importer's. */
#define IMPORT_SESSION_FLAGS(at)                                                                                       \
    {"reject",   0,                                                                                                    \
     FLAG_TEXT,  (at) + offsetof(struct import_session_flags, reject),                                                 \
     N_("FILE"), N_("where rejected rows go (FILE.rejected.csv)")},                                                    \
        {"encoding", 0,                                                                                                \
         FLAG_TEXT,  (at) + offsetof(struct import_session_flags, encoding),                                           \
         N_("NAME"), N_("of the file, such as gb18030; UTF-8 where not given")},                                       \
        {"separator",     0,                                                                                           \
         FLAG_TEXT,       (at) + offsetof(struct import_session_flags, separator),                                     \
         N_("CHARACTER"), N_("between columns: a comma where not given; tab")},                                        \
    {                                                                                                                  \
        "dry-run", 0, FLAG_SWITCH, (at) + offsetof(struct import_session_flags, dry_run), NULL,                        \
            N_("only check; send nothing, connect to nothing")                                                         \
    }
#define IMPORT_SESSION_FLAG_ROWS 4

struct import_session {
    struct client *client;
    struct command *command;
    const struct import_session_flags *flags;
    const char *help; /* the command to be named where something is typed wrong */
    char *bytes;      /* of the file, in UTF-8 but for what single rows get wrong */
    size_t size;
    char separator;
    struct csv csv; /* at the row at hand */
    struct import_keys keys;
    struct import_report report;
    struct caller caller;
    struct arena row; /* of one row */
    int code;         /* so far */
};

/* Reads the one file that the command names, or says `none`. False: it is said, and `code` set, as below. */
bool import_session_open(struct import_session *s, struct client *client, struct command *command,
                         const struct import_session_flags *flags, const char *none, const char *help);
/* Before the first row, and again for another pass. */
bool import_session_rewind(struct import_session *s);
/* Connects, unless it is a trial. The rows' request ids are made of `space`, the office and the row. */
bool import_session_connect(struct import_session *s, const char *space);
/* Gives each row that is left to `take`, until that says false or somebody interrupts. */
bool import_session_rows(struct import_session *s, bool (*take)(void *arg, enum csv_state state), void *arg);
/* Sends; true where there is an answer or a refusal of this row alone. */
bool import_session_ask(struct import_session *s, const char *request, ProtobufCMessage *body,
                        const uint8_t *request_id, bool (*is_about_us)(const Liandong__V1__Status *status),
                        struct call_result *result);
/* The verdict on the row at hand. */
void import_session_tell(struct import_session *s, enum import_verdict verdict, const char *no, const char *reason);
/* Something typed wrong; a failure. Always false. */
bool import_session_usage(struct import_session *s, const char *what);
bool import_session_fail(struct import_session *s, const char *format, const char *a, const char *b);
/* The sum, where rows were `begun`; closes all. The exit code. */
int import_session_end(struct import_session *s, bool begun);
#endif
