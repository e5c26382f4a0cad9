#include "client/attach.h"
#include "client/call.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/language.h"
#include "client/print.h"
#include "client/request.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/digest.h"
#include "common/text.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 65536u /* of a file that is hashed */
#define HEX   (2 * DIGEST_SIZE + 1)

const struct flag attach_get_flag_rows[ATTACH_GET_FLAG_ROWS] = {
    {"out", 0, FLAG_TEXT, offsetof(struct attach_flags, out), N_("FILE"),
     N_("file that is made; its own name where not given")},
    {"force", 0, FLAG_SWITCH, offsetof(struct attach_flags, force), NULL, N_("replace a file that is there")},
};

struct attach {
    struct client *client;
    struct command *command;
    struct caller caller;
    struct arena answer; /* of the answer at hand */
    struct call_result result;
    int file;
    uint64_t size, done;
    uint8_t *chunk;
    const char *path;
};

static int file_failed(struct attach *a, const char *path) {
    const char *what =
        arena_printf(&a->client->arena, "%s: %s", value_clean(&a->client->arena, path, true), language_errno(errno));
    return client_fail(a->client, EXIT_CODE_FAILED, what ? what : "", NULL);
}

/* One request; its answer is valid until the next. NULL: said why, *code is the exit code. */
static const ProtobufCMessage *ask(struct attach *a, const char *request, ProtobufCMessage *body, int *code) {
    arena_reset(&a->answer);
    caller_call(&a->caller, schema_request(request), body, NULL, caller_deadline(&a->caller), &a->answer, &a->result);
    if (a->result.end == CALL_DONE) return a->result.reply;
    terminal_state_end(&a->client->terminal);
    if (a->result.end == CALL_UNKNOWN) a->result.end = CALL_UNREACHABLE; /* sent again, it goes on where it is */
    a->result.has_request_id = false;
    *code = failure_print(a->client, a->command, &a->result);
    return NULL;
}

/* ---- progress */

#define BAR 24u

static void show_progress(struct attach *a) {
    char bar[BAR + 1];
    size_t full = a->size ? (size_t)(a->done * BAR / a->size) : BAR;
    if (a->client->quiet) return;
    memset(bar, '.', BAR);
    memset(bar, '#', full);
    bar[BAR] = '\0';
    const char *line = arena_printf(&a->client->scratch, "[%s] %3u%%  %.1f / %.1f MiB", bar,
                                    (unsigned)(a->size ? a->done * 100 / a->size : 100), (double)a->done / 1048576,
                                    (double)a->size / 1048576);
    if (line) terminal_state(&a->client->terminal, line);
    arena_reset(&a->client->scratch);
}

/* ---- files */

const char *attach_clean_name(struct arena *arena, const char *name) {
    size_t size = strlen(name), length;
    char *out = arena_take(arena, size + 1);
    if (!out) return "attachment";
    size_t n = 0;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c = text_decode(name + i, size - i, &length);
        bool bad = c == UINT32_MAX || text_check(name + i, length, false, NULL) != TEXT_OK ||
                   (c < 128 && strchr("/\\:*?\"<>|", (int)c));
        if (bad || (n == 0 && c == '.')) {
            out[n++] = '_';
        } else {
            memcpy(out + n, name + i, length);
            n += length;
        }
    }
    out[text_cut(out, n, WIRE_STRING_MAX)] = '\0';
    return *out ? out : "attachment";
}

/* SHA-256 in hexadecimal of the first `size` bytes. False where the file has fewer, or errno says why. */
static bool hash_file(int file, uint64_t size, char hex[HEX]) {
    uint8_t piece[PIECE], digest[DIGEST_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    for (uint64_t at = 0; good && at < size;) {
        ssize_t n = pread(file, piece, size - at < PIECE ? (size_t)(size - at) : PIECE, (off_t)at);
        if (n == 0) errno = EIO;
        good = n > 0 && EVP_DigestUpdate(ctx, piece, (size_t)n);
        at += n > 0 ? (uint64_t)n : 0;
    }
    good = good && EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    if (good) text_hex(hex, digest, sizeof digest);
    return good;
}

static bool read_whole(int file, uint8_t *out, size_t size, uint64_t at) {
    for (size_t n = 0; n < size;) {
        ssize_t got = pread(file, out + n, size - n, (off_t)(at + n));
        if (got == 0) errno = EIO;
        if (got <= 0) return false;
        n += (size_t)got;
    }
    return true;
}
static bool write_whole(int file, const uint8_t *bytes, size_t size, uint64_t at) {
    for (size_t n = 0; n < size;) {
        ssize_t put = pwrite(file, bytes + n, size - n, (off_t)(at + n));
        if (put <= 0) return false;
        n += (size_t)put;
    }
    return true;
}

static const char *media_type(const char *name) {
    static const struct {
        const char *ending, *type;
    } types[] = {{"pdf", "application/pdf"}, {"jpg", "image/jpeg"},        {"jpeg", "image/jpeg"},
                 {"png", "image/png"},       {"heic", "image/heic"},       {"gif", "image/gif"},
                 {"tif", "image/tiff"},      {"tiff", "image/tiff"},       {"txt", "text/plain"},
                 {"csv", "text/csv"},        {"mp3", "audio/mpeg"},        {"m4a", "audio/mp4"},
                 {"mp4", "video/mp4"},       {"doc", "application/msword"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0) return types[i].type;
    return "application/octet-stream";
}

/* ---- add */

/* Fills what the person need not say. Exit code. */
static int look_at_file(struct attach *a, Liandong__V1__BeginAttachment *begin) {
    struct stat st;
    char hex[HEX];
    a->path = begin->name;
    a->file = open(a->path, O_RDONLY | O_CLOEXEC);
    if (a->file < 0 || fstat(a->file, &st) < 0) return file_failed(a, a->path);
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    if (!S_ISREG(st.st_mode)) return file_failed(a, a->path);
    a->size = (uint64_t)st.st_size;
    if (a->size == 0)
        return client_fail(a->client, EXIT_CODE_USAGE, _("the file is empty"), _("name a file that holds something"));
    if (!hash_file(a->file, a->size, hex)) return file_failed(a, a->path);
    const char *slash = strrchr(a->path, '/');
    begin->name = (char *)(uintptr_t)attach_clean_name(&a->client->arena, slash ? slash + 1 : a->path);
    begin->sha256 = arena_copy(&a->client->arena, hex, strlen(hex));
    begin->has_size = true;
    begin->size = a->size;
    if (!begin->media_type) begin->media_type = (char *)(uintptr_t)media_type(begin->name);
    return begin->sha256 ? EXIT_CODE_OK : client_fail(a->client, EXIT_CODE_FAILED, _("out of memory"), NULL);
}

/* From where the server says, until it has all. The last receipt stays in `answer`. */
static const ProtobufCMessage *send_all(struct attach *a, ProtobufCMessage *begin, int *code) {
    const ProtobufCMessage *reply = ask(a, "begin_attachment", begin, code);
    while (reply) {
        const Liandong__V1__AttachmentReceipt *r = (const Liandong__V1__AttachmentReceipt *)(const void *)reply;
        Liandong__V1__PutChunk put = LIANDONG__V1__PUT_CHUNK__INIT;
        a->done = r->offset;
        show_progress(a);
        if (r->complete || r->offset >= a->size || r->chunk == 0) return reply;
        size_t size = a->size - r->offset < r->chunk ? (size_t)(a->size - r->offset) : r->chunk;
        if (!a->chunk) a->chunk = malloc(r->chunk);
        if (!a->chunk || !read_whole(a->file, a->chunk, size, r->offset)) {
            *code = file_failed(a, a->path);
            return NULL;
        }
        put.has_attachment = put.has_offset = put.has_bytes = true;
        put.attachment = r->attachment;
        put.offset = r->offset;
        put.bytes = (ProtobufCBinaryData){size, a->chunk};
        reply = ask(a, "put_chunk", &put.base, code);
    }
    return NULL;
}

static int begin_work(struct attach *a) {
    int code = caller_open(&a->caller, a->client);
    if (code == EXIT_CODE_OK) arena_init(&a->answer, CLIENT_ARENA);
    return code;
}
static void end_work(struct attach *a) {
    terminal_state_end(&a->client->terminal);
    arena_free(&a->answer);
    caller_close(&a->caller);
    free(a->chunk);
}

int attach_add(struct client *client, struct command *command) {
    struct attach a = {.client = client, .command = command, .file = -1};
    Liandong__V1__BeginAttachment *begin = (Liandong__V1__BeginAttachment *)(void *)command->message;
    int code = begin->name ? look_at_file(&a, begin) : EXIT_CODE_OK;
    if (code == EXIT_CODE_OK) code = request_prepare(client, command);
    if (code == EXIT_CODE_OK && a.file < 0) code = look_at_file(&a, begin); /* it was asked for just now */
    if (code == EXIT_CODE_OK) code = begin_work(&a);
    if (code == EXIT_CODE_OK) {
        const ProtobufCMessage *receipt = send_all(&a, command->message, &code);
        terminal_state_end(&client->terminal);
        if (receipt && !print_answer(client, receipt, command->globals.fields)) code = EXIT_CODE_FAILED;
        if (!receipt && code == EXIT_CODE_NOT_FOUND && a.done > 0)
            client_warn(client, _("it was closed to you meanwhile; nothing was attached"));
        else if (!receipt && code != EXIT_CODE_USAGE && a.done > 0)
            client_say(client, _("next: %s"), _("the same command again: it goes on where it stopped"));
        end_work(&a);
    }
    if (a.file >= 0) close(a.file);
    return code;
}

/* ---- get */

/* What of an earlier try can be gone on from: whole chunks. */
static void keep_what_is_there(struct attach *a, uint32_t chunk) {
    struct stat st;
    if (fstat(a->file, &st) == 0 && st.st_size > 0) a->done = (uint64_t)st.st_size / chunk * chunk;
    if (a->done > a->size) a->done = 0;
}

static int receive_all(struct attach *a, uint64_t attachment) {
    int code = EXIT_CODE_OK;
    while (a->done < a->size) {
        Liandong__V1__GetChunk get = LIANDONG__V1__GET_CHUNK__INIT;
        get.has_attachment = get.has_offset = true;
        get.attachment = attachment;
        get.offset = a->done;
        show_progress(a);
        const ProtobufCMessage *reply = ask(a, "get_chunk", &get.base, &code);
        if (!reply) return code;
        const Liandong__V1__AttachmentChunk *c = (const Liandong__V1__AttachmentChunk *)(const void *)reply;
        if (c->bytes.len == 0 || c->offset != a->done)
            return client_fail(a->client, EXIT_CODE_FAILED, _("the server sent another part than was asked for"), NULL);
        if (!write_whole(a->file, c->bytes.data, c->bytes.len, a->done)) return file_failed(a, a->path);
        a->done += c->bytes.len;
    }
    show_progress(a);
    return EXIT_CODE_OK;
}

/* Under its own name, in the place of nothing unless that was said. */
static int put_in_place(struct attach *a, const char *part, bool force) {
    if (fsync(a->file) < 0) return file_failed(a, part);
    if (force ? rename(part, a->path) == 0 : link(part, a->path) == 0 && unlink(part) == 0) return EXIT_CODE_OK;
    return file_failed(a, a->path);
}

static int fetch(struct attach *a, const Liandong__V1__AttachmentRecord *r, bool force) {
    char hex[HEX];
    uint64_t number = r->attachment;
    uint32_t chunk = r->chunk;
    const char *sha256 = arena_copy(&a->client->arena, r->sha256, strlen(r->sha256));
    const char *part = arena_printf(&a->client->arena, "%s.%" PRIu64 ".part", a->path, number);
    if (!sha256 || !part || !chunk) return client_fail(a->client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    a->size = r->size;
    a->file = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (a->file < 0 || fchmod(a->file, 0600) < 0) return file_failed(a, part);
    keep_what_is_there(a, chunk);
    int code = ftruncate(a->file, (off_t)a->done) == 0 ? receive_all(a, number) : file_failed(a, part);
    if (code == EXIT_CODE_NOT_FOUND) { /* no longer for these eyes */
        unlink(part);
        client_warn(a->client, _("it was closed to you meanwhile; what had come of it was thrown away"));
    }
    if (code != EXIT_CODE_OK) return code;
    if (!hash_file(a->file, a->size, hex)) return file_failed(a, part);
    if (strcmp(hex, sha256) == 0) return put_in_place(a, part, force);
    unlink(part);
    return client_fail(a->client, EXIT_CODE_FAILED, _("what came has another SHA-256; it was thrown away"),
                       _("the same command again"));
}

int attach_get(struct client *client, struct command *command) {
    const struct attach_flags *flags = command->own;
    struct attach a = {.client = client, .command = command, .file = -1, .path = flags->out};
    int code = request_prepare(client, command);
    if (code == EXIT_CODE_OK) code = begin_work(&a);
    if (code != EXIT_CODE_OK) return code;
    const ProtobufCMessage *reply = ask(&a, "get_attachment", command->message, &code);
    if (reply) {
        const Liandong__V1__AttachmentRecord *r = (const Liandong__V1__AttachmentRecord *)(const void *)reply;
        if (!a.path || !*a.path) a.path = attach_clean_name(&client->arena, r->name ? r->name : "");
        errno = EEXIST;
        if (!flags->force && host_exists(a.path)) {
            file_failed(&a, a.path);
            client_warn(client, _("next: %s"), _("another name with --out FILE, or --force"));
            code = EXIT_CODE_FAILED;
        } else {
            code = fetch(&a, r, flags->force);
        }
        if (code == EXIT_CODE_OK)
            client_say(client, _("%s: %zu bytes, SHA-256 verified"), value_clean(&client->arena, a.path, true),
                       (size_t)a.size);
    }
    end_work(&a);
    if (a.file >= 0) close(a.file);
    return code;
}
