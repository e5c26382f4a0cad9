/* Flags that are the client's own, as rows of a table; those of requests come from the messages.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_FLAG_H
#define LIANDONG_CLIENT_FLAG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flag_type {
    FLAG_SWITCH, /* bool */
    FLAG_TEXT,   /* const char *, into argv */
    FLAG_TEXTS,  /* struct flag_texts: may be repeated */
    FLAG_COUNT   /* uint32_t, 1 or more */
};
#define FLAG_TEXTS_MAX 64
struct flag_texts {
    const char *items[FLAG_TEXTS_MAX];
    size_t count;
};
struct flag {
    const char *name; /* without "--" */
    char letter;      /* 0: none */
    enum flag_type type;
    size_t offset;
    const char *value; /* msgid of what stands for the value in help; NULL for switches */
    const char *help;  /* msgid */
};
#endif
