/* event_query.c - reads the filters and holds events against them. */
#include "realm/event_query.h"

#include "base/mem.h"
#include "wamp/options.h"

#include <stddef.h>

enum { TIMES = 4 };

/* As they are given. */
struct query_words {
    struct event_query query;
    struct str times[TIMES]; /* from, after, before, until; ptr NULL: not given */
};

#define AT(member) offsetof(struct query_words, member)

static const struct option_row query_rows[] = {
    {"reverse", OPTION_BOOL, AT(query.reverse)},
    {"limit", OPTION_U64, AT(query.limit)},
    {"topic", OPTION_STR, AT(query.topic)},
    {"from_time", OPTION_STR, AT(times[0])},
    {"after_time", OPTION_STR, AT(times[1])},
    {"before_time", OPTION_STR, AT(times[2])},
    {"until_time", OPTION_STR, AT(times[3])},
    {"from_publication", OPTION_U64, AT(query.from)},
    {"after_publication", OPTION_U64, AT(query.after)},
    {"before_publication", OPTION_U64, AT(query.before)},
    {"until_publication", OPTION_U64, AT(query.until)},
};

/* Exactly `digits` decimal digits at `at`, which moves on. */
static bool take_number(struct str text, size_t *at, size_t digits, unsigned max, unsigned *out)
{
    unsigned value = 0;
    if (text.len - *at < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = text.ptr[*at + i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(c - '0');
    }
    *at += digits;
    *out = value;
    return value <= max;
}

static bool take_char(struct str text, size_t *at, const char *any)
{
    for (; *any != '\0'; any++) {
        if (*at < text.len && text.ptr[*at] == *any) {
            (*at)++;
            return true;
        }
    }
    return false;
}

/* Days since 1970-01-01 in the Gregorian calendar, for years from 1970. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    static const unsigned before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    uint64_t leaps = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477;
    return (uint64_t)(year - 1970) * 365 + leaps + before[month - 1] + (leap && month > 2 ? 1 : 0) +
           day - 1;
}

static bool take_date(struct str text, size_t *at, uint64_t *out_ms)
{
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (!take_number(text, at, 4, 9999, &year) || !take_char(text, at, "-") ||
        !take_number(text, at, 2, 12, &month) || !take_char(text, at, "-") ||
        !take_number(text, at, 2, 31, &day) || year < 1970 || month == 0 || day == 0) {
        return false;
    }
    *out_ms = days_since_1970(year, month, day) * 86400000;
    return true;
}

static bool take_time(struct str text, size_t *at, uint64_t *out_ms)
{
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    if (!take_number(text, at, 2, 23, &hour) || !take_char(text, at, ":") ||
        !take_number(text, at, 2, 59, &minute) || !take_char(text, at, ":") ||
        !take_number(text, at, 2, 60, &second)) {
        return false;
    }
    *out_ms = ((hour * 60 + minute) * 60 + second) * (uint64_t)1000;
    if (!take_char(text, at, ".")) {
        return true;
    }
    unsigned scale = 100;
    size_t digits = 0;
    unsigned digit = 0;
    while (take_number(text, at, 1, 9, &digit)) {
        *out_ms += (uint64_t)digit * scale;
        scale /= 10;
        digits++;
    }
    return digits > 0;
}

/* Z, or how far the clock on the wall is before (+) or behind (-) UTC. */
static bool take_zone(struct str text, size_t *at, int64_t *out_ms)
{
    unsigned hours = 0;
    unsigned minutes = 0;
    *out_ms = 0;
    if (take_char(text, at, "Zz")) {
        return true;
    }
    bool ahead = take_char(text, at, "+");
    if ((!ahead && !take_char(text, at, "-")) || !take_number(text, at, 2, 23, &hours) ||
        !take_char(text, at, ":") || !take_number(text, at, 2, 59, &minutes)) {
        return false;
    }
    int64_t offset = ((int64_t)hours * 60 + minutes) * 60000;
    *out_ms = ahead ? offset : -offset;
    return true;
}

bool timestamp_parse(struct str text, uint64_t *out_ms)
{
    size_t at = 0;
    uint64_t date = 0;
    uint64_t time = 0;
    int64_t zone = 0;
    if (!take_date(text, &at, &date) || !take_char(text, &at, "Tt ") ||
        !take_time(text, &at, &time) || !take_zone(text, &at, &zone) || at != text.len) {
        return false;
    }
    int64_t sum = (int64_t)(date + time) - zone;
    *out_ms = sum < 0 ? 0 : (uint64_t)sum;
    return true;
}

/* The four timestamps as one range; times are whole milliseconds. */
static bool read_times(struct query_words *words, struct err *err)
{
    static const char *const names[TIMES] = {"from_time", "after_time", "before_time",
                                             "until_time"};
    struct event_query *query = &words->query;
    for (unsigned i = 0; i < TIMES; i++) {
        uint64_t ms = 0;
        if (words->times[i].ptr == NULL) {
            continue;
        }
        if (!timestamp_parse(words->times[i], &ms)) {
            return err_set(err, ERR_INVALID, "%s must be an RFC 3339 timestamp", names[i]);
        }
        ms += i == 1 || i == 3 ? 1 : 0; /* after, until */
        if (i < 2) {
            query->from_ms = ms > query->from_ms ? ms : query->from_ms;
        } else {
            query->before_ms = ms < query->before_ms ? ms : query->before_ms;
        }
    }
    return true;
}

bool event_query_read(struct slice kwargs,
                      struct arena *scratch,
                      struct event_query *out,
                      struct err *err)
{
    struct query_words words = {.query = {.limit = UINT64_MAX, .before_ms = UINT64_MAX}};
    if (!options_read(kwargs, query_rows, COUNT_OF(query_rows), scratch, &words, err) ||
        !read_times(&words, err)) {
        return false;
    }
    if (words.query.limit == 0) {
        return err_set(err, ERR_INVALID, "limit must be a positive integer");
    }
    *out = words.query;
    return true;
}

/* Where the publication is, or the number of events. */
static size_t find_publication(const struct history_events *events, uint64_t publication)
{
    size_t at = 0;
    while (at < events->count && events->items[at]->event.request != publication) {
        at++;
    }
    return at;
}

void event_query_range(const struct event_query *query,
                       const struct history_events *events,
                       size_t *out_first,
                       size_t *out_end)
{
    /* Unknown ones: a lower bound takes everything away, and so does an upper bound. */
    size_t first = 0;
    size_t end = events->count;
    if (query->from != 0) {
        first = find_publication(events, query->from);
    }
    if (query->after != 0) {
        size_t next = find_publication(events, query->after) + 1;
        first = next > first ? next : first;
    }
    if (query->before != 0) {
        size_t at = find_publication(events, query->before);
        end = at == events->count ? 0 : at;
    }
    if (query->until != 0) {
        size_t at = find_publication(events, query->until);
        size_t next = at == events->count ? 0 : at + 1;
        end = next < end ? next : end;
    }
    *out_first = first;
    *out_end = end < first ? first : end;
}

bool event_query_takes(const struct event_query *query, const struct event_copy *copy)
{
    return copy->time_ms >= query->from_ms && copy->time_ms < query->before_ms &&
           (query->topic.ptr == NULL || str_eq(query->topic, copy->topic));
}
