/* Verbs: tasks. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/language.h"

static const struct verb verbs[] = {
    {.words = "task add",
     .request = "add_task",
     .positional = "title",
     .required = "title",
     .about = N_("ask an office, a partner or somebody here to do something"),
     .detail =
         N_("without --to-office it is for this office; the asked office sees the task and not the record that it "
            "is about, so say enough, and no names, in the title"),
     .examples = N_("liandong task add --to-office jianshe-community --about JF-2026-000017 --due-at '2026-12-04 "
                    "18:00' 'go and see "
                    "both families'\nliandong task add --to-account 013527 'call back on Monday'")},
    {.words = "task accept",
     .request = "accept_task",
     .positional = "task",
     .required = "task",
     .about = N_("accept a task"),
     .examples = N_("liandong task accept 12\nliandong task accept 12 --answered-by 'community, Ms Zhao'")},
    {.words = "task done",
     .request = "finish_task",
     .positional = "task result",
     .required = "task result",
     .about = N_("say that a task is done, and what came of it"),
     .detail =
         N_("for a partner without a login whoever sees the task enters its answer, and says in --answered-by who "
            "gave it"),
     .examples = N_("liandong task done 12 'both at home, calm'\nliandong task done 12 --answered-by 'community, Ms "
                    "Zhao' 'visited on 3 December'")},
    {.words = "task decline",
     .request = "decline_task",
     .positional = "task reason",
     .required = "task reason",
     .about = N_("decline a task"),
     .examples = N_("liandong task decline 12 'not our area'")},
    {.words = "task cancel",
     .request = "cancel_task",
     .positional = "task reason",
     .required = "task reason",
     .about = N_("cancel a task that this office set"),
     .examples = N_("liandong task cancel 12 'settled meanwhile'")},
    {.words = "task recheck",
     .request = "recheck_task",
     .positional = "task",
     .required = "task",
     .about = N_("confirm that a task was done well, or let it be done again"),
     .examples =
         N_("liandong task recheck 12\nliandong task recheck 12 --redo --reason 'the second family was not seen'")},
    {.words = "task show",
     .request = "show_task",
     .positional = "task",
     .required = "task",
     .about = N_("show one task"),
     .examples = N_("liandong task show RW-2026-000012")},
    {.words = "task history",
     .request = "show_history",
     .record = "task",
     .secrets = "record",
     .positional = "incident",
     .required = "incident",
     .about = N_("show every change of a task"),
     .examples = N_("liandong task history 17")},
    {.words = "task list",
     .request = "list_tasks",
     .about = N_("list tasks, newest first"),
     .examples = N_("liandong task list --mine --open\nliandong task list --overdue -o csv\nliandong task list --about "
                    "JF-2026-000017")},
};
const struct verb_group verbs_task = VERB_GROUP(verbs);
