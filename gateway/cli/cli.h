/* cli.h - the command line: one table of commands, one of options. */
#ifndef POSTERN_CLI_CLI_H
#define POSTERN_CLI_CLI_H

int cli_main(int argc, char **argv);

#endif
