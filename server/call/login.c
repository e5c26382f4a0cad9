#include "call/login.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/uuid.h"
#include "db/contract.h"
#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* One turn at the pool, in the call's arena. */
struct attempt {
    uv_work_t work;
    struct call *call;
    const char *password, *new_password; /* the message's; NULL: none */
    bool known;
    uint8_t secret[SECRET_SIZE];
    size_t secret_size;
    bool fits, made; /* the answers */
    uint8_t new_secret[SECRET_SIZE], code_hash[SECRET_TOKEN_SIZE];
    uint8_t token[SECRET_TOKEN_SIZE], token_hash[SECRET_TOKEN_SIZE], login[UUID_SIZE];
    void (*then)(struct call *c, struct attempt *a);
};

static struct call *call_of_read(struct read *r) {
    return (struct call *)(void *)((char *)r - offsetof(struct call, read));
}
static struct call *call_of_write(struct write *w) {
    return (struct call *)(void *)((char *)w - offsetof(struct call, write));
}

/* ---- parameters by hand, in the order of the statement's text */

static void bind_bytes(struct call *c, const struct statement *s, struct binding *b, const char *name,
                       const void *value, size_t size) {
    int i = statement_param(s, name);
    if (i < 0) return; /* the contract says that it is there */
    b->values[i] = value ? arena_copy(&c->arena, value, size) : NULL;
    b->lengths[i] = (int)size;
}
static void bind_text(struct call *c, const struct statement *s, struct binding *b, const char *name,
                      const char *value) {
    bind_bytes(c, s, b, name, value, value ? strlen(value) : 0);
}
static void bind_bool(struct call *c, const struct statement *s, struct binding *b, const char *name, bool value) {
    bind_bytes(c, s, b, name, value ? "\1" : "\0", 1);
}
static void bind_number(struct call *c, const struct statement *s, struct binding *b, const char *name, int64_t value) {
    int i = statement_param(s, name);
    if (i < 0) return;
    bool wide = s->param_types[i] == TYPE_INT8;
    b->values[i] = wide ? mapping_int8(&c->arena, value) : mapping_int4(&c->arena, (int32_t)value);
    b->lengths[i] = wide ? 8 : 4;
}
static bool make_binding(struct call *c, const struct statement *s, struct binding *b) {
    size_t n = (size_t)s->params_count + 1;
    b->values = arena_zero(&c->arena, n * sizeof *b->values);
    b->lengths = arena_zero(&c->arena, n * sizeof *b->lengths);
    return b->values && b->lengths;
}

/* Asks the database for the server's own purposes. False: it was refused. */
static bool ask(struct call *c, const struct statement *s,
                void (*done)(struct read *, const PGresult *, const char *)) {
    c->read.statement = s;
    c->read.caller = (struct caller){.device = c->session->device};
    c->read.timeout_ms = 10000;
    c->read.done = done;
    c->waits = readers_submit(c->core->readers, &c->read);
    if (!c->waits) call_refuse(c, readers_are_ready(c->core->readers) ? "QUEUE_FULL" : "DATABASE_AWAY", NULL);
    return c->waits;
}

/* The wait is over. False: nobody is there any more, and the call has ended. */
static bool resumed(struct call *c) {
    c->waits = false;
    if (c->session) return true;
    call_end_silently(c);
    return false;
}

/* ---- the pool */

static void wipe(const char *text) {
    if (text) secret_wipe((char *)(uintptr_t)text, strlen(text));
}

static void on_work(uv_work_t *work) {
    struct attempt *a = work->data;
    a->fits = a->password && secret_fits(a->known ? a->secret : NULL, a->secret_size, a->password);
    a->made = a->new_password && (a->fits || !a->password) && secret_make(a->new_secret, a->new_password);
    secret_wipe(a->secret, sizeof a->secret);
}

static void on_worked(uv_work_t *work, int status) {
    struct attempt *a = work->data;
    struct call *c = a->call;
    struct core *core = c->core;
    wipe(a->password);
    wipe(a->new_password);
    if (resumed(c)) {
        if (status != 0 || (a->new_password && !a->made && (a->fits || !a->password)))
            call_refuse(c, "NO_MEMORY", NULL);
        else
            a->then(c, a);
    }
    core->working--;
    core_work_over(core);
}

static void on_secret(struct read *r, const PGresult *result, const char *fault) {
    struct call *c = call_of_read(r);
    struct attempt *a = c->attempt;
    if (!resumed(c)) return;
    if (fault || PQntuples(result) != 1) {
        call_refuse(c, fault ? fault : "INTERNAL", NULL);
        return;
    }
    a->secret_size = (size_t)PQgetlength(result, 0, 0);
    a->known = !PQgetisnull(result, 0, 0) && a->secret_size == sizeof a->secret;
    if (a->known) memcpy(a->secret, PQgetvalue(result, 0, 0), sizeof a->secret);
    if (a->new_password &&
        text_count(a->new_password, strlen(a->new_password)) < (size_t)mapping_get_int4(result, 0, 1)) {
        call_refuse(c, "WEAK_PASSWORD", arena_printf(&c->arena, "%s.new_password", c->field->name));
        return;
    }
    if (c->core->working >= LOGIN_WORK_MOST) {
        call_refuse(c, "QUEUE_FULL", NULL);
        return;
    }
    a->work.data = a;
    c->core->working++;
    c->waits = true;
    uv_queue_work(c->core->loop, &a->work, on_work, on_worked);
}

/* Reads the secret, then does the work, then `then`. account by code or, with NULL, by id. */
static void attempt(struct call *c, const char *account, int64_t id, const char *password, const char *new_password,
                    void (*then)(struct call *, struct attempt *)) {
    const struct statement *s = core_find_statement(c->core, "_login_secret");
    struct attempt *a = arena_zero(&c->arena, sizeof *a);
    if (!a || !make_binding(c, s, &c->read.binding)) {
        call_refuse(c, "TOO_LARGE", NULL);
        return;
    }
    a->call = c;
    a->password = password;
    a->new_password = new_password;
    a->then = then;
    c->attempt = a;
    bind_text(c, s, &c->read.binding, "account", account);
    bind_number(c, s, &c->read.binding, "id", id);
    ask(c, s, on_secret);
}

/* Writes what came of it: one member of a commit group. */
static void settle(struct call *c, struct plan *plan,
                   void (*done)(struct write *, const PGresult *, int, const char *)) {
    c->write.plan = plan;
    c->write.caller = (struct caller){.office = c->session->actor.office,
                                      .device = c->session->device,
                                      .role = c->session->actor.role,
                                      .account = c->session->actor.account,
                                      .login = c->session->actor.account ? c->session->actor.login : NULL};
    c->write.done = done;
    c->waits = !c->core->draining && writer_submit(c->core->writer, &c->write);
    if (!c->waits) call_refuse(c, c->core->draining ? "DRAINING" : "QUEUE_FULL", NULL);
}

/* ---- login */

enum {
    OUTCOME,
    REASON,
    FIELD,
    ACCOUNT,
    OFFICE,
    SYSTEM,
    ROLE,
    CODE,
    OFFICE_NAME,
    OFFICER,
    ENDS_AT,
    IDLE,
    BEGIN_COLUMNS
};

static void copy_text(char *out, size_t room, const PGresult *r, int row, int column) {
    size_t n = text_cut(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column), room - 1);
    memcpy(out, PQgetvalue(r, row, column), n);
    out[n] = '\0';
}

/* Columns of _login_begin and _login_resume from `first` on: account … officer, in this order. */
static void read_actor(struct actor *a, const PGresult *r, int row, int first, const uint8_t *login) {
    a->account = mapping_get_int8(r, row, first);
    a->office = mapping_get_int4(r, row, first + 1);
    a->system = mapping_get_int2(r, row, first + 2);
    a->role = mapping_get_int2(r, row, first + 3);
    copy_text(a->office_code, sizeof a->office_code, r, row, first + 4);
    copy_text(a->office_name, sizeof a->office_name, r, row, first + 5);
    copy_text(a->officer, sizeof a->officer, r, row, first + 6);
    memcpy(a->login, login, sizeof a->login);
}

static void answer_login(struct call *c, const struct attempt *a, const PGresult *r, int row) {
    Liandong__V1__LoginReply reply = LIANDONG__V1__LOGIN_REPLY__INIT;
    struct actor *actor = &c->session->actor;
    read_actor(actor, r, row, ACCOUNT, a->login);
    reply.has_token = reply.has_login = reply.has_system = reply.has_role = reply.has_ends_at = reply.has_idle_minutes =
        true;
    reply.token = (ProtobufCBinaryData){sizeof a->token, (uint8_t *)(uintptr_t)a->token};
    reply.login = (ProtobufCBinaryData){sizeof a->login, (uint8_t *)(uintptr_t)a->login};
    reply.office_code = actor->office_code;
    reply.office_name = actor->office_name;
    reply.system = (Liandong__V1__System)actor->system;
    reply.officer = actor->officer;
    reply.role = (Liandong__V1__Role)actor->role;
    reply.ends_at = mapping_get_time(r, row, ENDS_AT);
    reply.idle_minutes = (uint32_t)mapping_get_int4(r, row, IDLE);
    log_event(LOG_INFO, "login", log_int("conn", (int64_t)c->session->id), log_int("account", actor->account),
              log_str("office", actor->office_code), log_int("device", c->session->device));
    call_answer(c, &reply.base);
}

/* A refusal that the database decided. */
static void refuse_row(struct call *c, const PGresult *r, int row) {
    const char *reason = PQgetisnull(r, row, REASON) ? "INTERNAL" : PQgetvalue(r, row, REASON);
    const char *field =
        PQgetisnull(r, row, FIELD) ? NULL : arena_printf(&c->arena, "%s.%s", c->field->name, PQgetvalue(r, row, FIELD));
    log_event(LOG_WARN, "login.refused", log_int("conn", (int64_t)c->session->id),
              log_int("device", c->session->device), log_str("reason", reason),
              log_str("address", c->session->address));
    call_refuse(c, reason, field);
}

static bool went_well(const PGresult *r, int row) { return strcmp(PQgetvalue(r, row, OUTCOME), "done") == 0; }

static void on_begun(struct write *w, const PGresult *r, int row, const char *fault) {
    struct call *c = call_of_write(w);
    if (!resumed(c)) return; /* the login that nobody heard of has no token anywhere: it ends by itself */
    if (fault)
        call_refuse(c, fault, NULL);
    else if (went_well(r, row))
        answer_login(c, c->attempt, r, row);
    else
        refuse_row(c, r, row);
}

static void begin_login(struct call *c, struct attempt *a) {
    const Liandong__V1__Login *m = c->envelope->login;
    const struct statement *s = c->core->login_begin.statement;
    struct binding *b = &c->write.binding;
    if (!make_binding(c, s, b) || !secret_random(a->token, sizeof a->token) || !uuid_make(a->login)) {
        call_refuse(c, "NO_MEMORY", NULL);
        return;
    }
    secret_hash(a->token_hash, a->token, sizeof a->token);
    bind_text(c, s, b, "account", m->account);
    bind_bool(c, s, b, "fits", a->fits);
    if (m->code) {
        secret_hash(a->code_hash, m->code, strlen(m->code));
        bind_bytes(c, s, b, "code_hash", a->code_hash, sizeof a->code_hash);
    }
    if (a->made) bind_bytes(c, s, b, "new_secret", a->new_secret, sizeof a->new_secret);
    bind_bytes(c, s, b, "token_hash", a->token_hash, sizeof a->token_hash);
    bind_number(c, s, b, "device", c->session->device);
    bind_bytes(c, s, b, "login", a->login, sizeof a->login);
    bind_text(c, s, b, "office", m->office);
    bind_number(c, s, b, "role", m->has_role ? m->role : 0);
    settle(c, &c->core->login_begin, on_begun);
}

void local_login(struct call *c) {
    const Liandong__V1__Login *m = c->envelope->login;
    const char *missing = !m->account                   ? "login.account"
                          : m->code && !m->new_password ? "login.new_password"
                          : !m->code && !m->password    ? "login.password"
                                                        : NULL;
    if (missing)
        call_refuse(c, "REQUIRED", missing);
    else if (c->session->watcher)
        call_refuse(c, "ALREADY_WATCHING", NULL);
    else
        attempt(c, m->account, 0, m->code ? NULL : m->password, m->code ? m->new_password : NULL, begin_login);
}

/* ---- change_password */

static void on_password_set(struct write *w, const PGresult *r, int row, const char *fault) {
    struct call *c = call_of_write(w);
    Liandong__V1__ChangePasswordReply reply = LIANDONG__V1__CHANGE_PASSWORD_REPLY__INIT;
    if (!resumed(c)) return;
    if (fault)
        call_refuse(c, fault, NULL);
    else if (went_well(r, row))
        call_answer(c, &reply.base);
    else
        refuse_row(c, r, row);
}

static void set_password(struct call *c, struct attempt *a) {
    const struct statement *s = c->core->login_password.statement;
    struct binding *b = &c->write.binding;
    if (!make_binding(c, s, b)) {
        call_refuse(c, "NO_MEMORY", NULL);
        return;
    }
    bind_bool(c, s, b, "fits", a->fits && a->made);
    bind_bytes(c, s, b, "new_secret", a->made ? a->new_secret : NULL, sizeof a->new_secret);
    settle(c, &c->core->login_password, on_password_set);
}

void local_change_password(struct call *c) {
    const Liandong__V1__ChangePassword *m = c->envelope->change_password;
    if (!m->password || !m->new_password)
        call_refuse(c, "REQUIRED", m->password ? "change_password.new_password" : "change_password.password");
    else if (!c->session->actor.account)
        call_refuse(c, "LOGIN_REQUIRED", NULL);
    else
        attempt(c, NULL, c->session->actor.account, m->password, m->new_password, set_password);
}

/* ---- a connection's login */

enum { R_LOGIN, R_ACCOUNT, R_ENDS_AT = 8, R_REASON, RESUME_COLUMNS };

static void on_resumed(struct read *r, const PGresult *result, const char *fault) {
    struct call *c = call_of_read(r);
    if (!resumed(c)) return;
    struct session *s = c->session;
    if (!fault && PQntuples(result) != 1) fault = "INTERNAL";
    if (!fault && !PQgetisnull(result, 0, R_REASON)) fault = PQgetvalue(result, 0, R_REASON);
    if (fault) {
        log_event(LOG_INFO, "hello.refused", log_int("conn", (int64_t)s->id), log_str("reason", fault),
                  log_str("address", s->address));
        call_refuse(c, fault, NULL);
        s->io.close(s->conn, fault);
        return;
    }
    read_actor(&s->actor, result, 0, R_ACCOUNT, (const uint8_t *)PQgetvalue(result, 0, R_LOGIN));
    s->login_ends_at = mapping_get_time(result, 0, R_ENDS_AT);
    c->then(c);
}

void login_resume(struct call *c, void (*then)(struct call *c)) {
    const Liandong__V1__Hello *hello = c->envelope->hello;
    const struct statement *s = core_find_statement(c->core, "_login_resume");
    uint8_t hash[SECRET_TOKEN_SIZE];
    secret_hash(hash, hello->token.data, hello->token.len);
    if (!make_binding(c, s, &c->read.binding)) {
        call_refuse(c, "TOO_LARGE", NULL);
        return;
    }
    bind_bytes(c, s, &c->read.binding, "token_hash", hash, sizeof hash);
    bind_number(c, s, &c->read.binding, "device", c->session->device);
    c->then = then;
    ask(c, s, on_resumed);
}

/* ---- chores */

void login_take_ended(struct core *core, const PGresult *rows) {
    for (int row = 0; row < PQntuples(rows); row++) {
        struct session *s, *next;
        core->login_end_seen = mapping_get_int8(rows, row, 0);
        core->login_end_known = true;
        if (PQgetisnull(rows, row, 1)) continue;
        DL_FOREACH_SAFE(core->sessions, s, next) {
            if (!s->actor.account || memcmp(s->actor.login, PQgetvalue(rows, row, 1), sizeof s->actor.login) != 0)
                continue;
            log_event(LOG_INFO, "login.ended", log_int("conn", (int64_t)s->id), log_int("account", s->actor.account));
            s->io.close(s->conn, "LOGIN_ENDED");
        }
    }
}

/* uuid[]: dimensions, no NULLs, element type, count, lower bound, then each with its length. */
bool login_list_seen(struct core *core) {
    uint32_t count = 0;
    struct session *s;
    DL_FOREACH(core->sessions, s) count += s->actor.account != 0;
    free(core->logins_open);
    core->logins_open = count ? malloc(20 + count * 20) : NULL;
    if (!core->logins_open) return false;
    const uint32_t head[5] = {htonl(1), 0, htonl(TYPE_UUID), htonl(count), htonl(1)}, length = htonl(UUID_SIZE);
    memcpy(core->logins_open, head, sizeof head);
    char *at = core->logins_open + sizeof head;
    DL_FOREACH(core->sessions, s) {
        if (!s->actor.account) continue;
        memcpy(at, &length, 4);
        memcpy(at + 4, s->actor.login, UUID_SIZE);
        at += 20;
    }
    core->logins_open_value[0] = core->logins_open;
    core->logins_open_length[0] = (int)(at - core->logins_open);
    return true;
}

bool login_contract(const struct core *core, char *error, size_t room) {
    static const char *const begin[BEGIN_COLUMNS] = {"outcome",     "reason",  "field",   "account",
                                                     "office",      "system",  "role",    "office_code_out",
                                                     "office_name", "officer", "ends_at", "idle_minutes"};
    static const Oid begin_types[BEGIN_COLUMNS] = {TYPE_TEXT, TYPE_TEXT, TYPE_TEXT,        TYPE_INT8,
                                                   TYPE_INT4, TYPE_INT2, TYPE_INT2,        TYPE_TEXT,
                                                   TYPE_TEXT, TYPE_TEXT, TYPE_TIMESTAMPTZ, TYPE_INT4};
    static const char *const resume[RESUME_COLUMNS] = {"login",       "account",     "office",  "system",  "role",
                                                       "office_code", "office_name", "officer", "ends_at", "reason"};
    static const Oid resume_types[RESUME_COLUMNS] = {TYPE_UUID, TYPE_INT8, TYPE_INT4, TYPE_INT2,        TYPE_INT2,
                                                     TYPE_TEXT, TYPE_TEXT, TYPE_TEXT, TYPE_TIMESTAMPTZ, TYPE_TEXT};
    static const char *const password[] = {"outcome", "reason", "field"},
                             *const secret[] = {"secret", "password_least"}, *const ended[] = {"seq", "login"};
    static const Oid texts[] = {TYPE_TEXT, TYPE_TEXT, TYPE_TEXT}, secret_types[] = {TYPE_BYTEA, TYPE_INT4},
                     ended_types[] = {TYPE_INT8, TYPE_UUID};
    return contract_columns(core_find_statement(core, "_login_begin"), begin, begin_types, BEGIN_COLUMNS, error,
                            room) &&
           contract_columns(core_find_statement(core, "_login_resume"), resume, resume_types, RESUME_COLUMNS, error,
                            room) &&
           contract_columns(core_find_statement(core, "_login_password"), password, texts, 3, error, room) &&
           contract_columns(core_find_statement(core, "_login_secret"), secret, secret_types, 2, error, room) &&
           contract_columns(core_find_statement(core, "_logins_ended"), ended, ended_types, 2, error, room);
}
