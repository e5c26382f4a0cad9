#include "client/failure.h"
#include "client/language.h"
#include "client/value.h"
#include <string.h>

/* What tls_failure means to a person. */
static const struct {
    const char *token;
    int exit_code;
    const char *what, *next; /* msgids */
} tls_ends[] = {
    {"CERTIFICATE_REQUIRED", EXIT_CODE_CERTIFICATE, N_("the server wants a certificate and got none"),
     N_("liandong profile set cert=FILE key=FILE")},
    {"CERTIFICATE_EXPIRED", EXIT_CODE_CERTIFICATE, N_("a certificate has expired"),
     N_("look at the dates of the certificates and at this computer's clock; ask the administrator for a new "
        "certificate")},
    {"CERTIFICATE_REVOKED", EXIT_CODE_CERTIFICATE, N_("the certificate of this terminal was revoked"),
     N_("ask the administrator why; a new certificate is needed")},
    {"CERTIFICATE_UNKNOWN", EXIT_CODE_CERTIFICATE, N_("the certificate was not accepted"),
     N_("ask the administrator to look at the server's log")},
    {"UNKNOWN_CA", EXIT_CODE_CERTIFICATE, N_("the certificates of server and terminal come from different authorities"),
     N_("get ca.crt and the terminal's certificate for this very server from the administrator: liandong profile set "
        "ca=FILE cert=FILE key=FILE")},
    {"BAD_CERTIFICATE", EXIT_CODE_CERTIFICATE, N_("the certificate is damaged or of the wrong kind"),
     N_("ask the administrator for a new certificate")},
    {"NAME_MISMATCH", EXIT_CODE_CERTIFICATE,
     N_("the server's certificate is for another name: this may be the wrong server, or somebody in between"),
     N_("check --server; do not go on before the administrator has explained it")},
    {"PIN_MISMATCH", EXIT_CODE_CERTIFICATE,
     N_("the server is not the one that the token was made for: wrong address, or somebody in between. The token was "
        "not "
        "sent"),
     N_("check --server; do not go on before the administrator has explained it")},
    {"NO_COMMON_PROTOCOL", EXIT_CODE_UNREACHABLE,
     N_("the server at this address is not liandongd, or of another generation"),
     N_("check address and port: --server HOST:PORT")},
    {"OLD_VERSION", EXIT_CODE_UNREACHABLE, N_("the server does not speak TLS 1.3"),
     N_("check address and port: --server HOST:PORT")},
    {"NOT_TLS", EXIT_CODE_UNREACHABLE, N_("what answers at this address does not speak TLS"),
     N_("check address and port: --server HOST:PORT")},
    {"TRUNCATED", EXIT_CODE_UNREACHABLE, N_("the connection was cut during the handshake"),
     N_("try again; if it stays so, ask the administrator about a firewall in between")},
};

static const struct {
    enum link_fault fault;
    int exit_code;
    const char *what, *next; /* msgids */
} link_ends[] = {
    {LINK_ADDRESS, EXIT_CODE_USAGE, N_("this is no address"), N_("write it as host:port, such as 192.168.1.10:7443")},
    {LINK_RESOLVE, EXIT_CODE_UNREACHABLE, N_("the server's name can't be resolved"),
     N_("check --server and the network")},
    {LINK_CONNECT, EXIT_CODE_UNREACHABLE, N_("can't connect to the server"),
     N_("check --server and the network; is the server running?")},
    {LINK_TLS, EXIT_CODE_UNREACHABLE, N_("the encrypted connection did not come about"),
     N_("ask the administrator to look at the server's log")},
    {LINK_HELLO_REFUSED, EXIT_CODE_CERTIFICATE, N_("the server refused this terminal"), NULL},
    {LINK_LOST, EXIT_CODE_UNREACHABLE, N_("the connection was cut"), N_("liandong status")},
    {LINK_TIMEOUT, EXIT_CODE_UNREACHABLE, N_("no answer in time"),
     N_("try again, with a longer --timeout where the network is slow")},
    {LINK_PROTOCOL, EXIT_CODE_FAILED, N_("the server answered what this program does not understand"),
     N_("client and server are of different versions: liandong version, liandong status")},
    {LINK_LEAVING, EXIT_CODE_UNREACHABLE, N_("the server is about to stop"), N_("try again in a while")},
    {LINK_INTERRUPTED, EXIT_CODE_SIGNAL + 2, N_("interrupted"), NULL},
    {LINK_MEMORY, EXIT_CODE_FAILED, N_("out of memory, or the request is too large"), NULL},
};

const char *failure_new_certificate(void) {
    return _("ask the administrator for an enrolment token (liandong device invite), then: liandong enrol --yes");
}

static size_t tls_row(const struct link_error *error) {
    size_t i = 0, count = sizeof tls_ends / sizeof *tls_ends;
    if (error->fault != LINK_TLS || !error->tls) return count;
    while (i < count && strcmp(tls_ends[i].token, error->tls) != 0) i++;
    return i;
}

static size_t link_row(const struct link_error *error) {
    size_t i = 0;
    while (i + 1 < sizeof link_ends / sizeof *link_ends && link_ends[i].fault != error->fault) i++;
    return i;
}

int failure_code_of_link(const struct link_error *error) {
    size_t row = tls_row(error);
    if (row < sizeof tls_ends / sizeof *tls_ends) return tls_ends[row].exit_code;
    if (error->fault == LINK_HELLO_REFUSED && error->status) return failure_code_of_status(error->status->code);
    return link_ends[link_row(error)].exit_code;
}

const char *failure_link_next(const struct link_error *error) {
    size_t row = tls_row(error);
    const char *next = row < sizeof tls_ends / sizeof *tls_ends ? tls_ends[row].next : link_ends[link_row(error)].next;
    return next ? _(next) : NULL;
}

const char *failure_link_text(struct arena *arena, const struct link_error *error, bool codes) {
    if (error->fault == LINK_HELLO_REFUSED && error->status) return failure_status_text(arena, error->status, codes);
    size_t row = tls_row(error);
    const char *what =
        _(row < sizeof tls_ends / sizeof *tls_ends ? tls_ends[row].what : link_ends[link_row(error)].what);
    const char *server = value_clean(arena, error->server, true), *detail = value_clean(arena, error->detail, true);
    const char *text = arena_printf(arena, "%s%s%s%s%s%s%s", what, *server ? _(" [") : "", server,
                                    *server ? _("]") : "", *detail ? _(" (") : "", detail, *detail ? _(")") : "");
    return text ? text : what;
}
