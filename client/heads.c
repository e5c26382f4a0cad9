#include "client/heads.h"
#include "client/host.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/text.h"
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "liandong-head 1 "

static bool take(uint8_t *out, size_t size, protobuf_c_boolean has, ProtobufCBinaryData from) {
    if (!has || from.len != size) return false;
    memcpy(out, from.data, size);
    return true;
}

bool heads_read(struct sign_head *h, const Liandong__V1__SignedHead *m) {
    *h = (struct sign_head){.n = m->n, .at = m->at, .feed_seq = m->feed_seq, .audit_seq = m->audit_seq};
    if (!m->node || strlen(m->node) >= sizeof h->node || !m->n) return false;
    snprintf(h->node, sizeof h->node, "%s", m->node);
    return take(h->feed_hash, SIGN_HASH, m->has_feed_hash, m->feed_hash) &&
           take(h->audit_hash, SIGN_HASH, m->has_audit_hash, m->audit_hash) &&
           take(h->previous, SIGN_HASH, m->has_previous, m->previous) && take(h->key, SIGN_HASH, m->has_key, m->key) &&
           take(h->signature, SIGN_SIZE, m->has_signature, m->signature);
}

static bool same(const struct sign_head *a, const struct sign_head *b) {
    char left[SIGN_LINE_SIZE], right[SIGN_LINE_SIZE];
    sign_print(a, left);
    sign_print(b, right);
    return strcmp(left, right) == 0;
}

const char *heads_fault(const struct sign_head *before, const struct sign_head *next) {
    uint8_t link[SIGN_HASH];
    if (!sign_good(next)) return _("the signature of a head is bad");
    if (!before->n) return NULL;
    if (memcmp(before->key, next->key, SIGN_HASH) != 0) return _("a head is signed by another key");
    if (next->n < before->n) return _("the server's newest head is older than the one seen before");
    if (next->n == before->n && !same(before, next)) return _("a head that was seen before has changed");
    if (next->feed_seq < before->feed_seq || next->audit_seq < before->audit_seq)
        return _("the record of changes or the audit has become shorter");
    if ((next->feed_seq == before->feed_seq && memcmp(next->feed_hash, before->feed_hash, SIGN_HASH) != 0) ||
        (next->audit_seq == before->audit_seq && memcmp(next->audit_hash, before->audit_hash, SIGN_HASH) != 0))
        return _("a head that was seen before has changed");
    sign_link(before, link);
    if (next->n == before->n + 1 && memcmp(link, next->previous, SIGN_HASH) != 0)
        return _("a head does not follow the one seen before");
    return NULL;
}

/* ---- what this terminal keeps */

static bool kept_path(char *out, size_t room, const struct caller *c) {
    char folder[HOST_PATH], name[2 * 12 + 1];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const char *servers = c->client->options.server;
    if (!host_state_folder(folder, sizeof folder)) return false;
    SHA256((const uint8_t *)servers, strlen(servers), digest);
    text_hex(name, digest, 12);
    int size = snprintf(out, room, "%s/heads/%s.%s", folder, c->client->profile, name);
    return size > 0 && (size_t)size < room;
}

/* n 0 where nothing is kept. False: it is there and says nothing that can be read. */
static bool load_kept(const char *path, struct sign_head *out) {
    size_t size = 0;
    *out = (struct sign_head){0};
    char *text = host_read_file(path, 4096, &size);
    if (!text) return errno == ENOENT || errno == ENOTDIR;
    size_t header = strlen(HEADER);
    bool good = size > header && memcmp(text, HEADER, header) == 0 && text[size - 1] == '\n' &&
                sign_parse(out, text + header, size - header - 1);
    free(text);
    return good;
}

static bool keep(const char *path, const struct sign_head *head) {
    char line[SIGN_LINE_SIZE], text[SIGN_LINE_SIZE + sizeof HEADER + 1];
    sign_print(head, line);
    int size = snprintf(text, sizeof text, HEADER "%s\n", line);
    return host_replace_file(path, text, (size_t)size);
}

/* The server's head `n`. False: it has none, or there was no answer (then *asked is false). */
static bool ask_head(struct caller *c, uint64_t n, uint64_t deadline_us, struct sign_head *out, bool *asked) {
    Liandong__V1__ListHeads body = LIANDONG__V1__LIST_HEADS__INIT;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    struct link_error error;
    body.has_after = body.has_limit = true;
    body.after = n - 1;
    body.limit = 1;
    message.has_call = true;
    message.call = c->link.next_call++;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_LIST_HEADS;
    message.list_heads = &body;
    *asked = false;
    if (!link_send(&c->link, &message, deadline_us, &error)) return false;
    const Liandong__V1__ToClient *reply = link_receive(&c->link, &c->client->arena, deadline_us, &error);
    if (!reply || reply->call != message.call || reply->body_case != LIANDONG__V1__TO_CLIENT__BODY_LIST_HEADS)
        return false;
    *asked = true;
    return reply->list_heads->n_heads == 1 && heads_read(out, reply->list_heads->heads[0]) && out->n == n;
}

static bool raise_alarm(struct caller *c, const char *path, const char *why) {
    c->client->tampered = true;
    client_warn(c->client, _("WARNING: the server's history does not agree with what this terminal has seen: %s"), why);
    client_warn(
        c->client,
        _("somebody may have rewritten the database, or an old copy was restored. Don't go on; call the auditor "
          "(liandong audit verify). What was seen before is kept in %s"),
        path);
    return false;
}

/* Nodes tell of a new head within a second of each other, so an older one alone is no fault: then, and where heads were
 * skipped, the server must still have the one that was kept. */
bool heads_greet(struct caller *c, uint64_t deadline_us) {
    char path[HOST_PATH];
    struct sign_head kept, told, again;
    bool asked;
    const Liandong__V1__SignedHead *m = c->link.hello ? c->link.hello->head : NULL;
    if (!kept_path(path, sizeof path, c)) return true;
    if (!load_kept(path, &kept)) {
        client_warn(c->client, _("%s is damaged; it is left as it is, and heads are not compared"), path);
        return true;
    }
    if (!m) return !kept.n || raise_alarm(c, path, _("the server tells no signed head any more"));
    if (!heads_read(&told, m)) return raise_alarm(c, path, _("the signature of a head is bad"));
    const char *fault =
        told.n < kept.n ? (sign_good(&told) ? NULL : _("the signature of a head is bad")) : heads_fault(&kept, &told);
    if (fault) return raise_alarm(c, path, fault);
    if (kept.n && (told.n < kept.n || told.n > kept.n + 1)) {
        if (!ask_head(c, kept.n, deadline_us, &again, &asked))
            return !asked || raise_alarm(c, path, _("the server no longer has the head seen before"));
        fault = heads_fault(&kept, &again);
        if (fault) return raise_alarm(c, path, fault);
    }
    if (told.n > kept.n && !keep(path, &told))
        client_warn(c->client, _("can't keep the signed head in %s: %s"), path, language_errno(errno));
    return true;
}
