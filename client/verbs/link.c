/* Verbs: what belongs to a dispute. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/language.h"

static const struct verb verbs[] = {
    {.words = "dispute link",
     .request = "link_incident",
     .positional = "dispute incident",
     .required = "dispute",
     .about = N_("link a dispute to an incident, ours or another jurisdiction's"),
     .detail = N_("of an incident elsewhere say its number there, the office, when it was, and why it belongs here: "
                  "--external-no, --external-office, --external-at, --reason"),
     .examples = N_("liandong dispute link 17 JQ-2026-000123\nliandong dispute link 17 --external-no A2023-0311 "
                    "--external-office 'Yuhu police station' --external-at '2023-03-11 20:10' --reason 'same couple'")},
    {.words = "dispute unlink",
     .request = "unlink_incident",
     .positional = "dispute incident",
     .required = "dispute reason",
     .about = N_("take back a link of a dispute"),
     .examples = N_("liandong dispute unlink 17 JQ-2026-000123 --reason 'another flat'")},
    {.words = "dispute timeline",
     .request = "show_timeline",
     .positional = "dispute",
     .required = "dispute",
     .about = N_("all alarms and acts of a dispute, oldest first"),
     .examples = N_("liandong dispute timeline 17\nliandong dispute timeline 17 --limit 500 -o csv")},
    {.words = "dispute suspects",
     .request = "list_suspects",
     .positional = "dispute",
     .required = "dispute",
     .about = N_("what may be the same matter, and why: at most ten"),
     .examples = N_("liandong dispute suspects 17")},
    {.words = "dispute merge",
     .request = "merge_dispute",
     .positional = "dispute",
     .required = "dispute into reason",
     .about = N_("two disputes are one: join the first to the second"),
     .examples = N_("liandong dispute merge 19 --into 17 --reason 'the same two families'")},
    {.words = "dispute unmerge",
     .request = "unmerge_dispute",
     .positional = "dispute",
     .required = "dispute reason",
     .about = N_("take a merge of disputes back: both are exactly as before"),
     .examples = N_("liandong dispute unmerge 19 --reason 'another neighbour'")},
};
const struct verb_group verbs_link = VERB_GROUP(verbs);
