#include "cli/output.h"

#include "base/buf.h"
#include "base/mem.h"
#include "cli/display.h"
#include "cli/table.h"
#include "cli/yaml.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUTPUT_MAX = 1 << 30 };

bool output_format(const struct command *command,
                   enum output_format fallback,
                   enum output_format *out)
{
    static const struct str names[] = {
        [OUTPUT_TABLE] = STR_INIT("table"),
        [OUTPUT_JSON] = STR_INIT("json"),
        [OUTPUT_YAML] = STR_INIT("yaml"),
    };
    *out = fallback;
    if (command->output == NULL) {
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(names[i], str_of(command->output))) {
            *out = (enum output_format)i;
            return true;
        }
    }
    command_complain("-o is table, json or yaml, not %s", command->output);
    return false;
}

static void put_json(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
    display_append_json(out, str_of(text));
    (void)buf_byte(out, '\n');
    free(text);
}

int output_print(const json_t *value, enum output_format format, const char *columns)
{
    struct buf text;
    buf_init(&text, OUTPUT_MAX);
    if (format == OUTPUT_JSON) {
        put_json(&text, value);
    } else if (format == OUTPUT_YAML) {
        yaml_write(&text, value);
    } else if (json_is_array(value) && columns != NULL) {
        table_write(&text, value, columns);
    } else {
        table_write_one(&text, value);
    }
    bool ok =
        !text.full && fwrite(text.ptr == NULL ? "" : text.ptr, 1, text.len, stdout) == text.len;
    buf_done(&text);
    if (!ok || fflush(stdout) != 0) {
        command_complain("the output cannot be written");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}
