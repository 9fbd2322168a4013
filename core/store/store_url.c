/* store_url.c - what store.url names: a file or a server. */
#include "store/store_inside.h"

static bool is_postgres(struct str url)
{
    return str_starts(url, STR("postgresql://")) || str_starts(url, STR("postgres://"));
}

bool store_url_path(struct str url,
                    struct str data_dir,
                    struct arena *arena,
                    const char **out_path,
                    struct err *err)
{
    *out_path = NULL;
    if (is_postgres(url)) {
        return true;
    }
    if (!str_starts(url, STR("sqlite:"))) {
        return err_set(err, ERR_INVALID,
                       "store.url must begin with \"sqlite:\" or \"postgresql://\"");
    }
    struct str path = str_from(url, STR("sqlite:").len);
    if (path.len > 0 && path.ptr[0] != '/') {
        return err_set(err, ERR_INVALID, "store.url: the path after \"sqlite:\" must be absolute");
    }
    *out_path = path.len > 0 ? arena_cstr(arena, path)
                             : arena_printf(arena, PRISTR "/postern.db", STRARG(data_dir)).ptr;
    return true;
}

struct store_backend *store_url_open(struct str url, struct str data_dir, struct err *err)
{
    struct store_backend *backend = NULL;
    const char *path = NULL;
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    if (store_url_path(url, data_dir, &arena, &path, err)) {
        backend =
            path == NULL ? store_postgres_open(url, err) : store_sqlite_open(str_of(path), err);
    }
    arena_done(&arena);
    return backend;
}
