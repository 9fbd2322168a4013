/* admin.c - postern admin reset-password: offline, on a node's own data directory. */
#include "base/log.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "node/node.h"

#include <stdio.h>

int admin_reset_password_command(const struct command *command)
{
    struct settings settings;
    struct err err = {0};
    if (!settings_load(command, &settings)) {
        return EXIT_INVALID;
    }
    bool ok = node_reset_admin(&settings.conf, &err);
    settings_done(&settings);
    if (!ok) {
        command_complain("%s", err.text);
        return command_exit_code(err.code);
    }
    (void)fputs("the administrator (user admin) has a new password\n", stderr);
    return EXIT_OK;
}
