/* links: zlib */
/* test_gunzip.c - what is inflated is what was deflated, whole and no more than fits. */
#include "base/mem.h"
#include "ui/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* gzip of "hello, hello, hello\n" by gzip -9n */
static const char hello[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2"
    "\xb8\x00\xe7\x42\x6e\x52\x14\x00\x00\x00";
#define HELLO str_make(hello, sizeof(hello) - 1)

static bool inflates(struct str bytes, size_t max, const char *text)
{
    struct buf out;
    buf_init(&out, max);
    bool ok = gunzip(bytes, &out);
    assert_true(!ok || str_eq(buf_str(&out), str_of(text)));
    buf_done(&out);
    return ok;
}

static void what_was_zipped_comes_back(void **state)
{
    (void)state;
    assert_true(inflates(HELLO, 4096, "hello, hello, hello\n"));
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    assert_false(inflates(HELLO, 10, ""));
}

static void what_is_cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < HELLO.len; len++) {
        assert_false(inflates(str_sub(HELLO, 0, len), 4096, ""));
    }
}

static void what_is_something_else_is_refused(void **state)
{
    char broken[sizeof(hello)];
    (void)state;
    assert_false(inflates(STR("no gzip at all"), 4096, ""));
    memcpy(broken, hello, sizeof(broken));
    broken[sizeof(broken) - 6] = (char)(broken[sizeof(broken) - 6] ^ 1); /* of the checksum */
    assert_false(inflates(str_make(broken, sizeof(broken) - 1), 4096, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_zipped_comes_back),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(what_is_something_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
