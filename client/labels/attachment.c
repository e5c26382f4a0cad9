#include "client/labels/groups.h"
#include "client/language.h"

static const struct label labels[] = {
    {"begin_attachment", N_("begin attachment"), MEANING_PLAIN},
    {"put_chunk", N_("send part of an attachment"), MEANING_PLAIN},
    {"list_attachments", N_("list attachments"), MEANING_PLAIN},
    {"get_attachment", N_("fetch attachment"), MEANING_PLAIN},
    {"get_chunk", N_("fetch part of an attachment"), MEANING_PLAIN},
    {"list_journal", N_("list work records"), MEANING_PLAIN},
    {"attached", N_("file attached"), MEANING_PLAIN},
    {"attachment", N_("attachment"), MEANING_PLAIN},
    {"attachments", N_("attachments"), MEANING_PLAIN},
    {"BeginAttachment.record", N_("record"), MEANING_RECORD},
    {"AttachmentRecord.record", N_("record"), MEANING_RECORD},
    {"ListAttachments.record", N_("record"), MEANING_RECORD},
    {"ListJournal.record", N_("record"), MEANING_RECORD},
    {"BeginAttachment.name", N_("file"), MEANING_PLAIN},
    {"AttachmentRecord.name", N_("file"), MEANING_PLAIN},
    {"media_type", N_("media type"), MEANING_PLAIN},
    {"size", N_("size in bytes"), MEANING_PLAIN},
    {"sha256", N_("SHA-256 of the file"), MEANING_PLAIN},
    {"received", N_("bytes received"), MEANING_PLAIN},
    {"complete", N_("complete"), MEANING_PLAIN},
    {"begun_at", N_("begun at"), MEANING_TIME},
    {"attached_at", N_("attached at"), MEANING_TIME},
    {"chunk", N_("bytes of a part"), MEANING_PLAIN},
    {"offset", N_("go on from byte"), MEANING_PLAIN},
    {"bytes", N_("bytes"), MEANING_PLAIN},
    {"cite", N_("citation"), MEANING_PLAIN},
    {"JournalEntry.fields", N_("fields changed"), MEANING_FIELD},
};
const struct label_group labels_attachment = LABEL_GROUP(labels);
