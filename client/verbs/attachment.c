/* Verbs: attachments and work records. See verbs.h. */
#include "client/verbs/groups.h"
#include "client/attach.h"
#include "client/language.h"

static const struct verb verbs[] = {
    {.words = "attach add",
     .request = "begin_attachment",
     .positional = "record name",
     .required = "record name",
     .secrets = "size sha256",
     .run = attach_add,
     .about = N_("attach a file to a record"),
     .detail = N_("up to 20 MiB; cut off, the same command goes on where it stopped, and the same file is never "
                  "attached twice to one record"),
     .examples = N_("liandong attach add JF-2026-000017 agreement.pdf\nliandong attach add JQ-2026-000123 'photos/door "
                    "1.jpg'")},
    {.words = "attach list",
     .request = "list_attachments",
     .positional = "record",
     .required = "record",
     .about = N_("what is attached to a record"),
     .examples = N_("liandong attach list JF-2026-000017")},
    {.words = "attach get",
     .request = "get_attachment",
     .positional = "attachment",
     .required = "attachment",
     .run = attach_get,
     .flags = attach_get_flag_rows,
     .flag_count = ATTACH_GET_FLAG_ROWS,
     .own_size = sizeof(struct attach_flags),
     .about = N_("fetch an attached file"),
     .detail = N_("never over a file that is there, unless --force; checked by its SHA-256; cut off, the same command "
                  "goes on. Of sensitive records it is written down who fetched what."),
     .examples = N_("liandong attach get 17 --out agreement.pdf")},
    {.words = "journal list",
     .request = "list_journal",
     .positional = "record",
     .about = N_("work records of one record or of all, newest first"),
     .detail = N_("each has a citation: number of the record and its version, such as JF-2026-000017/5. A page of a "
                  "long search may hold few entries and yet not be the last"),
     .examples = N_("liandong journal list JF-2026-000017\nliandong journal list --officer 013527 --from 2026-06-01 "
                    "--until 2026-06-30\nliandong journal list --text mediation -o csv")},
};
const struct verb_group verbs_attachment = VERB_GROUP(verbs);
