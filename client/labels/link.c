#include "client/labels/groups.h"
#include "client/language.h"

static const struct label labels[] = {
    {"link_incident", N_("incident linked"), MEANING_PLAIN},
    {"unlink_incident", N_("link taken back"), MEANING_PLAIN},
    {"show_timeline", N_("show timeline"), MEANING_PLAIN},
    {"linked", N_("linked record"), MEANING_PLAIN},
    {"external_office", N_("office elsewhere"), MEANING_PLAIN},
    {"external_at", N_("time elsewhere"), MEANING_TIME},
    {"TIMELINE_SOURCE_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"TIMELINE_SOURCE_ALARM", N_("alarm"), MEANING_PLAIN},
    {"TIMELINE_SOURCE_OUTSIDE_ALARM", N_("alarm elsewhere"), MEANING_PLAIN},
    {"TIMELINE_SOURCE_ACT", N_("act"), MEANING_PLAIN},
};
const struct label_group labels_link = LABEL_GROUP(labels);
