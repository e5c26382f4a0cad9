/* Verbs: the feed. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/language.h"
#include "client/watch.h"

static const struct verb verbs[] = {
    {.words = "feed watch",
     .request = "watch_feed",
     .run = watch_run,
     .flags = watch_flag_rows,
     .flag_count = WATCH_FLAG_ROWS,
     .own_size = sizeof(struct watch_flags),
     .about = N_("watch what happens, live, and go on where you left off"),
     .examples =
         N_("liandong feed watch\nliandong feed watch --level-at-least urgent --bell\nliandong feed watch --from-start "
            "--no-follow -o ndjson\nliandong feed watch --class dispute,extreme-threat --kind report,note"),
     .detail = N_("The place in the feed is kept for each profile, server and filter; the next watch goes on from "
                  "there. Without a kept place it begins now, with --from-start at the beginning. "
                  "With -o ndjson each line is one message: a delivery {cursor, prev, event}, {cursor, live} when "
                  "everything so far was told, {reason} and {incidents} when the history was cut and a snapshot "
                  "follows. Ctrl-C ends the watch, with exit code 130.")},
    {.words = "feed verify",
     .request = "verify_feed",
     .about = N_("check that the record of all changes is intact"),
     .examples = N_("liandong feed verify")},
};
const struct verb_group verbs_feed = VERB_GROUP(verbs);
