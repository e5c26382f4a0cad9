#include "client/export.h"
#include "client/call.h"
#include "client/failure.h"
#include "client/language.h"
#include "client/print.h"
#include "client/request.h"
#include "incident.pb-c.h"
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 200

const struct flag export_flag_rows[EXPORT_FLAG_ROWS] = {
    {"out", 0, FLAG_TEXT, offsetof(struct export_flags, out), N_("FILE"), N_("CSV file that is made")},
};

struct export {
    struct client *client;
    struct command *command;
    const char *path;
    FILE *file; /* NULL until the first page is there: what is refused leaves no file */
    size_t rows;
    struct arena page; /* of the answer that is at hand */
};

static int file_failed(struct export *e) {
    const char *what = arena_printf(&e->client->arena, _("can't write %s: %s"), e->path, language_errno(errno));
    return client_fail(e->client, EXIT_CODE_FAILED, what ? what : "", _("liandong incident export --out ANOTHER-FILE"));
}

/* Rows of one page, in the form and fields that lists have. */
static int put_page(struct export *e, const Liandong__V1__IncidentPage *page) {
    struct client *client = e->client;
    FILE *screen = client->out;
    char *form = client->options.output;
    bool good = true;
    if (!e->file) {
        mode_t before = umask(077); /* nobody else's on this machine */
        e->file = fopen(e->path, "wbx");
        umask(before);
        if (!e->file) return file_failed(e);
    }
    client->out = e->file;
    client->options.output = (char[]){"csv"};
    for (size_t i = 0; good && i < page->n_incidents; i++)
        good = print_row(client, &page->incidents[i]->base, e->command->globals.fields, e->rows++ == 0);
    client->out = screen;
    client->options.output = form;
    return good && !ferror(e->file) ? EXIT_CODE_OK : file_failed(e);
}

static int all_pages(struct export *e, struct caller *caller) {
    Liandong__V1__ListIncidents *list = (Liandong__V1__ListIncidents *)(void *)e->command->message;
    for (;;) {
        struct call_result result;
        caller_call(caller, e->command->request, e->command->message, NULL, caller_deadline(caller), &e->page, &result);
        if (result.end != CALL_DONE) return failure_print(e->client, e->command, &result);
        const Liandong__V1__IncidentPage *page = (const Liandong__V1__IncidentPage *)(const void *)result.reply;
        int code = put_page(e, page);
        if (code != EXIT_CODE_OK || !page->has_next) return code;
        list->has_page = true;
        list->page.len = page->next.len;
        list->page.data = (uint8_t *)arena_copy(&e->client->arena, (const char *)page->next.data, page->next.len);
        if (!list->page.data) return client_fail(e->client, EXIT_CODE_FAILED, _("out of memory"), NULL);
        arena_reset(&e->page);
    }
}

int export_run(struct client *client, struct command *command) {
    const struct export_flags *flags = command->own;
    Liandong__V1__ListIncidents *list = (Liandong__V1__ListIncidents *)(void *)command->message;
    struct export e = {.client = client, .command = command, .path = flags->out};
    struct caller caller;
    if (!e.path || !*e.path)
        return client_fail(client, EXIT_CODE_USAGE, _("where to: --out FILE"), "liandong incident export --help");
    if (access(e.path, F_OK) == 0) {
        errno = EEXIST;
        return file_failed(&e);
    }
    list->has_limit = true;
    list->limit = PAGE;
    int code = request_prepare(client, command);
    if (code == EXIT_CODE_OK) code = caller_open(&caller, client);
    if (code != EXIT_CODE_OK) return code;
    arena_init(&e.page, CLIENT_ARENA);
    code = all_pages(&e, &caller);
    arena_free(&e.page);
    caller_close(&caller);
    if (e.file && fclose(e.file) != 0 && code == EXIT_CODE_OK) code = file_failed(&e);
    if (code != EXIT_CODE_OK && e.file) unlink(e.path);
    if (code == EXIT_CODE_OK)
        client_say(client, _("%zu incidents in %s; who exported them, what for and how many is written down"), e.rows,
                   e.path);
    return code;
}
