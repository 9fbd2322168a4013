/* main.c - the program is its command line; `serve` is the node. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
