/* The requests that are answered from memory.
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_LOCAL_H
#define LIANDONG_CALL_LOCAL_H
struct call;

void local_hello(struct call *c);
void local_ping(struct call *c);
void local_watch_feed(struct call *c);
#endif
