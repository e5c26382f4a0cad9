/* The load generator: one thread, epoll and OpenSSL, all the connections of a measurement, four protocols, and a check
 * of order and of exactly once in every one of them. load_generator SCENARIO --protocol=NAME --port=N
 * --certificates=FOLDER --party=ROLE:DEVICE:COUNT … [options] Exit codes: 0 measured (also with faults, which are
 * printed), 1 could not be measured, 2 usage. */
#include "scenario.h"
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTIES_MAX 1024
#define BODY_SIZE   300 /* bytes: about what a packed report of one paragraph takes */

const struct scenario scenarios[] = {
    {"reports", "reports acknowledged per second, and how long each took", scenario_reports},
    {"deliver", "from a report's sending to each watcher, at a rate", scenario_deliver},
    {"alerts", "from an alert's raising to the other side's duty, while reports flow at a rate", scenario_alerts},
    {"fanout", "deliveries per second in a closed loop", scenario_fanout},
    {"slow", "latency of the others while the sluggards do not read", scenario_slow},
    {"connect", "handshakes to a served hello per second", scenario_connect},
    {"idle", "the server's memory per connection", scenario_idle},
    {"hold", "connections that must hear nothing, until standard input ends", scenario_hold},
    {"fill", "stores events", scenario_fill},
    {"catchup", "events per second to one new watcher, from the oldest on", scenario_catchup},
    {"storm", "all watchers reconnect at once, each so many events behind", scenario_storm},
    {"pages", "the requests of a file, one after the other", scenario_pages},
};
const size_t scenario_count = sizeof scenarios / sizeof *scenarios;

static const struct protocol *const protocols[] = {&protocol_liandong, &protocol_raw, &protocol_nats,
                                                   &protocol_jetstream, &protocol_mqtt};
static const char *const roles[] = {
    [ROLE_REPORTER] = "reporter", [ROLE_WATCHER] = "watcher", [ROLE_SLUGGARD] = "sluggard"};

enum option_name {
    PROTOCOL = 1,
    PORT,
    CERTIFICATES,
    PARTY,
    SERVER_PIDS,
    OTHER_PIDS,
    SECONDS,
    RATE,
    OUTSTANDING,
    EVENTS,
    EXPECTED,
    BODY,
    PARALLEL,
    CALLS,
    ORDER
};
static const struct option option_table[] = {
    {"protocol", required_argument, NULL, PROTOCOL},
    {"port", required_argument, NULL, PORT},
    {"certificates", required_argument, NULL, CERTIFICATES},
    {"party", required_argument, NULL, PARTY},
    {"server-pids", required_argument, NULL, SERVER_PIDS},
    {"other-pids", required_argument, NULL, OTHER_PIDS},
    {"seconds", required_argument, NULL, SECONDS},
    {"rate", required_argument, NULL, RATE},
    {"outstanding", required_argument, NULL, OUTSTANDING},
    {"events", required_argument, NULL, EVENTS},
    {"expected", required_argument, NULL, EXPECTED},
    {"body", required_argument, NULL, BODY},
    {"parallel", required_argument, NULL, PARALLEL},
    {"calls", required_argument, NULL, CALLS},
    {"order", required_argument, NULL, ORDER},
    {NULL, 0, NULL, 0},
};

static int usage(void) {
    fprintf(
        stderr,
        "usage: load_generator SCENARIO --protocol=NAME --port=N --certificates=FOLDER --party=ROLE:DEVICE:COUNT…\n");
    for (size_t i = 0; i < scenario_count; i++) fprintf(stderr, "  %-8s %s\n", scenarios[i].name, scenarios[i].help);
    return 2;
}

static const struct protocol *find_protocol(const char *name) {
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (!strcmp(protocols[i]->name, name)) return protocols[i];
    return NULL;
}

static bool read_party(struct party *party, const char *text) {
    char role[16];
    if (sscanf(text, "%15[^:]:%63[^:]:%u", role, party->device, &party->count) != 3) return false;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (!strcmp(role, roles[i])) {
            party->role = (enum role)i;
            return true;
        }
    return false;
}

struct arguments {
    struct crowd_options crowd;
    struct scenario_options scenario;
    struct party parties[PARTIES_MAX];
    size_t party_count;
};

static bool set(struct arguments *a, int name, const char *text) {
    uint32_t number = (uint32_t)strtoul(text, NULL, 10);
    switch (name) {
    case PROTOCOL: return (a->crowd.protocol = find_protocol(text)) != NULL;
    case PORT: a->crowd.port = (uint16_t)number; return number > 0 && number < 65536;
    case CERTIFICATES: a->crowd.certificates = text; return true;
    case PARTY: return a->party_count < PARTIES_MAX && read_party(&a->parties[a->party_count++], text);
    case SERVER_PIDS: a->crowd.server_pids = text; return true;
    case OTHER_PIDS: a->crowd.other_pids = text; return true;
    case SECONDS: a->scenario.seconds = strtod(text, NULL); return a->scenario.seconds > 0;
    case RATE: a->scenario.rate = number; return number > 0;
    case OUTSTANDING: a->scenario.outstanding = number; return number > 0 && number <= CONNECTION_WINDOW;
    case EVENTS: a->scenario.events = number; return true;
    case EXPECTED: a->scenario.expected = number; return true;
    case BODY: a->crowd.body_size = number; return number >= sizeof(struct report_mark);
    case PARALLEL: a->scenario.parallel = number; return number > 0;
    case CALLS: a->scenario.calls = text; return true;
    case ORDER: a->crowd.any_order = !strcmp(text, "any"); return a->crowd.any_order;
    default: return false;
    }
}

int main(int count, char **texts) {
    static struct arguments a = {
        .crowd = {.body_size = BODY_SIZE},
        .scenario = {.seconds = 2, .rate = 50, .outstanding = 1, .events = 1000, .parallel = 32}};
    const struct scenario *scenario = NULL;
    for (size_t i = 0; count > 1 && i < scenario_count; i++)
        if (!strcmp(texts[1], scenarios[i].name)) scenario = &scenarios[i];
    if (!scenario) return usage();
    optind = 2;
    for (int name; (name = getopt_long(count, texts, "", option_table, NULL)) != -1;)
        if (!set(&a, name, optarg)) return usage();
    if (!a.crowd.protocol || !a.crowd.port || !a.crowd.certificates || !a.party_count) return usage();
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is counted, not died of */
    struct crowd crowd;
    crowd_init(&crowd, &a.crowd, a.parties, a.party_count);
    bool measured = scenario->run(&crowd, &a.scenario);
    crowd_free(&crowd);
    return measured ? 0 : 1;
}
