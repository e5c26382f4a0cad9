#include "common/clock.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_DAY   INT64_C(86400000)
#define MS_ZONE  INT64_C(28800000) /* +08:00 */
#define YEAR_MAX 9999

int64_t clock_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t clock_monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int64_t clock_elapsed_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct date {
    int64_t year;
    int month, day;
};

/* Days since 1970-01-01, proleptic Gregorian, by eras of 400 years that begin on 1 March (H. Hinnant's algorithm). */
static int64_t days_of(struct date d) {
    int64_t year = d.month <= 2 ? d.year - 1 : d.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400, in_era = year - era * 400;
    int64_t in_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct date date_of(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100), month = (5 * in_year + 2) / 153;
    int64_t real_month = month < 10 ? month + 3 : month - 9;
    return (struct date){year + era * 400 + (real_month <= 2), (int)real_month,
                         (int)(in_year - (153 * month + 2) / 5) + 1};
}

static int64_t floor_days(int64_t ms) { return ms / MS_DAY - (ms % MS_DAY < 0); }

/* Whether the year, as seen in the zone, has its four digits. */
static bool is_printable(int64_t ms, int64_t zone) {
    return ms >= days_of((struct date){1, 1, 1}) * MS_DAY - zone &&
           ms < days_of((struct date){YEAR_MAX + 1, 1, 1}) * MS_DAY - zone;
}

static void print(char out[CLOCK_TEXT_SIZE], int64_t ms, int64_t zone, bool utc) {
    if (!is_printable(ms, zone)) {
        snprintf(out, CLOCK_TEXT_SIZE, "-");
        return;
    }
    int64_t local = ms + zone, days = floor_days(local), in_day = local - days * MS_DAY;
    struct date d = date_of(days);
    int second = (int)(in_day / 1000), milli = (int)(in_day % 1000);
    char text[2 * CLOCK_TEXT_SIZE]; /* room for any int, which the compiler must assume */
    snprintf(text, sizeof text, "%04d-%02d-%02d%c%02d:%02d:%02d.%03dZ", (int)d.year, d.month, d.day, utc ? 'T' : ' ',
             second / 3600, second / 60 % 60, second % 60, milli);
    size_t size = strlen(text) - (utc ? 0 : strlen(".123Z"));
    memcpy(out, text, size);
    out[size] = '\0';
}

void clock_print(char out[CLOCK_TEXT_SIZE], int64_t ms) { print(out, ms, MS_ZONE, false); }
void clock_print_utc(char out[CLOCK_TEXT_SIZE], int64_t ms) { print(out, ms, 0, true); }

/* ---- reading: every step looks at *at and moves it on only where it matched */

static bool take(const char **at, const char *word) {
    size_t size = strlen(word);
    if (strncmp(*at, word, size)) return false;
    *at += size;
    return true;
}

static bool take_either(const char **at, const char *ascii, const char *chinese) {
    return take(at, ascii) || take(at, chinese);
}

static void skip_spaces(const char **at) {
    while (take_either(at, " ", "\xe3\x80\x80")) continue; /* and the wide one of Chinese input methods */
}

/* A number of `least` to `most` digits; a further digit is no match. */
static bool take_number(const char **at, int least, int most, int *value) {
    const char *s = *at;
    int digits = 0;
    *value = 0;
    for (; s[digits] >= '0' && s[digits] <= '9'; digits++) {
        if (digits == most) return false;
        *value = *value * 10 + (s[digits] - '0');
    }
    if (digits < least) return false;
    *at += digits;
    return true;
}

static bool valid(struct date d) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d.year < 1 || d.year > YEAR_MAX || d.month < 1 || d.month > 12 || d.day < 1) return false;
    bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;
    return d.day <= days[d.month - 1] + (d.month == 2 && leap);
}

/* Without a year: the last such day that is not in the future, or the first that is not in the past. */
static bool nearest_such_day(struct date *d, int64_t today, bool ahead) {
    d->year = date_of(today).year;
    if (valid(*d) && (ahead ? days_of(*d) >= today : days_of(*d) <= today)) return true;
    d->year += ahead ? 1 : -1;
    return valid(*d);
}

/* What stands between the parts of a date: "2023-06-25", "2023/6/25", "2023.6.25", "2023年6月25日", and also without
 * the year (but not "6.25", which is a number). */
static const struct {
    const char *year, *month, *day, *or_day;
} date_words[] = {{"-", "-", "", ""}, {"/", "/", "", ""}, {".", ".", "", ""}, {"年", "月", "日", "号"}};

static bool take_date(const char **at, int64_t today, bool ahead, int64_t *days) {
    for (size_t i = 0; i < sizeof date_words / sizeof *date_words; i++) {
        struct date d = {0};
        int year = 0;
        const char *s = *at;
        bool has_year = take_number(&s, 4, 4, &year) && take(&s, date_words[i].year);
        if (!has_year) s = *at;
        if (!has_year && date_words[i].month[0] == '.') continue;
        if (!take_number(&s, 1, 2, &d.month) || !take(&s, date_words[i].month) || !take_number(&s, 1, 2, &d.day) ||
            !take_either(&s, date_words[i].day, date_words[i].or_day))
            continue;
        if (!has_year && !nearest_such_day(&d, today, ahead)) return false;
        if (has_year) d.year = year;
        if (!valid(d)) return false;
        *days = days_of(d);
        *at = s;
        return true;
    }
    return false;
}

/* The hour that is meant by one of a part of the day: "下午3点" is 15, "凌晨12点" 0. -1: there is none such. */
static int hour_of(const char *part, int hour) {
    bool late = !strcmp(part, "下午") || !strcmp(part, "傍晚") || !strcmp(part, "晚上");
    if (!*part) return hour;
    if (hour > 12) return late ? hour : -1;
    if (hour == 12)
        return !strcmp(part, "凌晨") ? 0 : !strcmp(part, "晚上") ? -1 : hour; /* this day's end, or the next's? */
    return late || (!strcmp(part, "中午") && hour < 4) ? hour + 12 : hour;
}

/* "20:15", "20:15:03", "20:15:03.123", "20时15分", "20时15分3秒", "20时", "晚上8点半"; part: what was said of the day
 * before, or "" */
static bool take_time(const char **at, const char *part, int64_t *ms) {
    static const char *const parts[] = {"凌晨", "早上", "上午", "中午", "下午", "傍晚", "晚上"};
    int hour, minute = 0, second = 0, milli = 0;
    const char *s = *at;
    for (size_t i = 0; !*part && i < sizeof parts / sizeof *parts; i++)
        if (take(&s, parts[i])) part = parts[i];
    skip_spaces(&s);
    if (!take_number(&s, 1, 2, &hour) || (hour = hour_of(part, hour)) < 0) return false;
    if (take_either(&s, ":", "：")) {
        if (!take_number(&s, 2, 2, &minute)) return false;
        if (take_either(&s, ":", "：")) {
            if (!take_number(&s, 2, 2, &second)) return false;
            if (take(&s, ".") && !take_number(&s, 3, 3, &milli)) return false;
        }
    } else if (take_either(&s, "时", "点")) {
        const char *rest = s;
        if (take(&s, "半")) {
            minute = 30;
        } else if (take_number(&rest, 1, 2, &minute)) {
            if (!take(&rest, "分")) return false;
            s = rest;
            if (take_number(&rest, 1, 2, &second)) {
                if (!take(&rest, "秒")) return false;
                s = rest;
            }
        }
    } else {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000 + milli;
    *at = s;
    return true;
}

/* "Z", "+08:00", "-0530"; where there is none, +08:00. False: malformed. */
static bool take_zone(const char **at, int64_t *zone) {
    int hour, minute, sign = **at == '-' ? -1 : 1;
    *zone = MS_ZONE;
    if (take(at, "Z"))
        *zone = 0;
    else if (take(at, "+") || take(at, "-")) {
        const char *s = *at;
        if (take_number(&s, 2, 2, &hour)) {
            if (!take(&s, ":") || !take_number(&s, 2, 2, &minute)) return false;
        } else {
            if (!take_number(&s, 4, 4, &hour)) return false;
            minute = hour % 100;
            hour /= 100;
        }
        if (hour > 23 || minute > 59) return false;
        *zone = sign * ((int64_t)hour * 60 + minute) * 60000;
        *at = s;
    }
    return true;
}

/* "10m", "10分钟前", "3天前": how long before `now`; "+10m", "3天后", "3天内": how long after it. ahead: so also "10m"
 * and "3天". */
static bool parse_span(int64_t *ms, const char *text, int64_t now, bool ahead) {
    static const struct {
        const char *ascii, *chinese;
        int64_t ms;
    } units[] = {{"s", "秒", 1000},        {"m", "分钟", 60000}, {"h", "小时", 3600000},
                 {"h", "个小时", 3600000}, {"d", "天", MS_DAY},  {"w", "周", 7 * MS_DAY}};
    int count = 0;
    bool said = take(&text, "+"), later = said || ahead, half = !said && take(&text, "半");
    if (!half && !take_number(&text, 1, 6, &count)) return false;
    skip_spaces(&text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const char *rest = text;
        if (take(&rest, units[i].chinese) && !said && (*rest || ahead)) {
            if (*rest) later = !strcmp(rest, "后") || !strcmp(rest, "内");
            if (*rest && !later && strcmp(rest, "前") != 0) return false;
        } else if (half || strcmp(text, units[i].ascii) != 0) {
            continue;
        }
        *ms = now + (later ? 1 : -1) * (half ? units[i].ms / 2 : count * units[i].ms);
        return true;
    }
    return false;
}

/* A day (or none: today) and a time (or none: midnight, and with CLOCK_END that which ends the day). */
static bool parse_day(int64_t *ms, const char *text, int64_t now, enum clock_sense sense) {
    static const struct {
        const char *word;
        int ago;
        const char *part;
    } words[] = {{"今天", 0, ""},      {"昨天", 1, ""},     {"前天", 2, ""},     {"明天", -1, ""},
                 {"后天", -2, ""},     {"今早", 0, "早上"}, {"昨晚", 1, "晚上"}, {"今晚", 0, "晚上"},
                 {"明早", -1, "早上"}, {"明晚", -1, "晚上"}};
    int64_t today = floor_days(now + MS_ZONE), days = today, in_day = 0, zone = MS_ZONE;
    const char *part = "";
    bool dated = false, timed = true;
    for (size_t i = 0; i < sizeof words / sizeof *words && !dated; i++)
        if (take(&text, words[i].word)) {
            days = today - words[i].ago;
            part = words[i].part;
            dated = true;
        }
    bool exact = !dated && take_date(&text, today, sense == CLOCK_AHEAD, &days);
    if (exact && take(&text, "T")) {
        if (!take_time(&text, "", &in_day) || !take_zone(&text, &zone)) return false;
    } else {
        skip_spaces(&text);
        timed = take_time(&text, part, &in_day);
        if (!timed && ((!dated && !exact) || *part)) return false;
        if (timed && exact && !take_zone(&text, &zone)) return false;
    }
    *ms = (days + (!timed && sense == CLOCK_END)) * MS_DAY + in_day - zone;
    return *text == '\0';
}

bool clock_parse_as(int64_t *ms, const char *text, int64_t now, enum clock_sense sense) {
    char trimmed[64];
    skip_spaces(&text);
    size_t size = strlen(text);
    while (size && text[size - 1] == ' ') size--;
    if (size >= sizeof trimmed) return false;
    memcpy(trimmed, text, size);
    trimmed[size] = '\0';
    int64_t value = now;
    bool known = !strcmp(trimmed, "now") || !strcmp(trimmed, "现在") ||
                 parse_span(&value, trimmed, now, sense == CLOCK_AHEAD) || parse_day(&value, trimmed, now, sense);
    known = known && is_printable(value, MS_ZONE); /* "999999d" is before all years */
    if (known) *ms = value;
    return known;
}

bool clock_parse(int64_t *ms, const char *text, int64_t now) { return clock_parse_as(ms, text, now, CLOCK_BACK); }
