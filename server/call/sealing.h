/* Which fields are sealed, under which keys, and the two moments at which a text passes: on its way to PostgreSQL,
 * which therefore never has it in the clear (heap, WAL, feed, act, index, log), and on its way back to whom SQL gave
 * it. Floor 4 (call). The tokens themselves: common/seal.h.
 *
 * The fields stand in a table (sealing.c): record, field, class. To seal one more: a row there; a row for each request
 * that brings it; nothing else. What a client says in such a field is always sealed, also where it looks like a token;
 * an empty text is not (it means "empty this field"). Text in other fields is neither sealed nor opened.
 *
 * Keys: one index key per class for good (marks and blind indexes must stay comparable), one data key per class and
 * year, all wrapped under a key-encryption key of seal_key_file in the table sealing_key; the server makes those that
 * are missing. Every node reads the table again when it changes (looked at each second), and the file with it. A node
 * that can't open the newest key must not serve: it would write what others can't read. Rotation (liandongd
 * seal-rotate): new data keys for what is written from now on, all keys wrapped anew under the file's first key; old
 * data keys go on opening. An index key is wrapped anew and not replaced: that would mean to open and seal every
 * record.
 *
 * What was written before 0016_sealed stays as it is: the feed's rows are hash-chained, so the clear text is there for
 * good, and sealing the table beside it would hide nothing. Such rows are read, found and counted as before; their
 * telephone numbers get their blind index from the server (core_sealing.c). */
#ifndef LIANDONG_CALL_SEALING_H
#define LIANDONG_CALL_SEALING_H
#include "common/arena.h"
#include "common/seal_file.h"
#include "db/mapping.h"
#include "feed/mask.h"
#include "status.pb-c.h"
#include <libpq-fe.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

enum sealing_class { SEALING_NAME, SEALING_PHONE, SEALING_PLACE, SEALING_FILE, SEALING_CLASSES };

struct sealing_key { /* a data key of the table */
    uint32_t id;
    int class, year;
    bool current; /* of its class and year the one to seal with */
    struct seal_key *key;
    UT_hash_handle hh;
};
struct sealing {
    struct seal_tools *tools;
    const char *file; /* borrowed */
    struct seal_keks keks;
    struct sealing_key *keys; /* by id */
    struct seal_marker *markers[SEALING_CLASSES];
    int64_t version; /* of the table as read; 0: never */
    uint32_t newest; /* id in the table as read */
    uint32_t sought; /* a key that a token names and the table did not have */
    bool wanted;     /* the table should be read now: see sealing_tell */
};

/* A key that the table lacks, made and wrapped; not in use before the table was read again. */
struct sealing_made {
    const char *purpose, *class;
    int year;
    uint8_t wrapped[SEAL_WRAPPED_SIZE];
    char kek[17];
};

/* Reads the file of key-encryption keys. False with one Chinese sentence. */
bool sealing_start(struct sealing *s, const char *file, char *error, size_t room);
void sealing_free(struct sealing *s);
/* Takes the rows of _sealing_keys.sql, and the file anew. False where its newest key can't be opened, with one Chinese
 * sentence: what was known before stays in use. Older keys that can't be opened are told to the log and left out. */
bool sealing_read(struct sealing *s, const PGresult *rows, char *error, size_t room);
/* Makes the first key that is missing for this year. False: none is, or there is no randomness. */
bool sealing_make(struct sealing *s, struct sealing_made *out);
/* What a class is sealed with in a year: of its current keys the one of the latest year that has begun; NULL: none. */
const struct sealing_key *sealing_current(const struct sealing *s, int class, int year);
/* A class lacks a key for this year. */
bool sealing_make_needed(const struct sealing *s);
bool sealing_contract(const struct statement *s, char *error, size_t room);
/* "data phone 2026": what a key is for; it is wrapped with that. */
void sealing_context(char *out, size_t room, const char *purpose, const char *class, int year);
int sealing_year(void); /* the year's number where the offices are */

/* ---- on the way in */

enum sealing_need {
    SEALING_NOTHING,    /* the message has nothing to seal */
    SEALING_BY_REQUEST, /* its record's UUID will be the request_id */
    SEALING_BY_NAME     /* its record is one that exists, named in the field that sealing_named says */
};
const char *sealing_named(uint32_t request);
/* The field with the number of the record's part that the text is sealed for instead; NULL: none. */
const char *sealing_part(uint32_t request);
enum sealing_need sealing_need(uint32_t request, const ProtobufCMessage *message);
/* The field that names the incident out of which the message makes a record, where that takes the incident's place
 * over; NULL: it does not, or says a place itself. */
const char *sealing_source(uint32_t request, const ProtobufCMessage *message);
/* Takes it over, as SQL gave it out: into the message, in the clear. Where the message holds it now; NULL: nothing. */
char **sealing_take_over(struct sealing *s, ProtobufCMessage *message, const char *place, const uint8_t *incident,
                         struct arena *arena);
/* Seals the message's fields in place. False without memory: the message must not be used any further. */
bool sealing_close(struct sealing *s, uint32_t request, ProtobufCMessage *message, const uint8_t *record,
                   struct arena *arena);
/* What the message, not yet sealed, can be found by or searches for. place_pairs: of a place its pairs of characters,
 * 4 bytes each; of a text that is searched for, each word's pairs with their number (4 bytes) before them, an empty
 * word's too. Big-endian. */
struct mapping_marks sealing_marks(struct sealing *s, uint32_t request, const ProtobufCMessage *message,
                                   struct arena *arena);
/* The blind index of one number or address, for old rows. False without memory. */
bool sealing_index_phone(struct sealing *s, const char *phone, size_t size, uint8_t out[SEAL_MARK_SIZE]);
bool sealing_index_place(struct sealing *s, const char *place, size_t size, uint8_t out[SEAL_MARK_SIZE]);

/* ---- on the way out */

/* Opens what is sealed in a reply; what does not open becomes SEAL_UNREADABLE and is told to the log by record and
 * field. `record`: 16 bytes, for replies that tell of one record without naming it; or NULL. */
void sealing_open(struct sealing *s, ProtobufCMessage *reply, const uint8_t *record, struct arena *arena);
/* For the feed (mask_opener of feed/mask.h; `sealing` is the struct): opens what whoever sees a record may read, which
 * is its place. A key that another node made just now is read first: MASK_LATER, until the table was read again. */
enum mask_opened sealing_tell(void *sealing, const char *field, const uint8_t *record, const char *token, size_t size,
                              char *text);
/* Both values of what two people changed: of the kind that the request brings. */
void sealing_open_conflicts(struct sealing *s, Liandong__V1__Status *status, uint32_t request, const uint8_t *record,
                            struct arena *arena);
#endif
