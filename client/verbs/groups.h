/* The verbs by noun, one file each. Client. */
#ifndef LIANDONG_CLIENT_VERBS_GROUPS_H
#define LIANDONG_CLIENT_VERBS_GROUPS_H
#include "client/verbs.h"

struct verb_group {
    const struct verb *verbs;
    size_t count;
};
#define VERB_GROUP(rows)                                                                                               \
    { rows, sizeof(rows) / sizeof *(rows) }

extern const struct verb_group verbs_incident, verbs_dispute, verbs_mediation, verbs_link, verbs_person, verbs_alert,
    verbs_transfer, verbs_task, verbs_deadline, verbs_attachment, verbs_figure, verbs_directory, verbs_feed,
    verbs_operation, verbs_client;
#endif
