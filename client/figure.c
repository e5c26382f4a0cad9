#include "client/figure.h"
#include "client/language.h"
#include "client/request.h"
#include "client/schema.h"
#include <stddef.h>
#include <string.h>

const struct flag figure_flag_rows[FIGURE_FLAG_ROWS] = {
    {"list", 0, FLAG_SWITCH, offsetof(struct figure_flags, list), NULL, N_("what is counted, one by one")},
};

int figure_run(struct client *client, struct command *command) {
    static const struct {
        const char *figure, *list;
    } lists[] = {{"report_joint", "list_joint"},
                 {"report_sessions", "list_session_times"},
                 {"report_transfers", "list_transfer_legs"},
                 {"report_alerts", "list_alert_acks"}};
    const struct figure_flags *flags = command->own;
    for (size_t i = 0; flags->list && i < sizeof lists / sizeof *lists; i++)
        if (strcmp(command->request->name, lists[i].figure) == 0) {
            command->request = schema_request(lists[i].list); /* the same question */
            break;
        }
    return request_run(client, command);
}
