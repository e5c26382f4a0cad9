#include "db/statement.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    const char *at, *end;
    unsigned line;
    char *out;
    size_t used;
};

static char *copy(const char *text, size_t size) {
    char *out = malloc(size + 1);
    if (!out) return NULL;
    memcpy(out, text, size);
    out[size] = '\0';
    return out;
}

static bool name_start(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
static bool name_part(char c) { return name_start(c) || (c >= '0' && c <= '9'); }

/* Copies up to `stop` (exclusive); keeps count of the lines. The output never outgrows its room: a parameter's "$48"
 * can be longer than ":a" by one byte, for which statement_parse reserves. */
static void copy_to(struct scan *s, const char *stop) {
    while (s->at < stop) {
        if (*s->at == '\n') s->line++;
        s->out[s->used++] = *s->at++;
    }
}

/* End of what begins with `open` at s->at and ends with `close`, or NULL. Block comments nest, as PostgreSQL's do. */
static const char *find_close(const struct scan *s, const char *close, bool nests) {
    size_t n = strlen(close);
    int depth = 1;
    for (const char *p = s->at + (nests ? 2 : n); p + n <= s->end; p++) {
        if (nests && p + 2 <= s->end && memcmp(p, "/*", 2) == 0) {
            depth++;
            p++;
        } else if (memcmp(p, close, n) == 0 && --depth == 0) {
            return p + n;
        } else if (nests && memcmp(p, close, n) == 0) {
            p++;
        }
    }
    return NULL;
}

/* $tag$ … $tag$: returns its end, NULL where unclosed; s->at itself where this '$' opens no quote. */
static const char *find_dollar_close(const struct scan *s) {
    const char *p = s->at + 1;
    while (p < s->end && (isalnum((unsigned char)*p) || *p == '_')) p++;
    if (p >= s->end || *p != '$') return s->at;
    size_t n = (size_t)(p + 1 - s->at);
    for (const char *q = p + 1; q + n <= s->end; q++)
        if (memcmp(q, s->at, n) == 0) return q + n;
    return NULL;
}

/* The opaque stretch (quote, comment) that begins at s->at: its end; NULL where unclosed; s->at where none begins. */
static const char *opaque_end(const struct scan *s) {
    size_t left = (size_t)(s->end - s->at);
    if (*s->at == '\'') return find_close(s, "'", false);
    if (*s->at == '"') return find_close(s, "\"", false);
    if (*s->at == '$') return find_dollar_close(s);
    if (left >= 2 && memcmp(s->at, "/*", 2) == 0) return find_close(s, "*/", true);
    if (left >= 2 && memcmp(s->at, "--", 2) == 0) {
        const char *newline = memchr(s->at, '\n', left);
        return newline ? newline : s->end;
    }
    return s->at;
}

static bool take_param(struct statement *s, struct scan *scan, char *error, size_t room) {
    const char *from = scan->at + 1, *to = from;
    while (to < scan->end && name_part(*to)) to++;
    size_t n = (size_t)(to - from);
    int i = 0;
    while (i < s->params_count && (strncmp(s->params[i], from, n) != 0 || s->params[i][n])) i++;
    if (i == STATEMENT_PARAMS) {
        snprintf(error, room, "%s.sql:%u: more than %d parameters", s->name, scan->line, STATEMENT_PARAMS);
        return false;
    }
    if (i == s->params_count) {
        s->params[i] = copy(from, n);
        if (!s->params[i]) {
            snprintf(error, room, "out of memory");
            return false;
        }
        s->params_count++;
    }
    scan->used += (size_t)sprintf(scan->out + scan->used, "$%d", i + 1);
    scan->at = to;
    return true;
}

/* Only blanks and comments may follow the ';' that ends the statement. */
static bool only_rest(struct scan *s) {
    s->at++;
    while (s->at < s->end) {
        if (isspace((unsigned char)*s->at)) {
            s->at++;
            continue;
        }
        const char *stop = *s->at == '-' || *s->at == '/' ? opaque_end(s) : s->at;
        if (!stop || stop == s->at) return false;
        s->at = stop;
    }
    return true;
}

static bool scan_statement(struct statement *s, struct scan *scan, char *error, size_t room) {
    while (scan->at < scan->end) {
        const char *stop = opaque_end(scan);
        char c = *scan->at;
        bool more = scan->at + 1 < scan->end;
        if (!stop) {
            snprintf(error, room, "%s.sql:%u: this quote or comment is never closed", s->name, scan->line);
            return false;
        } else if (stop > scan->at) {
            copy_to(scan, stop);
        } else if (c == '$' && more && isdigit((unsigned char)scan->at[1])) {
            snprintf(error, room, "%s.sql:%u: write :name, not a numbered parameter", s->name, scan->line);
            return false;
        } else if (c == ':' && more && scan->at[1] == ':') {
            copy_to(scan, scan->at + 2);
        } else if (c == ':' && more && name_start(scan->at[1])) {
            if (!take_param(s, scan, error, room)) return false;
        } else if (c == ';') {
            unsigned line = scan->line;
            if (only_rest(scan)) return true;
            snprintf(error, room, "%s.sql:%u: more than one statement", s->name, line);
            return false;
        } else {
            copy_to(scan, scan->at + 1);
        }
    }
    return true;
}

bool statement_parse(struct statement *s, const char *name, const char *sql, size_t size, char *error, size_t room) {
    *s = (struct statement){.name = name};
    if (memchr(sql, '\0', size)) { /* also within quotes: the text would end there */
        snprintf(error, room, "%s.sql:1: NUL byte", name);
        return false;
    }
    struct scan scan = {sql, sql + size, 1, malloc(size * 2 + 8), 0};
    if (!scan.out) {
        snprintf(error, room, "out of memory");
        return false;
    }
    s->text = scan.out;
    if (!scan_statement(s, &scan, error, room)) {
        statement_free(s);
        return false;
    }
    scan.out[scan.used] = '\0';
    return true;
}

static bool differs(struct statement *s, const PGresult *r) {
    if (PQnparams(r) != s->params_count || PQnfields(r) != s->columns_count) return true;
    for (int i = 0; i < s->params_count; i++)
        if (s->param_types[i] != PQparamtype(r, i)) return true;
    for (int i = 0; i < s->columns_count; i++)
        if (s->column_types[i] != PQftype(r, i) || strcmp(s->columns[i], PQfname(r, i)) != 0) return true;
    return false;
}

bool statement_describe(struct statement *s, const PGresult *r, char *error, size_t room) {
    if (s->described) {
        if (!differs(s, r)) return true;
        snprintf(error, room, "%s.sql: parameters or columns are no longer those of the start", s->name);
        return false;
    }
    if (PQnparams(r) != s->params_count || PQnfields(r) > STATEMENT_COLUMNS) {
        snprintf(error, room, "%s.sql: %d parameters and %d columns described", s->name, PQnparams(r), PQnfields(r));
        return false;
    }
    for (int i = 0; i < s->params_count; i++) s->param_types[i] = PQparamtype(r, i);
    for (int i = 0; i < PQnfields(r); i++) {
        s->column_types[i] = PQftype(r, i);
        s->columns[i] = copy(PQfname(r, i), strlen(PQfname(r, i)));
        if (!s->columns[i]) {
            snprintf(error, room, "out of memory");
            return false;
        }
        s->columns_count = i + 1;
    }
    s->described = true;
    return true;
}

int statement_param(const struct statement *s, const char *name) {
    for (int i = 0; i < s->params_count; i++)
        if (strcmp(s->params[i], name) == 0) return i;
    return -1;
}

void statement_free(struct statement *s) {
    free(s->text);
    for (int i = 0; i < s->params_count; i++) free(s->params[i]);
    for (int i = 0; i < s->columns_count; i++) free(s->columns[i]);
    *s = (struct statement){.name = s->name};
}
