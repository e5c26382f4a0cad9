/* The labels by topic, one file each: a field, enum value or request stands in the file of its topic. Client. */
#ifndef LIANDONG_CLIENT_LABELS_GROUPS_H
#define LIANDONG_CLIENT_LABELS_GROUPS_H
#include "client/labels.h"
#include <stddef.h>

struct label_group {
    const struct label *labels;
    size_t count;
};
#define LABEL_GROUP(rows)                                                                                              \
    { rows, sizeof(rows) / sizeof *(rows) }

extern const struct label_group labels_requests, labels_session, labels_feed, labels_audit, labels_incident,
    labels_operation, labels_directory, labels_dispute, labels_mediation, labels_link, labels_person, labels_alert,
    labels_transfer, labels_task, labels_deadline, labels_attachment, labels_figure;
#endif
