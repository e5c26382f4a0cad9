/* `audit verify` and `audit witness`: everything that was ever signed, against the server and against what a witness in
 * another office has kept. */
#include "client/failure.h"
#include "client/heads.h"
#include "client/host.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/print.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/text.h"
#include <errno.h>
#include <openssl/sha.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  (256u << 20)
#define HEADER    "liandong-witness 1 "
#define PAGE      500u
#define EVERY_S   20u
#define LINE_SIZE (SIGN_LINE_SIZE + 2 * SIGN_SIZE + 2)

const struct flag witness_flag_rows[WITNESS_FLAG_ROWS] = {
    {"sign-key", 0, FLAG_TEXT, offsetof(struct witness_flags, key), N_("FILE"),
     N_("the witness's own signing key; made where it is not there; FILE.key where not given")},
    {"once", 0, FLAG_SWITCH, offsetof(struct witness_flags, once), NULL, N_("look once and end")},
    {"every", 0, FLAG_COUNT, offsetof(struct witness_flags, every), N_("NUMBER"), N_("look every so many seconds")},
};
const struct flag audit_verify_flag_rows[AUDIT_VERIFY_FLAG_ROWS] = {
    {"witness", 0, FLAG_TEXT, offsetof(struct witness_flags, witness), N_("FILE"),
     N_("compare with what a witness has kept")},
};

/* ---- the file */

/* What a witness signs: the counter-signature before it and the head's line. */
static size_t counter_text(char out[LINE_SIZE + 64], const char *last, const char *line) {
    return (size_t)snprintf(out, LINE_SIZE + 64, "liandong witness 1\n%s\n%s\n", last, line);
}

static bool take_line(struct witness_file *w, const char *line, size_t size) {
    char text[LINE_SIZE + 64], head[SIGN_LINE_SIZE];
    uint8_t signature[SIGN_SIZE];
    size_t cut = size;
    while (cut > 0 && line[cut - 1] != ' ') cut--;
    if (cut < 2 || cut > sizeof head || !text_unhex(signature, SIGN_SIZE, line + cut, size - cut)) return false;
    snprintf(head, sizeof head, "%.*s", (int)(cut - 1), line);
    struct sign_head *h = &w->heads[w->count];
    if (!sign_parse(h, head, cut - 1) || (w->count && heads_fault(h - 1, h)) || !sign_good(h)) return false;
    if (!sign_bytes_good(w->key, text, counter_text(text, w->last, head), signature)) return false;
    text_hex(w->last, signature, SIGN_SIZE);
    w->count++;
    return true;
}

bool witness_read(struct witness_file *w, const char *path, struct arena *arena, const char **error) {
    size_t size = 0, lines = 0, number = 1, header = strlen(HEADER);
    *w = (struct witness_file){.count = 0};
    char *text = host_read_file(path, FILE_MAX, &size);
    if (!text && errno == ENOENT) return true;
    if (!text) {
        *error = arena_printf(arena, _("can't read %s: %s"), path, language_errno(errno));
        return false;
    }
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    const char *end = memchr(text, '\n', size);
    bool good = end && (size_t)(end - text) > header && memcmp(text, HEADER, header) == 0 &&
                text_unhex(w->key, SIGN_HASH, text + header, (size_t)(end - text) - header) && text[size - 1] == '\n';
    w->heads = good ? arena_take(arena, (lines + 1) * sizeof *w->heads) : NULL;
    good = good && w->heads;
    for (const char *at = good ? end + 1 : text; good && at < text + size; at = end + 1, number++) {
        end = memchr(at, '\n', (size_t)(text + size - at));
        good = end && take_line(w, at, (size_t)(end - at));
    }
    free(text);
    if (!good) *error = arena_printf(arena, _("the witness's file %s was changed, at line %zu"), path, number);
    return good;
}

/* ---- asking */

static const ProtobufCMessage *ask(struct caller *c, const char *request, ProtobufCMessage *body, struct arena *arena,
                                   struct command *command, int *code) {
    struct call_result result;
    caller_call(c, schema_request(request), body, NULL, caller_deadline(c), arena, &result);
    if (result.end == CALL_DONE) return result.reply;
    *code = failure_print(c->client, command, &result);
    return NULL;
}

static int broken(struct client *client, uint64_t n, const char *what) {
    const char *whole = arena_printf(&client->arena, _("signed head %llu: %s"), (unsigned long long)n, what);
    return client_fail(
        client, EXIT_CODE_FAILED, whole ? whole : what,
        _("leave everything as it is and call the administrator: the server's log and a backup show what was changed"));
}

/* Every head after `last`, in order, checked against the one before. `each` NULL: only checked. *last becomes the
 * newest. */
static int walk(struct caller *c, struct command *command, struct sign_head *last, uint64_t upto,
                int (*each)(void *arg, const struct sign_head *head), void *arg) {
    struct client *client = c->client;
    for (;;) {
        Liandong__V1__ListHeads body = LIANDONG__V1__LIST_HEADS__INIT;
        int code = EXIT_CODE_OK;
        body.has_after = body.has_limit = true;
        body.after = last->n;
        body.limit = PAGE;
        arena_reset(&client->scratch);
        const ProtobufCMessage *reply = ask(c, "list_heads", &body.base, &client->scratch, command, &code);
        if (!reply) return code;
        const Liandong__V1__HeadPage *page = (const Liandong__V1__HeadPage *)(const void *)reply;
        for (size_t i = 0; i < page->n_heads; i++) {
            struct sign_head next;
            uint8_t first[SIGN_HASH];
            if (!heads_read(&next, page->heads[i])) return broken(client, last->n + 1, _("it can't be read"));
            if (next.n > upto) return EXIT_CODE_OK;
            const char *fault = next.n != last->n + 1 ? _("it is missing") : heads_fault(last, &next);
            sign_link(NULL, first);
            if (!fault && !last->n && memcmp(first, next.previous, SIGN_HASH) != 0)
                fault = _("a head does not follow the one seen before");
            if (fault) return broken(client, last->n + 1, fault);
            if (each && (code = each(arg, &next)) != EXIT_CODE_OK) return code;
            *last = next;
        }
        if (page->n_heads < PAGE) return EXIT_CODE_OK;
    }
}

/* ---- audit verify */

struct comparison {
    struct client *client;
    const struct witness_file *witness;
};

static int compare(void *arg, const struct sign_head *head) {
    const struct comparison *c = arg;
    if (head->n > c->witness->count) return EXIT_CODE_OK;
    const struct sign_head *kept = &c->witness->heads[head->n - 1];
    const char *fault = heads_fault(kept, head);
    return fault ? broken(c->client, head->n, fault) : EXIT_CODE_OK;
}

/* The verdict's own heads must be those that the newest signature names, where nothing happened since. */
static int verify(struct caller *c, struct command *command, const struct witness_file *witness) {
    struct client *client = c->client;
    struct sign_head last = {0};
    struct comparison comparison = {client, witness};
    Liandong__V1__VerifyAudit body = LIANDONG__V1__VERIFY_AUDIT__INIT;
    int code = EXIT_CODE_OK;
    const ProtobufCMessage *reply = ask(c, "verify_audit", &body.base, &client->arena, command, &code);
    if (!reply) return code;
    const Liandong__V1__AuditVerdict *verdict = (const Liandong__V1__AuditVerdict *)(const void *)reply;
    if (!print_answer(client, reply, command->globals.fields))
        return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    client_flush(client);
    code = walk(c, command, &last, UINT64_MAX, compare, &comparison);
    if (code != EXIT_CODE_OK) return code;
    if (last.n < witness->count) return broken(client, last.n + 1, _("the witness has it, the server does not"));
    if (verdict->feed_checked < last.feed_seq || verdict->audit_checked < last.audit_seq || !verdict->intact)
        return client_fail(client, EXIT_CODE_FAILED, _("the records, the record of changes or the audit is NOT intact"),
                           _("leave everything as it is and call the administrator: the server's log and a backup show "
                             "what was changed"));
    client_say(client, _("%llu signed heads checked, %zu of them against the witness"), (unsigned long long)last.n,
               witness->count);
    return EXIT_CODE_OK;
}

int audit_verify_run(struct client *client, struct command *command) {
    const struct witness_flags *flags = command->own;
    struct witness_file witness = {.count = 0};
    struct caller caller;
    const char *error = "";
    if (flags->witness && !witness_read(&witness, flags->witness, &client->arena, &error))
        return client_fail(client, EXIT_CODE_FAILED, error, NULL);
    if (flags->witness && !witness.count)
        return client_fail(client, EXIT_CODE_USAGE, _("the witness's file holds no heads"), NULL);
    int code = caller_open(&caller, client);
    if (code == EXIT_CODE_OK) code = verify(&caller, command, &witness);
    caller_close(&caller);
    return code;
}

/* ---- audit witness */

struct witness {
    struct client *client;
    struct command *command;
    struct sign_key *key;
    const char *path;
    struct witness_file file;
    struct sign_head last, fresh[PAGE];
    size_t fresh_count;
};

/* The chains, recomputed by the server from what was kept here to the newest head, must come to what that one says. */
static int prove(struct witness *w, struct caller *c, const struct sign_head *upto) {
    Liandong__V1__ProveHeads body = LIANDONG__V1__PROVE_HEADS__INIT;
    struct sign_head from = w->last;
    int code = EXIT_CODE_OK;
    if (!from.n) {
        SHA256((const uint8_t *)"liandong feed", strlen("liandong feed"), from.feed_hash);
        SHA256((const uint8_t *)"liandong audit", strlen("liandong audit"), from.audit_hash);
    }
    body.has_feed_seq = body.has_feed_hash = body.has_audit_seq = body.has_audit_hash = body.has_n = true;
    body.feed_seq = from.feed_seq;
    body.audit_seq = from.audit_seq;
    body.feed_hash = (ProtobufCBinaryData){SIGN_HASH, from.feed_hash};
    body.audit_hash = (ProtobufCBinaryData){SIGN_HASH, from.audit_hash};
    body.n = upto->n;
    const ProtobufCMessage *reply = ask(c, "prove_heads", &body.base, &w->client->scratch, w->command, &code);
    if (!reply) return code;
    const Liandong__V1__HeadProof *proof = (const Liandong__V1__HeadProof *)(const void *)reply;
    bool good = proof->feed_hash.len == SIGN_HASH && proof->audit_hash.len == SIGN_HASH &&
                memcmp(proof->feed_hash.data, upto->feed_hash, SIGN_HASH) == 0 &&
                memcmp(proof->audit_hash.data, upto->audit_hash, SIGN_HASH) == 0;
    return good ? EXIT_CODE_OK : broken(w->client, upto->n, _("the chains did not grow from the head kept here"));
}

static int collect(void *arg, const struct sign_head *head) {
    struct witness *w = arg;
    if (w->fresh_count < PAGE) w->fresh[w->fresh_count++] = *head;
    return EXIT_CODE_OK;
}

static bool append(struct witness *w) {
    char header[sizeof HEADER + 2 * SIGN_HASH + 1] = "", hex[2 * SIGN_HASH + 1];
    uint8_t key[SIGN_HASH], signature[SIGN_SIZE];
    sign_key_public(w->key, key);
    text_hex(hex, key, SIGN_HASH);
    if (!w->last.n) snprintf(header, sizeof header, HEADER "%s\n", hex);
    size_t room = strlen(header) + w->fresh_count * LINE_SIZE + 1, used;
    char *text = malloc(room);
    if (!text) return false;
    used = (size_t)snprintf(text, room, "%s", header);
    for (size_t i = 0; i < w->fresh_count; i++) {
        char line[SIGN_LINE_SIZE], signs[LINE_SIZE + 64];
        sign_print(&w->fresh[i], line);
        if (!sign_bytes(w->key, signs, counter_text(signs, w->file.last, line), signature)) break;
        text_hex(w->file.last, signature, SIGN_SIZE);
        used += (size_t)snprintf(text + used, room - used, "%s %s\n", line, w->file.last);
    }
    bool good = host_append_file(w->path, text, used);
    free(text);
    if (good) w->last = w->fresh[w->fresh_count - 1];
    return good;
}

static int look(struct witness *w, struct caller *c) {
    for (;;) {
        struct sign_head from = w->last;
        int code = EXIT_CODE_OK;
        w->fresh_count = 0;
        if (from.n) { /* is the last one still there, as it was? */
            struct sign_head before = {.n = from.n - 1}, again = before;
            Liandong__V1__ListHeads body = LIANDONG__V1__LIST_HEADS__INIT;
            body.has_after = body.has_limit = true;
            body.after = before.n;
            body.limit = 1;
            const ProtobufCMessage *reply = ask(c, "list_heads", &body.base, &w->client->scratch, w->command, &code);
            if (!reply) return code;
            const Liandong__V1__HeadPage *page = (const Liandong__V1__HeadPage *)(const void *)reply;
            if (page->n_heads != 1 || !heads_read(&again, page->heads[0]) || again.n != from.n)
                return broken(w->client, from.n, _("the witness has it, the server does not"));
            const char *fault = heads_fault(&from, &again);
            if (fault) return broken(w->client, from.n, fault);
        }
        code = walk(c, w->command, &from, w->last.n + PAGE, collect, w);
        if (code != EXIT_CODE_OK || !w->fresh_count) return code;
        code = prove(w, c, &w->fresh[w->fresh_count - 1]);
        if (code != EXIT_CODE_OK) return code;
        if (!append(w)) {
            const char *why = arena_printf(&w->client->arena, _("can't write %s: %s"), w->path, language_errno(errno));
            return client_fail(w->client, EXIT_CODE_FAILED, why ? why : "", NULL);
        }
        client_say(w->client, _("kept up to signed head %llu"), (unsigned long long)w->last.n);
        if (w->fresh_count < PAGE) return EXIT_CODE_OK;
    }
}

static int open_witness(struct witness *w, const struct witness_flags *flags) {
    char error[512];
    uint8_t key[SIGN_HASH];
    const char *why = "";
    const char *file = flags->key ? flags->key : arena_printf(&w->client->arena, "%s.key", w->path);
    if (!file) return client_fail(w->client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    if ((!host_exists(file) && !sign_key_make(file, error, sizeof error)) ||
        !(w->key = sign_key_read(file, error, sizeof error)))
        return client_fail(w->client, EXIT_CODE_FAILED, error, NULL);
    if (!witness_read(&w->file, w->path, &w->client->arena, &why))
        return client_fail(w->client, EXIT_CODE_FAILED, why, NULL);
    sign_key_public(w->key, key);
    if (w->file.count && memcmp(key, w->file.key, SIGN_HASH) != 0)
        return client_fail(w->client, EXIT_CODE_FAILED, _("the witness's file was begun with another signing key"),
                           NULL);
    if (w->file.count) w->last = w->file.heads[w->file.count - 1];
    return EXIT_CODE_OK;
}

int audit_witness_run(struct client *client, struct command *command) {
    const struct witness_flags *flags = command->own;
    struct caller caller = {.client = NULL};
    if (command->word_count != 1)
        return client_fail(client, EXIT_CODE_USAGE, _("one file is needed, to keep the heads in"),
                           "liandong audit witness --help");
    struct witness *w = calloc(1, sizeof *w);
    if (!w) return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    w->client = client;
    w->command = command;
    w->path = command->words[0];
    int code = open_witness(w, flags);
    if (code == EXIT_CODE_OK) code = caller_open(&caller, client);
    while (code == EXIT_CODE_OK) {
        code = look(w, &caller);
        if (flags->once || !host_wait_ms(1000u * (flags->every ? flags->every : EVERY_S))) break;
        if (code != EXIT_CODE_OK) code = EXIT_CODE_OK; /* said; a witness goes on looking */
        arena_reset(&client->scratch);
    }
    if (caller.client) caller_close(&caller);
    sign_key_free(w->key);
    free(w);
    return code;
}
