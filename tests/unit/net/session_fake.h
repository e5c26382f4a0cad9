/* A session without anything behind it, in the place of call/session.c: answers each frame with its own bytes, at once
 * or later. Its first frame is its hello. */
#ifndef LIANDONG_TESTS_SESSION_FAKE_H
#define LIANDONG_TESTS_SESSION_FAKE_H
#include "call/session.h"

struct fake {
    /* what the test wants */
    bool later;   /* an answer comes with fake_answer, not from within session_frame */
    bool closes;  /* a frame that says "close" is answered and the connection closed */
    size_t pour;  /* bytes of frames of 1,000 that each session says on its own, as far as the backlog allows */
    bool refuses; /* session_open fails */
    /* what happened */
    size_t opened, closed, frames, drained, expired, heartbeats, largest_backlog;
    uint64_t deadline;
};
#define FAKE_HIGH_WATER 131072u
extern struct fake fake;
/* Answers the call in flight of every session. True where there was one. */
bool fake_answer(void);
#endif
