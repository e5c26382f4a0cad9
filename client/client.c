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

int client_finish(struct client *client, int code) {
    if (fflush(client->out) == 0 && !ferror(client->out)) return code;
    return client_fail(client, EXIT_CODE_FAILED, strerror(errno),
                       _("standard output took only a part; look at the disk or the program that reads it"));
}
