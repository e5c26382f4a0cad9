#include "scenario.h"
#include <stdio.h>
#include <string.h>

#define LINE_ROOM    2048
#define CALL_SECONDS 30.0

/* The requests of a file one after the other on one connection: a person paging and searching. */
bool scenario_pages(struct crowd *c, const struct scenario_options *o) {
    char line[LINE_ROOM];
    struct connection *caller = &c->connections[0];
    FILE *file = o->calls && c->options.protocol->call ? fopen(o->calls, "r") : NULL;
    if (!file || !c->reporters || !crowd_open(c, 1, 1, OPEN_SECONDS)) {
        fprintf(stderr, "load: no calls, or no connection to make them on\n");
        if (file) fclose(file);
        return false;
    }
    c->recording = true;
    while (fgets(line, sizeof line, file)) {
        uint64_t until = samples_now() + (uint64_t)(CALL_SECONDS * 1e9);
        if (!c->options.protocol->call(caller, line)) {
            crowd_fault(caller, line);
            continue;
        }
        connection_flush(caller);
        while (connection_in_flight(caller) && samples_now() < until && !c->lost) crowd_turn(c, 50);
    }
    fclose(file);
    samples_print("calls", (double)c->acknowledgements);
    samples_print_percentiles("call", &c->acknowledged_us);
    samples_print("faults", (double)crowd_faults(c, false));
    return c->acknowledgements > 0;
}
