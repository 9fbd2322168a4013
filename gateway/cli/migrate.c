/* migrate.c - postern migrate: offline, on the store that the settings name. */
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "crypto/hash.h"
#include "node/node.h"
#include "store/store_offline.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char in_data_dir[] = "sqlite:";

static json_t *digest_text(const struct hash_sha256 *digest)
{
    char hex[2 * HASH_SHA256_SIZE + 1];
    for (size_t i = 0; i < HASH_SHA256_SIZE; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", digest->bytes[i]);
    }
    return json_string(hex);
}

static json_t *tables_of(const struct store_contents *state, bool digests)
{
    json_t *tables = json_array();
    for (size_t i = 0; i < state->table_count; i++) {
        const struct store_table *table = &state->tables[i];
        json_t *one =
            json_pack("{s:s, s:I}", "table", table->name, "rows", (json_int_t)table->rows);
        if (digests) {
            (void)json_object_set_new(one, "digest", digest_text(&table->digest));
        }
        (void)json_array_append_new(tables, one);
    }
    return tables;
}

static void set_url(json_t *out, const char *key, const char *url)
{
    char *shown = store_url_shown(str_of(url));
    (void)json_object_set_new(out, key, json_string(shown));
    mem_free(shown);
}

static json_t *describe(const struct store_contents *state, bool digests)
{
    return json_pack("{s:I, s:I, s:I, s:o}", "schema", (json_int_t)state->schema, "oldest",
                     (json_int_t)state->oldest, "known", (json_int_t)state->known, "tables",
                     tables_of(state, digests));
}

/* As a table: what is one value of the whole is said on stderr. */
static int print(json_t *told, enum output_format format, const char *columns)
{
    int code = format == OUTPUT_TABLE
                   ? output_print(json_object_get(told, "tables"), format, columns)
                   : output_print(told, format, NULL);
    json_decref(told);
    return code;
}

static void say_schema(const struct store_contents *state)
{
    long long schema = state->schema;
    long long known = state->known;
    if (schema == 0) {
        (void)fprintf(stderr, "there is no data yet; this program's schema is %lld\n", known);
    } else if (schema < known) {
        (void)fprintf(stderr,
                      "the data has schema %lld, this program %lld: postern migrate up, or the "
                      "next start, brings it up\n",
                      schema, known);
    } else if (state->oldest > known) {
        (void)fprintf(stderr,
                      "the data has schema %lld, which needs a postern of schema %lld: this one "
                      "has %lld\n",
                      schema, (long long)state->oldest, known);
    } else if (schema > known) {
        (void)fprintf(stderr, "the data has schema %lld, this program %lld, and can work with it\n",
                      schema, known);
    } else {
        (void)fprintf(stderr, "the data has schema %lld, as this program\n", schema);
    }
}

static int fail(const struct err *err)
{
    command_complain("%s", err->text);
    return command_exit_code(err->code);
}

static int
begin(const struct command *command, enum output_format *out_format, struct settings *out_settings)
{
    if (!output_format(command, OUTPUT_TABLE, out_format)) {
        return EXIT_USAGE;
    }
    if (!settings_load(command, out_settings)) {
        return EXIT_INVALID;
    }
    log_setup((enum log_level)out_settings->conf.log.level,
              (enum log_format)out_settings->conf.log.format);
    return EXIT_OK;
}

typedef bool (*state_fn)(const struct conf *conf, struct store_contents *out, struct err *err);

static int with_state(const struct command *command, state_fn run)
{
    enum output_format format = OUTPUT_TABLE;
    struct settings settings;
    struct store_contents state = {0};
    struct err err = {0};
    int code = begin(command, &format, &settings);
    if (code != EXIT_OK) {
        return code;
    }
    bool ok = run(&settings.conf, &state, &err);
    json_t *told = ok ? describe(&state, false) : NULL;
    if (ok) {
        set_url(told, "store.url", settings.conf.store.url);
    }
    settings_done(&settings);
    if (!ok) {
        return fail(&err);
    }
    code = print(told, format, "table rows");
    say_schema(&state);
    if (code != EXIT_OK) {
        return code;
    }
    if (state.oldest > state.known) {
        return EXIT_INVALID;
    }
    return state.schema < state.known ? EXIT_DIFFERENT : EXIT_OK;
}

int migrate_status_command(const struct command *command)
{
    return with_state(command, node_store_look);
}

int migrate_up_command(const struct command *command)
{
    return with_state(command, node_store_bring_up);
}

/* To the store of the settings, if not said otherwise; from there, if that is not the target; else
 * from the data directory. */
static struct node_move
find_move(const struct command *command, const struct conf *conf, struct store_contents *out)
{
    const char *to = command->to == NULL ? conf->store.url : command->to;
    const char *from = strcmp(to, conf->store.url) == 0 ? in_data_dir : conf->store.url;
    return (struct node_move){
        .from = command->from == NULL ? from : command->from, .to = to, .out = out};
}

static int copied(const struct node_move *move, enum output_format format)
{
    json_t *told = describe(move->out, true);
    char *shown = store_url_shown(str_of(move->to));
    set_url(told, "from", move->from);
    set_url(told, "store.url", move->to);
    int code = print(told, format, "table rows digest");
    (void)fprintf(stderr,
                  "copied and compared; the source is as it was. In the configuration, with the "
                  "password if there is one:\n  store.url=%s\n",
                  shown);
    mem_free(shown);
    return code;
}

int migrate_copy_command(const struct command *command)
{
    enum output_format format = OUTPUT_TABLE;
    struct settings settings;
    struct store_contents state = {0};
    struct err err = {0};
    int code = begin(command, &format, &settings);
    if (code != EXIT_OK) {
        return code;
    }
    struct node_move move = find_move(command, &settings.conf, &state);
    bool ok = strcmp(move.from, move.to) == 0
                  ? err_set(&err, ERR_INVALID,
                            "to where? postern migrate copy --to postgresql://USER@HOST/NAME, or "
                            "-c FILE with such a store.url")
                  : node_store_copy(&settings.conf, &move, &err);
    code = ok ? copied(&move, format) : fail(&err);
    settings_done(&settings);
    return code;
}
