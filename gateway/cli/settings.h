/* settings.h - the node's settings from a command's options, file and environment. */
#ifndef POSTERN_CLI_SETTINGS_H
#define POSTERN_CLI_SETTINGS_H

#include "base/buf.h"
#include "cli/command.h"
#include "conf/conf.h"

#include <stdbool.h>

/* What settings_load gave to conf_load: stays until the node is gone. */
struct settings {
    struct conf conf;
    struct conf_source source;
    const char *sets[COMMAND_LIST_MAX + 8];
    struct buf data_set;
};

/* Prints every mistake and warning. False: `out` holds nothing. */
bool settings_load(const struct command *command, struct settings *out);
void settings_done(struct settings *settings);

#endif
