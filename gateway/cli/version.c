/* version.c - postern version. */
#include "cli/command.h"

#include <stdio.h>

int version_command(const struct command *command)
{
    if (command->json) {
        (void)printf("{\"name\":\"postern\",\"version\":\"%s\"}\n", POSTERN_VERSION);
    } else {
        (void)printf("postern %s\n", POSTERN_VERSION);
    }
    return EXIT_OK;
}
