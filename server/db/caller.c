#include "db/caller.h"
#include "common/uuid.h"
#include <stdio.h>
#include <string.h>

void caller_bind(const struct caller *c, uint32_t timeout_ms, struct caller_values *out) {
    const char *officer = c->officer ? c->officer : "";
    int n[CALLER_PARAMS] = {snprintf(out->office, sizeof out->office, "%d", c->office),
                            snprintf(out->device, sizeof out->device, "%lld", (long long)c->device),
                            (int)strlen(officer),
                            snprintf(out->role, sizeof out->role, "%d", c->role),
                            snprintf(out->account, sizeof out->account, "%lld", (long long)c->account),
                            0,
                            snprintf(out->timeout, sizeof out->timeout, "%u", timeout_ms)};
    out->login[0] = '\0';
    if (c->login) uuid_print(out->login, c->login);
    n[5] = (int)strlen(out->login);
    memcpy(out->lengths, n, sizeof n);
    out->at[0] = out->office;
    out->at[1] = out->device;
    out->at[2] = officer;
    out->at[3] = out->role;
    out->at[4] = out->account;
    out->at[5] = out->login;
    out->at[6] = out->timeout;
}
