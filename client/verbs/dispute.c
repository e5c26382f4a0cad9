/* Verbs: disputes. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/language.h"

static const struct verb verbs[] = {
    {.words = "dispute open",
     .request = "open_dispute",
     .positional = "title",
     .required = "type title",
     .about = N_("register a dispute"),
     .detail = N_("the title stands in every line and every list: no names and numbers in it; what happened goes into "
                  "--content"),
     .examples =
         N_("liandong dispute open --type neighbor --place '12 Jianshe Road' 'water from upstairs'\nliandong dispute "
            "open --type marriage-family --warning orange --content - 'quarrel about custody' < account.txt")},
    {.words = "dispute show",
     .request = "show_dispute",
     .positional = "dispute",
     .required = "dispute",
     .about = N_("show one dispute"),
     .examples = N_("liandong dispute show JF-2026-000017\nliandong dispute show 17 -o json")},
    {.words = "dispute list",
     .request = "list_disputes",
     .about = N_("list disputes, newest first"),
     .examples =
         N_("liandong dispute list --open --warning red,orange\nliandong dispute list --lead-office yts -o csv")},
    {.words = "dispute note",
     .request = "note_dispute",
     .positional = "dispute note",
     .required = "dispute note",
     .about = N_("add a work note to a dispute"),
     .examples = N_("liandong dispute note 17 'both families heard separately, they will come on Friday'")},
    {.words = "dispute history",
     .request = "show_history",
     .record = "dispute",
     .secrets = "record",
     .positional = "incident",
     .required = "incident",
     .about = N_("show every change of a dispute"),
     .examples = N_("liandong dispute history 17")},
};
const struct verb_group verbs_dispute = VERB_GROUP(verbs);
