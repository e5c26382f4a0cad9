#include "client/language.h"
#include "client/host.h"
#include "common/errno_text.h"
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATALOGUE "liandong"

/* A folder that holds the catalogue: where the environment says, beside the program (build tree), where it was
 * installed. */
static bool bind_folder(const char *folder) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/zh_CN/LC_MESSAGES/" CATALOGUE ".mo", folder);
    if (length < 0 || (size_t)length >= sizeof path) return false;
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    fclose(file);
    return bindtextdomain(CATALOGUE, folder) != NULL;
}

static void bind_catalogue(void) {
    const char *chosen = getenv("LIANDONG_LOCALEDIR");
    if (chosen && *chosen && bind_folder(chosen)) return;
    char program[3072];
    if (host_program_folder(program, sizeof program)) {
        char path[3200];
        snprintf(path, sizeof path, "%s/locale", program);
        if (bind_folder(path)) return;
        snprintf(path, sizeof path, "%s/../share/locale", program);
        if (bind_folder(path)) return;
    }
    bind_folder(LIANDONG_LOCALEDIR);
}

static bool environment_is_chinese(void) {
    static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value) continue;
        return strncmp(value, "zh", 2) == 0 || strcmp(value, "C") == 0 || strncmp(value, "C.", 2) == 0 ||
               strcmp(value, "POSIX") == 0;
    }
    return true;
}

static bool choose(const char *choice) {
    if (choice && strcmp(choice, "zh") == 0) return true;
    if (choice && strcmp(choice, "en") == 0) return false;
    return environment_is_chinese();
}

bool language_is_chinese(void) {
    const char *language = getenv("LANGUAGE");
    return language && strncmp(language, "zh", 2) == 0;
}

/* The system's own words are English once language_start has chosen it: no catalogue of the C library is named "en". */
const char *language_errno(int number) { return language_is_chinese() ? errno_text(number) : strerror(number); }

void language_start(const char *choice) {
    /* The environment is read before LANGUAGE is set below; on a second call without a choice the first one stands. */
    static bool started;
    bool chinese =
        started && (!choice || !*choice || strcmp(choice, "auto") == 0) ? language_is_chinese() : choose(choice);
    started = true;
    /* Only these two: LC_NUMERIC stays C, or 27.9 would not be read as a number in some places. */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
    const char *messages = setlocale(LC_MESSAGES, "");
    if (!messages || strcmp(messages, "C") == 0 || strcmp(messages, "POSIX") == 0) setlocale(LC_MESSAGES, "C.UTF-8");
    setenv("LANGUAGE", chinese ? "zh_CN" : "en", 1);
    bind_catalogue();
    bind_textdomain_codeset(CATALOGUE, "UTF-8");
    textdomain(CATALOGUE); /* also makes gettext forget what it looked up in the other language */
}
