/* Time: UTC inside, +08:00 for people (China has one zone and no daylight saving, so no zone table is needed).
 * Floor 1 (common). */
#ifndef LIANDONG_COMMON_CLOCK_H
#define LIANDONG_COMMON_CLOCK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 32

/* ms since 1970-01-01 UTC. For what people see and what is stored; never for measuring. */
int64_t clock_now_ms(void);
/* us since some start, never goes back. For deadlines and measuring. */
uint64_t clock_monotonic_us(void);
/* ms since some start, never goes back, and goes on while the machine sleeps: to hold another machine's clock against.
 */
int64_t clock_elapsed_ms(void);
/* "2023-06-25 20:15:03" in +08:00. Years 0001 to 9999; others print as "-". */
void clock_print(char out[CLOCK_TEXT_SIZE], int64_t ms);
/* "2023-06-25T12:15:03.123Z". */
void clock_print_utc(char out[CLOCK_TEXT_SIZE], int64_t ms);
/* Reads what people type, in +08:00 where no zone is given: "2023-06-25", "2023/6/25", "2023-06-25 20:15[:03]",
 * "2023-06-25T12:15:03Z", "2023-06-25T20:15:03+08:00", "2023年6月25日 20时15分", "6月25日 20:15", "06-25 20:15" (the
 * last one), "20:15", "晚上8点半" (today), "now"/"现在", "昨天 20:15", "昨晚10点", "明天 18:00", "10m"/"10分钟前",
 * "2h"/"2小时前", "半小时前", "3d"/"3天前" (before `now`), "+3d"/"3天后" (after it). False where it is none of these.
 */
bool clock_parse(int64_t *ms, const char *text, int64_t now);
/* What a time is for says how it is meant. */
enum clock_sense {
    CLOCK_BACK,  /* what has happened: clock_parse */
    CLOCK_AHEAD, /* what is to happen: "3d" is three days from `now`, "12月31日" the next one */
    CLOCK_END    /* the end of a period: a day without a time of day ends with it */
};
bool clock_parse_as(int64_t *ms, const char *text, int64_t now, enum clock_sense sense);
#endif
