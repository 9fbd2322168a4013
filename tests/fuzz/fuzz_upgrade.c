/* links: transport */
/* fuzz_upgrade.c - the head of a request on /ws: what is accepted is what it seems to be. */
#include "transport/upgrade_head.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    struct upgrade_rules rules = {.own_origin = size % 2 == 1};
    size_t end = upgrade_head_end(bytes, 0);
    if (end == 0) {
        return 0;
    }
    struct upgrade_verdict verdict = upgrade_judge(str_sub(bytes, 0, end), &rules);
    if (verdict.status != UPGRADE_ACCEPTED) {
        return verdict.status >= 400 && verdict.status < 600 && verdict.detail != NULL
                   ? 0
                   : (abort(), 0);
    }
    if (memchr(data, '\0', end) != NULL || memcmp(data, "GET /ws", 7) != 0) {
        abort();
    }
    return 0;
}
