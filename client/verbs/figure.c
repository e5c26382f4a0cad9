/* Verbs: figures. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/figure.h"
#include "client/language.h"

#define FIGURE                                                                                                         \
    .run = figure_run, .flags = figure_flag_rows, .flag_count = FIGURE_FLAG_ROWS,                                      \
    .own_size = sizeof(struct figure_flags)

static const struct verb verbs[] = {
    {.words = "report joint",
     .request = "report_joint",
     FIGURE,
     .about = N_("disputes that police and judicial office handled together"),
     .detail = N_("counted once both sides of a pairing have acted since it began; of merged disputes the one that "
                  "remains, never an exercise. With --asof a figure comes out as it was known then, whenever it is "
                  "asked for"),
     .examples = N_("liandong report joint\nliandong report joint --asof '2026-07-01 00:00'\nliandong report joint "
                    "--office ytp --list -o csv")},
    {.words = "report sessions",
     .request = "report_sessions",
     .positional = "dispute",
     FIGURE,
     .about = N_("mediation sessions of a dispute, or of all, by when they were held"),
     .detail = N_("counted by the day of the session in China, whenever it was written down; --list shows both "
                  "moments. Each session is a round of its dispute; of merged disputes all are the remaining one's. "
                  "--office counts those that it held and those on disputes that it entered"),
     .examples = N_("liandong report sessions 17 --from 2026-03-01 --until 2026-03-31\nliandong report sessions 17 "
                    "--list\nliandong report sessions --office yts --from 2026-06-01 -o csv")},
    {.words = "report transfers",
     .request = "report_transfers",
     FIGURE,
     .about = N_("how long each leg of transfers takes"),
     .examples =
         N_("liandong report transfers --from 2026-06-01 --until 2026-06-30\nliandong report transfers --list")},
    {.words = "report alerts",
     .request = "report_alerts",
     FIGURE,
     .about = N_("how soon alerts are acknowledged"),
     .detail = N_("the row without seconds counts those that nobody has acknowledged; exercises and tests are in none"),
     .examples = N_("liandong report alerts --from 2026-06-01\nliandong report alerts --office yts --list")},
};
const struct verb_group verbs_figure = VERB_GROUP(verbs);
