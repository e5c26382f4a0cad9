/* THE TABLE OF VERBS. A new request is a row in client/verbs/ and its labels in client/labels/; flags, help, types,
 * enum words, tables, JSON, CSV and completion follow from the messages. Client. */
#ifndef LIANDONG_CLIENT_VERBS_H
#define LIANDONG_CLIENT_VERBS_H
#include "client/flag.h"
#include "client/schema.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct client;
struct command;

struct verb {
    const char *words;   /* "incident report" */
    const char *request; /* member of ToServer's oneof whose fields are flags; NULL: none */
    const char
        *positional; /* fields that need no flag, in order, blank-separated; the last takes all words that are left */
    const char *required; /* fields that must be given; a person at a terminal is asked for them */
    const char *about;    /* msgid: one line of help */
    const char *examples; /* msgid: lines */
    /* Exit code. NULL: send the request, print the reply. */
    int (*run)(struct client *client, struct command *command);
    const struct flag *flags;    /* the verb's own, beside those of the request */
    size_t flag_count, own_size; /* of the struct that the flags fill */
    const char *operands;        /* msgid: words that are not fields of a request; NULL: none are taken */
    const char *detail;          /* msgid: paragraphs of help after the flags; NULL: none */
    bool confirm;                /* hard to undo: asks, or wants --yes */
    const char *idle;            /* fields that alone change nothing: another must be given; NULL: no such rule */
    const char *record;          /* of a request about records of any kind: whose this verb is, as its field `record` */
    const char *secrets;         /* fields that are never flags: passwords and codes, see login.h; NULL: none */
};
/* Every verb, in the order of the help; NULL past the last. */
const struct verb *verbs_at(size_t index);

/* What the verbs are about, for the first page of the help; NULL past the last. A test fails where a noun of the verbs
 * is not here. */
struct noun {
    const char *word, *about; /* msgid: one line */
    const char *course;       /* msgid: in which order its commands are used, and what comes before and after; NULL */
};
const struct noun *nouns_at(size_t index);

/* The verb of exactly these words ("incident", "report"; second may be NULL). */
const struct verb *verbs_find(const char *first, const char *second);
/* True where some verb begins with this word and goes on. */
bool verbs_is_noun(const char *word);
/* The request's fields that a command line can give (schema_places less the secrets). Returns how many. */
size_t verb_places(const struct verb *verb, struct schema_place *places, size_t most);
/* The second word, or the only one. */
const char *verb_name(const struct verb *verb);
/* The first verb that sends this request. NULL: none does. */
const struct verb *verbs_of_request(const char *request);
#endif
