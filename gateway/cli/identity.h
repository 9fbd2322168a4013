/* identity.h - how a command proves who it is: --authmethod, and a secret from the environment or a
 * file, never from the command line. */
#ifndef POSTERN_CLI_IDENTITY_H
#define POSTERN_CLI_IDENTITY_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"

struct identity {
    struct str methods; /* as client_options has them */
    struct buf secret;
};

/* False: a file cannot be read, or what a method needs is not there. */
bool identity_read(const struct command *command, struct identity *out, struct err *err);
void identity_forget(struct identity *identity);

#endif
