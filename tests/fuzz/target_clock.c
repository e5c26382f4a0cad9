/* Times as people type them. Input: choice of "now", text. */
#include "fuzz.h"
#include "common/clock.h"
#include <stdlib.h>
#include <string.h>

static const int64_t nows[] = {1687695303000, 0, -62135596800000, 253402271999000, 951782400000};

/* 0001-01-01 to 9999-12-31 as seen in +08:00: what clock_print can print. */
#define FIRST_MS (-62135596800000 - 28800000)
#define LAST_MS  (253402300799999 - 28800000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int64_t now = nows[fuzz_take(&data, &size) % (sizeof nows / sizeof nows[0])], ms = 0, back = 0;
    char print[CLOCK_TEXT_SIZE], *text = fuzz_copy(data, size, true);
    if (clock_parse(&ms, text, now)) {
        fuzz_require(ms >= FIRST_MS && ms <= LAST_MS, "what can be read can be printed");
        clock_print(print, ms);
        fuzz_require(clock_parse(&back, print, now), "what is printed can be read");
        fuzz_require(back <= ms && ms - back < 1000, "to the second");
        clock_print_utc(print, ms);
        if (strcmp(print, "-") != 0)
            fuzz_require(clock_parse(&back, print, now) && back == ms, "UTC keeps milliseconds");
    }
    if (size >= sizeof ms) {
        memcpy(&ms, data, sizeof ms);
        clock_print(print, ms);
        fuzz_require((strcmp(print, "-") == 0) == (ms < FIRST_MS || ms > LAST_MS), "years 1 to 9999 are printed");
        clock_print_utc(print, ms);
    }
    free(text);
    return 0;
}
