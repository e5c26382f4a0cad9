#include "client/labels/groups.h"
#include "client/language.h"

static const struct label labels[] = {
    {"add_task", N_("task set"), MEANING_PLAIN},
    {"accept_task", N_("task accepted"), MEANING_PLAIN},
    {"finish_task", N_("task done"), MEANING_PLAIN},
    {"decline_task", N_("task declined"), MEANING_PLAIN},
    {"cancel_task", N_("task cancelled"), MEANING_PLAIN},
    {"recheck_task", N_("task rechecked"), MEANING_PLAIN},
    {"show_task", N_("show task"), MEANING_PLAIN},
    {"list_tasks", N_("list tasks"), MEANING_PLAIN},
    {"task", N_("task"), MEANING_PLAIN},
    {"tasks", N_("tasks"), MEANING_PLAIN},
    {"task_state", N_("state of the task"), MEANING_PLAIN},
    {"to_account", N_("asked person"), MEANING_PLAIN},
    {"by_proxy", N_("answered for a partner"), MEANING_PLAIN},
    {"mine", N_("mine"), MEANING_PLAIN},
    {"answered_by", N_("who of the partner said so"), MEANING_PLAIN},
    {"declined_at", N_("declined at"), MEANING_TIME},
    {"cancelled_at", N_("cancelled at"), MEANING_TIME},
    {"rechecked_at", N_("rechecked at"), MEANING_TIME},
    {"rechecked_by", N_("rechecked by"), MEANING_PLAIN},
    {"redo", N_("to be done again"), MEANING_PLAIN},
    {"TASK_STATE_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"TASK_STATE_OPEN", N_("task open"), MEANING_PLAIN},
    {"TASK_STATE_ACCEPTED", N_("task accepted"), MEANING_PLAIN},
    {"TASK_STATE_DONE", N_("task done"), MEANING_PLAIN},
    {"TASK_STATE_DECLINED", N_("task declined"), MEANING_PLAIN},
    {"TASK_STATE_CANCELLED", N_("task cancelled"), MEANING_PLAIN},
    {"TASK_STATE_RECHECKED", N_("task rechecked"), MEANING_PLAIN},
};
const struct label_group labels_task = LABEL_GROUP(labels);
