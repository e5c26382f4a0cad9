#include "meter.h"
#include "usage.h"

struct meter meter_start(const struct crowd *c) {
    return (struct meter){.crowd = c,
                          .begin = samples_now(),
                          .server = usage_cpu(c->options.server_pids),
                          .others = usage_cpu(c->options.other_pids),
                          .own = usage_own(),
                          .machine = usage_machine()};
}

struct reading meter_read(const struct meter *m) {
    struct meter now = meter_start(m->crowd);
    struct reading r = {.seconds = (double)(now.begin - m->begin) / 1e9,
                        .server_cpu = now.server - m->server,
                        .own_cpu = now.own - m->own};
    r.foreign = 100 * (now.machine - m->machine - r.server_cpu - (now.others - m->others) - r.own_cpu) / r.seconds;
    return r;
}

void reading_print(const struct reading *r) {
    samples_print("foreign_percent", r->foreign);
    samples_print("server_percent", 100 * r->server_cpu / r->seconds);
    samples_print("generator_percent", 100 * r->own_cpu / r->seconds);
}
