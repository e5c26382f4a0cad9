#include "client/labels/groups.h"
#include "client/language.h"

static const struct label labels[] = {
    {"link_incident", N_("incident linked"), MEANING_PLAIN},
    {"unlink_incident", N_("link taken back"), MEANING_PLAIN},
    {"show_timeline", N_("show timeline"), MEANING_PLAIN},
    {"list_suspects", N_("suspected duplicates"), MEANING_PLAIN},
    {"merge_dispute", N_("dispute merged"), MEANING_PLAIN},
    {"unmerge_dispute", N_("merge taken back"), MEANING_PLAIN},
    {"propose_dispute", N_("dispute proposed by the system"), MEANING_PLAIN},
    {"suspect_duplicate", N_("may be a duplicate"), MEANING_PLAIN},
    {"absorb_dispute", N_("another one was merged"), MEANING_PLAIN},
    {"absorbed", N_("merged into this one"), MEANING_RECORD},
    {"released", N_("no longer merged into this one"), MEANING_PLAIN},
    {"into", N_("into"), MEANING_PLAIN},
    {"suspects", N_("suspects"), MEANING_PLAIN},
    {"Suspect.reasons", N_("in common"), MEANING_PLAIN},
    {"PersonHit.reasons", N_("in common"), MEANING_PLAIN},
    {"minutes", N_("minutes apart"), MEANING_PLAIN},
    {"linked", N_("linked record"), MEANING_RECORD},
    {"external_office", N_("office elsewhere"), MEANING_PLAIN},
    {"external_at", N_("time elsewhere"), MEANING_TIME},
    {"TIMELINE_SOURCE_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"TIMELINE_SOURCE_ALARM", N_("alarm"), MEANING_PLAIN},
    {"TIMELINE_SOURCE_OUTSIDE_ALARM", N_("alarm elsewhere"), MEANING_PLAIN},
    {"TIMELINE_SOURCE_ACT", N_("act"), MEANING_PLAIN},
    {"SUSPECT_REASON_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"SUSPECT_REASON_PHONE", N_("same telephone"), MEANING_PLAIN},
    {"SUSPECT_REASON_PLACE", N_("same place"), MEANING_PLAIN},
    {"SUSPECT_REASON_PERSON", N_("same person"), MEANING_PLAIN},
    {"SUSPECT_REASON_TIME", N_("close in time"), MEANING_PLAIN},
};
const struct label_group labels_link = LABEL_GROUP(labels);
