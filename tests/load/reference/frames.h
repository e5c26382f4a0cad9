/* Frames of the reference server: u32 length in the machine's order (of what follows), u8 type, body. */
#ifndef LIANDONG_LOAD_FRAMES_H
#define LIANDONG_LOAD_FRAMES_H

enum raw_type {
    RAW_WATCH = 1, /* empty: from now on; RAW_FROM_OLDEST bytes: from the begin of the ring */
    RAW_READY,     /* the answer to RAW_WATCH and RAW_HELLO */
    RAW_REPORT,    /* to be stored and told to all watchers */
    RAW_STORED,    /* a report of yours was stored; in the order they were sent */
    RAW_EVENT,     /* the body of a report, to a watcher */
    RAW_HELLO      /* of a connection that only reports */
};
#define RAW_HEADER      5u
#define RAW_FROM_OLDEST 8u
#define RAW_BODY_MAX    65536u
#endif
