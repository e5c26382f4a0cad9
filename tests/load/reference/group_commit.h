/* Group commit of the reference server: reports wait while a commit is in flight, and become the next one's batch. One
 * pipelined connection, one `insert … select … from unnest` per batch, at most two batches in flight. No pen and no
 * chain: what durability alone costs, and with record.sql what the record does. */
#ifndef LIANDONG_LOAD_GROUP_COMMIT_H
#define LIANDONG_LOAD_GROUP_COMMIT_H
#include <stdint.h>
#include <uv.h>

struct group_commit;
/* Called in commit order when a report is durable. `body` is valid during the call. */
typedef void group_commit_stored(void *owner, const uint8_t *body, uint32_t size);

/* Connects. Reports go into table reference_feed, created where it is missing, or, with the file of another statement
 * that takes numbers and bodies as $1 and $2 (record.sql), to where that puts them, counted from the newest of table
 * feed. Ends the program where that can't be done. */
struct group_commit *group_commit_open(uv_loop_t *loop, const char *conninfo, const char *statement_file,
                                       group_commit_stored *stored);
/* Copies the report. */
void group_commit_put(struct group_commit *g, void *owner, const uint8_t *body, uint32_t size);
/* Sends what waits, if it may. Once per turn of the loop, after all sockets were read. */
void group_commit_kick(struct group_commit *g);
#endif
