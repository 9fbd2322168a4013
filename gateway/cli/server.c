#include "cli/server.h"

#include <stdio.h>
#include <stdlib.h>

const char *server_env(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
    return value == NULL || value[0] == '\0' ? NULL : value;
}

struct str server_url(const struct command *command)
{
    const char *url = command->url != NULL ? command->url : server_env("POSTERN_URL");
    struct str base = str_of(url != NULL ? url : "http://127.0.0.1:18081");
    while (str_ends(base, STR("/"))) {
        base.len--;
    }
    return base;
}

void server_complain(struct str url, const struct err *err)
{
    if (err->code == ERR_INVALID) {
        command_complain(PRISTR ": %s", STRARG(url), err->text);
        (void)fputs("  --url or POSTERN_URL is where the admin listener is, as "
                    "http://127.0.0.1:18081\n",
                    stderr);
        return;
    }
    command_complain("%s", err->text); /* which names the server */
    if (err->code == ERR_UNAVAILABLE) {
        (void)fputs("  is a node running there? postern serve starts one; --url or POSTERN_URL "
                    "says where it is\n",
                    stderr);
    }
}
