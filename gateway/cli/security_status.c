/* security_status.c - postern realm security status: "enabled" or "disabled"; with -o what the node
 * has said. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/request.h"

#include <jansson.h>
#include <stdio.h>

int security_status_command(const struct command *command)
{
    struct admin_answer answer = {0};
    enum output_format format = OUTPUT_TABLE;
    int code = request_ask(command, &format, &answer);
    if (code != EXIT_OK) {
        return code;
    }
    if (!json_is_boolean(answer.body)) {
        command_complain("the node's answer does not say whether it is enabled");
        code = EXIT_FAILED;
    } else if (format == OUTPUT_TABLE) {
        (void)puts(json_is_true(answer.body) ? "enabled" : "disabled");
    } else {
        code = output_print(answer.body, format, NULL);
    }
    admin_answer_done(&answer);
    return code;
}
