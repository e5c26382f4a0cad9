#include "client/command.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/suggest.h"
#include "client/verbs.h"
#include <string.h>

/* "watch" for "feed watch"; `only`: not where several end so. NULL: nothing does. */
static const char *verb_ending(const char *word, bool only) {
    const char *found = NULL;
    for (size_t i = 0; verbs_at(i); i++) {
        if (!strchr(verbs_at(i)->words, ' ') || !schema_same_word(word, verb_name(verbs_at(i)))) continue;
        if (found) return only ? NULL : found;
        found = verbs_at(i)->words;
    }
    return found;
}

/* "纠纷" for "dispute": the first whose explanation has the word. NULL: none, or it is a letter or two. */
static const char *noun_about(const char *word) {
    for (size_t i = 0; strlen(word) > 3 && nouns_at(i); i++)
        if (strstr(_(nouns_at(i)->about), word)) return nouns_at(i)->word;
    return NULL;
}

/* "agree" for "agreement". NULL: none, or several. */
static const char *noun_beginning(const char *word) {
    const char *found = NULL;
    for (size_t i = 0; nouns_at(i); i++) {
        if (strncmp(nouns_at(i)->word, word, strlen(word)) != 0) continue;
        if (found) return NULL;
        found = nouns_at(i)->word;
    }
    return strlen(word) > 1 ? found : NULL;
}

const char *command_nearest(const char *noun, const char *word, struct arena *arena) {
    struct suggest near;
    suggest_begin(&near, word);
    for (size_t i = 0; verbs_at(i); i++) {
        const char *words = verbs_at(i)->words, *blank = strchr(words, ' ');
        if (words[0] == '_') continue;
        if (!noun) {
            size_t size = blank ? (size_t)(blank - words) : strlen(words);
            const char *first = arena_copy(arena, words, size);
            if (first) suggest_offer(&near, first);
        } else if (blank && strncmp(words, noun, (size_t)(blank - words)) == 0 && noun[blank - words] == '\0') {
            suggest_offer(&near, blank + 1);
        }
    }
    const char *ending = verb_ending(word, noun != NULL);
    if (noun && near.best) return arena_printf(arena, "%s %s", noun, near.best);
    if (ending || noun) return ending;
    if (noun_beginning(word)) return noun_beginning(word);
    return near.best ? near.best : noun_about(word);
}
