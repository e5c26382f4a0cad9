#include "net/conn_state.h"
#include <stddef.h>

#define TO(state) (1u << (state))

static const struct {
    const char *name;
    unsigned next; /* set of states that may follow */
} states[CONN_STATES] = {
    [CONN_HANDSHAKE] = {"handshake", TO(CONN_HELLO) | TO(CONN_LEAVING) | TO(CONN_CLOSING)},
    [CONN_HELLO] = {"hello", TO(CONN_SERVING) | TO(CONN_LEAVING) | TO(CONN_CLOSING)},
    [CONN_SERVING] = {"serving", TO(CONN_LEAVING) | TO(CONN_CLOSING)},
    [CONN_LEAVING] = {"leaving", TO(CONN_CLOSING)},
    [CONN_CLOSING] = {"closing", 0},
};

bool conn_state_may_follow(enum conn_state from, enum conn_state to) { return (states[from].next & TO(to)) != 0; }
const char *conn_state_name(enum conn_state state) { return states[state].name; }
