/* serve.c - postern serve: settings in, a node out. */
#include "base/log.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "node/node.h"

int serve_command(const struct command *command)
{
    struct settings settings;
    struct err err = {0};
    if (!settings_load(command, &settings)) {
        return EXIT_INVALID;
    }
    log_setup((enum log_level)settings.conf.log.level, (enum log_format)settings.conf.log.format);
    struct node *node = node_new(&(struct node_options){.conf = &settings.conf,
                                                        .source = settings.source,
                                                        .demo = command->demo},
                                 &err);
    int code = EXIT_FAILED;
    if (node == NULL) {
        log_error("cannot start", KV_ERR(&err));
        code = err.code == ERR_INVALID ? EXIT_INVALID : EXIT_FAILED;
    } else {
        code = node_run(node);
    }
    node_free(node);
    settings_done(&settings);
    return code;
}
