#include "client/verbs/groups.h"
#include "client/command.h"
#include "client/schema.h"
#include <string.h>

/* One place to add a noun's file; in this order they stand in the help. */
static const struct verb_group *const groups[] = {
    &verbs_incident, &verbs_dispute,   &verbs_mediation, &verbs_link,      &verbs_person,
    &verbs_alert,    &verbs_transfer,  &verbs_task,      &verbs_deadline,  &verbs_attachment,
    &verbs_figure,   &verbs_directory, &verbs_feed,      &verbs_operation, &verbs_client,
};

const struct verb *verbs_at(size_t index) {
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        if (index < groups[g]->count) return &groups[g]->verbs[index];
        index -= groups[g]->count;
    }
    return NULL;
}

const struct verb *verbs_find(const char *first, const char *second) {
    for (size_t i = 0; verbs_at(i); i++) {
        const char *words = verbs_at(i)->words, *blank = strchr(words, ' ');
        size_t size = blank ? (size_t)(blank - words) : strlen(words);
        if (strlen(first) != size || memcmp(first, words, size) != 0) continue;
        if (!second && !blank) return verbs_at(i);
        if (second && blank && strcmp(blank + 1, second) == 0) return verbs_at(i);
    }
    return NULL;
}

bool verbs_is_noun(const char *word) {
    size_t size = strlen(word);
    for (size_t i = 0; verbs_at(i); i++)
        if (strncmp(verbs_at(i)->words, word, size) == 0 && verbs_at(i)->words[size] == ' ') return true;
    return false;
}

size_t verb_places(const struct verb *verb, struct schema_place *places, size_t most) {
    size_t count = verb->request ? schema_places(schema_type(schema_request(verb->request)), places, most) : 0,
           kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!command_lists(verb->secrets, places[i].field->name)) places[kept++] = places[i];
    return kept;
}

const char *verb_name(const struct verb *verb) {
    const char *blank = strchr(verb->words, ' ');
    return blank ? blank + 1 : verb->words;
}

const struct verb *verbs_of_request(const char *request) {
    for (size_t i = 0; verbs_at(i); i++)
        if (verbs_at(i)->request && request && strcmp(verbs_at(i)->request, request) == 0) return verbs_at(i);
    return NULL;
}
