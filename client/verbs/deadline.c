/* Verbs: deadlines and the calendar of working days. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/language.h"

static const struct verb verbs[] = {
    {.words = "deadline list",
     .request = "list_deadlines",
     .about = N_("list deadlines, the earliest due first; of one record all that it ever had"),
     .examples = N_("liandong deadline list --overdue\nliandong deadline list --near --office yts\nliandong deadline "
                    "list --about JF-2026-000017")},
    {.words = "deadline trust",
     .request = "trust_time",
     .positional = "reason",
     .required = "reason",
     .about = N_("confirm that the clock of the database's machine is right, after it leapt ahead"),
     .detail = N_("When that clock leaps ahead, nothing is due until it has stood for a while, or is set right. Check "
                  "the time first: if it is wrong, correct it instead."),
     .examples = N_("liandong deadline trust 'the machine had lost its time and was set by hand'")},
    {.words = "calendar import",
     .request = "import_calendar",
     .positional = "days",
     .required = "days",
     .about = N_("enter holidays and the weekend days worked for them; again and again changes nothing"),
     .detail =
         N_("One line a day: the day, 班 (worked) or 休 (off), the name. Days that are not named are worked from "
            "Monday to Friday. Deadlines in working days that still run are worked out again. UTF-8 or GBK, as Excel "
            "saves it."),
     .examples = N_("liandong calendar import - < 2027.csv\nliandong calendar import '2027-02-06,休,春节'")},
    {.words = "calendar list",
     .request = "list_calendar",
     .positional = "year",
     .about = N_("list holidays and the weekend days worked for them"),
     .examples = N_("liandong calendar list\nliandong calendar list 2027")},
};
const struct verb_group verbs_deadline = VERB_GROUP(verbs);
