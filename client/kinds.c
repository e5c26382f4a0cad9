#include "client/kinds.h"
#include "client/labels.h"
#include "client/schema.h"
#include "client/verbs.h"
#include <stdio.h>
#include <string.h>

static const char *const by_itself[] = {
    "deadline_near", "deadline_breached", "propose_dispute", "warn_dispute",      "absorb_dispute",  "escalate_alert",
    "remind_alert",  "expire_alert",      "supersede_alert", "suspect_duplicate", "redeliver_alert", "settle_alert",
};
#define BY_ITSELF (sizeof by_itself / sizeof *by_itself)

/* Events are the traces of writes. NULL: not of this verb. */
static const char *kind_of(const struct verb *verb) {
    return verb->request && schema_writes(schema_request(verb->request)) ? verb->request : NULL;
}

static size_t take(const char *names[KINDS_OF_WORD], size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return count;
    if (count < KINDS_OF_WORD) names[count++] = name;
    return count;
}

size_t kinds_named(const char *word, const char *names[KINDS_OF_WORD]) {
    size_t count = 0;
    for (size_t i = 0; verbs_at(i); i++) {
        const struct verb *verb = verbs_at(i);
        const char *kind = kind_of(verb);
        if (kind && (schema_same_word(word, kind) || schema_same_word(word, verb->words) ||
                     schema_same_word(word, verb_name(verb)) || schema_same_word(word, label_name(kind))))
            count = take(names, count, kind);
    }
    for (size_t i = 0; i < BY_ITSELF; i++)
        if (schema_same_word(word, by_itself[i]) || schema_same_word(word, label_name(by_itself[i])))
            count = take(names, count, by_itself[i]);
    return count;
}

void kinds_suggest(struct suggest *near) {
    for (size_t i = 0; verbs_at(i); i++) {
        const char *kind = kind_of(verbs_at(i));
        if (!kind) continue;
        suggest_offer(near, verb_name(verbs_at(i)));
        suggest_offer(near, label_name(kind));
    }
    for (size_t i = 0; i < BY_ITSELF; i++) suggest_offer(near, label_name(by_itself[i]));
}

void kinds_examples(char *out, size_t room) {
    static const struct {
        const char *word, *kind;
    } examples[] = {
        {"report", "report_incident"},
        {"note", "note_incident"},
        {"dispute open", "open_dispute"},
        {"alert raise", "raise_alert"},
        {"deadline-breached", "deadline_breached"},
    };
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof examples / sizeof *examples && used < room; i++) {
        int n = snprintf(out + used, room - used, "%s%s %s", used ? ", " : "", examples[i].word,
                         label_name(examples[i].kind));
        used += n > 0 ? (size_t)n : 0;
    }
}
