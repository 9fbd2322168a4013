#include "cli/settings.h"

#include "base/mem.h"

#include <stdio.h>

extern char **environ;

/* --demo binds loopback where nothing else was said. */
static const char *const demo_sets[] = {
    "gateway.listen=127.0.0.1:18080",
    "rawsocket.listen=127.0.0.1:18082",
};

static bool load(struct settings *settings)
{
    struct conf_problems problems;
    struct buf text;
    conf_problems_init(&problems);
    buf_init(&text, 1 << 20);
    bool ok = conf_load(&settings->source, &settings->conf, &problems);
    conf_problems_print(&problems, &text);
    (void)fprintf(stderr, PRISTR, STRARG(buf_str(&text)));
    buf_done(&text);
    conf_problems_done(&problems);
    return ok;
}

bool settings_load(const struct command *command, struct settings *out)
{
    size_t count = 0;
    *out = (struct settings){0};
    buf_init(&out->data_set, 8192);
    if (command->demo) { /* before the user's own, which win */
        for (size_t i = 0; i < COUNT_OF(demo_sets); i++) {
            out->sets[count++] = demo_sets[i];
        }
    }
    if (command->data != NULL) {
        (void)buf_printf(&out->data_set, "data.dir=%s%c", command->data, '\0');
        out->sets[count++] = out->data_set.ptr;
    }
    for (size_t i = 0; i < command->sets.count; i++) {
        out->sets[count++] = command->sets.items[i];
    }
    out->source = (struct conf_source){
        .file = command->config, .sets = out->sets, .set_count = count, .env = environ};
    if (!load(out)) {
        buf_done(&out->data_set);
        return false;
    }
    return true;
}

void settings_done(struct settings *settings)
{
    conf_done(&settings->conf);
    buf_done(&settings->data_set);
}
