/* duration.c - times as people write them. */
#include "cli/duration.h"

#include "base/mem.h"

#define YEAR_MS (UINT64_C(366) * 24 * 3600 * 1000)

static const struct unit {
    struct str name;
    uint64_t ms;
} units[] = {
    {STR_INIT("ms"), 1},
    {STR_INIT("s"), 1000},
    {STR_INIT("m"), 60000},
    {STR_INIT("h"), 3600000},
};

bool duration_read(struct str text, uint64_t bare_ms, uint64_t *out_ms)
{
    size_t digits = 0;
    uint64_t number = 0;
    uint64_t each = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
        digits++;
    }
    struct str unit = str_from(text, digits);
    if (unit.len == 0) {
        each = bare_ms;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (str_eq(unit, units[i].name)) {
            each = units[i].ms;
        }
    }
    if (each == 0 || !str_to_u64(str_sub(text, 0, digits), &number) || number > YEAR_MS / each) {
        return false;
    }
    *out_ms = number * each;
    return true;
}
