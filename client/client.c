#include "client/client.h"
#include "client/language.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>

static void print_talk(struct client *client, const char *format, va_list arguments) {
    terminal_state_end(&client->terminal);
    vfprintf(client->err, format, arguments);
    fputc('\n', client->err);
    fflush(client->err);
}

void client_say(struct client *client, const char *format, ...) {
    if (client->quiet) return;
    va_list arguments;
    va_start(arguments, format);
    print_talk(client, format, arguments);
    va_end(arguments);
}

void client_warn(struct client *client, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_talk(client, format, arguments);
    va_end(arguments);
}

int client_fail(struct client *client, int code, const char *what, const char *next) {
    client_warn(client, _("error: %s"), what);
    if (next && *next) client_warn(client, _("next: %s"), next);
    return code;
}

bool client_flush(struct client *client) {
    errno = 0;
    if (fflush(client->out) == 0 && !ferror(client->out)) return true;
    if (!client->out_error) client->out_error = errno ? errno : EIO;
    return false;
}

int client_finish(struct client *client, int code) {
    if (client_flush(client) && !client->out_error)
        return client->tampered && code == EXIT_CODE_OK ? EXIT_CODE_TAMPERED : code;
    return client_fail(client, EXIT_CODE_FAILED, language_errno(client->out_error),
                       _("standard output took only a part; look at the disk or the program that reads it"));
}
