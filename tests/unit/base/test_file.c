/* test_file.c - whole files, read and written. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LARGE = 200000 };

static char folder[] = "/tmp/postern-file-XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void what_was_written_is_read(void **state)
{
    struct buf large;
    struct buf read;
    struct err err = {0};
    (void)state;
    buf_init(&large, LARGE);
    while (buf_append(&large, STR("0123456789"))) {
    }
    assert_true(file_write_private(path, buf_str(&large), &err));
    buf_init(&read, LARGE);
    assert_true(file_read(path, &read, &err));
    assert_true(str_eq(buf_str(&read), buf_str(&large)));
    buf_done(&read);
    buf_done(&large);
}

static void a_written_file_is_its_owners_even_if_it_was_not_before(void **state)
{
    struct stat about;
    struct err err = {0};
    (void)state;
    assert_true(file_write_private(path, STR("a"), &err));
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(file_write_private(path, STR("b"), &err));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_size, 1);
}

static void a_file_larger_than_the_bound_is_refused(void **state)
{
    struct buf small;
    struct err err = {0};
    (void)state;
    assert_true(file_write_private(path, STR("0123456789"), &err));
    buf_init(&small, 9);
    assert_false(file_read(path, &small, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_done(&small);
}

static void a_missing_file_is_not_found(void **state)
{
    struct buf out;
    struct err err = {0};
    (void)state;
    buf_init(&out, 10);
    assert_false(file_read("/nonexistent/file", &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(file_write_private("/nonexistent/file", STR("a"), &err));
    assert_false(file_read("/", &out, &err));
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_written_file_is_its_owners_even_if_it_was_not_before),
        cmocka_unit_test(a_file_larger_than_the_bound_is_refused),
        cmocka_unit_test(a_missing_file_is_not_found),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
