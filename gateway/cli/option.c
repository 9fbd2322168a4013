#include "cli/option.h"

#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum option_kind { OPTION_TEXT, OPTION_FLAG, OPTION_YES, OPTION_NO, OPTION_MANY };

struct option {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    size_t offset;
    const char *help;
    const char *listed; /* in a row's options, where another one has the same name; or NULL */
};

#define TEXT(name, letter, field, help)                                              \
    {                                                                                \
        (name), (letter), OPTION_TEXT, offsetof(struct command, field), (help), NULL \
    }
#define FLAG(name, letter, field, help)                                              \
    {                                                                                \
        (name), (letter), OPTION_FLAG, offsetof(struct command, field), (help), NULL \
    }

#define LIST(name, field, help)                                               \
    {                                                                         \
        (name), 0, OPTION_MANY, offsetof(struct command, field), (help), NULL \
    }

/* A pair, --name and --no-name, of which the last one counts. */
#define CHOICE(name, field, yes, no)                                            \
    {(name), 0, OPTION_YES, offsetof(struct command, field), (yes), NULL},      \
    {                                                                           \
        ("no-" name), 0, OPTION_NO, offsetof(struct command, field), (no), NULL \
    }

static const struct option options[] = {
    TEXT("url", 0, url, "URL: where the node is (POSTERN_URL for admin commands)"),
    TEXT("realm", 0, realm, "URI: the realm to join"),
    TEXT("authid", 0, authid, "NAME: who to be"),
    TEXT("authmethod",
         0,
         authmethod,
         "METHOD,...: how to prove it: password, wampcra, wamp-scram (POSTERN_PASSWORD), "
         "cryptosign (--key), ticket (POSTERN_TICKET), trust, tls"),
    TEXT("key", 0, key, "FILE: the private key of cryptosign, 64 hex digits"),
    TEXT("serializer", 0, serializer, "json, msgpack or cbor"),
    TEXT("user", 0, user, "NAME: the administrator (admin); password from POSTERN_PASSWORD"),
    TEXT("config", 'c', config, "FILE: settings, YAML or JSON"),
    TEXT("data", 0, data, "DIR: the data directory"),
    LIST("set", sets, "KEY=VALUE: one setting, wins over file and environment"),
    TEXT("kwargs", 'k', kwargs, "JSON: an object of keyword arguments"),
    TEXT("exec", 0, exec, "CMD: run for each call; JSON in on stdin, JSON out on stdout"),
    TEXT("match", 0, match, "exact, prefix or wildcard: how the URI is meant"),
    TEXT("invoke",
         0,
         invoke,
         "POLICY: who of several is called: single, roundrobin, random, first, last, "
         "queue_least_loaded, queue_least_loaded_sample, jump_consistent_hash"),
    TEXT("concurrency", 0, concurrency, "N: calls at a time; more go to others, or wait (8)"),
    FLAG("force",
         0,
         force,
         "in spite of who has the procedure, of users who are in the realm, or of a node that does "
         "not answer"),
    FLAG("disclose-caller", 0, disclose_caller, "be told who calls (see --details)"),
    FLAG("forward-timeout", 0, forward_timeout, "end CMD when the call's time is over"),
    TEXT("file", 'f', file, "FILE: an object, YAML or JSON; '-' is stdin"),
    LIST("group", groups, "NAME: a group to be in; again for more"),
    TEXT("meta", 0, meta, "JSON: an object that is kept with it"),
    TEXT("description", 0, description, "TEXT: what it is for"),
    FLAG("password-stdin",
         0,
         password_stdin,
         "the new password is the first line of stdin (else POSTERN_NEW_PASSWORD)"),
    {"to", 0, OPTION_TEXT, offsetof(struct command, to),
     "URL: the new store, without data: postgresql://..., or sqlite: in the data directory",
     "to-store"},
    {"from", 0, OPTION_TEXT, offsetof(struct command, from),
     "URL: the store to copy (sqlite: in the data directory)", "from-store"},
    LIST("to", roles, "ROLE: user or group, all, anonymous; again for more"),
    LIST("from", roles, "ROLE: whom to take it from; again for more"),
    LIST("for", roles, "NAME: a user, all, anonymous; again for more"),
    TEXT("if-version", 0, if_version, "N: only if it is still this version, else exit code 5"),
    TEXT("limit", 0, limit, "N: at most so many"),
    TEXT("filter", 0, filter, "TEXT: those whose key has it"),
    TEXT("sort", 0, sort, "name or -name"),
    TEXT("expires", 0, expires, "TIME: how long it is good for: 90, 90s, 5m, 1h"),
    TEXT("client-id", 0, client_id, "ID: for this client of the realm's"),
    TEXT("type", 0, type, "confidential, which has a secret, or public"),
    TEXT("title", 0, title, "TEXT: the name that people are shown"),
    LIST("redirect-uri", redirect_uris, "URI: where browsers may be sent back to; again for more"),
    LIST("post-logout-redirect-uri",
         post_logout_redirect_uris,
         "URI: and after logging out; again for more"),
    LIST("grant",
         grants,
         "TYPE: client_credentials, authorization_code, refresh_token, device_code, password; "
         "again for more"),
    LIST("scope", scopes, "NAME: a group, and no others than these; again for more"),
    LIST("origin", origins, "ORIGIN: of pages that may use it (CORS); again for more"),
    TEXT("auth-method",
         0,
         auth_method,
         "METHOD: client_secret_basic, client_secret_post, private_key_jwt, none"),
    CHOICE("consent", consent, "people are asked (the usual)", "people are not asked"),
    TEXT("device-id", 0, device_id, "ID: for this device"),
    FLAG("allow-sso", 0, allow_sso, "good in all realms of the same sign-on"),
    TEXT(
        "overlap", 0, overlap, "TIME: how long the present secrets go on: 0, 90s, 5m, 24h (a day)"),
    TEXT("algorithm", 0, algorithm, "NAME: ES256, RS256 or EdDSA"),
    FLAG("emergency", 0, emergency, "what the old keys have signed is worth nothing from now on"),
    TEXT("actor", 0, actor, "NAME: what he did"),
    TEXT("action", 0, action, "NAME: what was done"),
    TEXT("outcome", 0, outcome, "NAME: how it ended"),
    TEXT("since", 0, since, "TIME: not longer ago: 90s, 5m, 24h"),
    TEXT("comment", 0, comment, "TEXT: why, kept with the version"),
    TEXT("output", 'o', output, "table, json or yaml"),
    TEXT("ca-file", 0, ca_file, "FILE: certificates to trust"),
    TEXT("connect-timeout", 0, connect_timeout, "TIME: to connect and join (10s)"),
    TEXT("timeout", 0, timeout, "TIME: how long the call may take: 500, 500ms, 2s, 5m"),
    CHOICE("disclose-me",
           disclose_me,
           "tell others who sends this",
           "do not tell others who sends this"),
    FLAG("progress", 0, progress, "progressive results: a line each, as they come"),
    FLAG("stream", 0, stream, "send the lines of stdin, JSON, as the pieces of one call"),
    TEXT("cancel-after", 0, cancel_after, "TIME: cancel the call then"),
    TEXT("cancel-mode", 0, cancel_mode, "skip, kill or killnowait: how --cancel-after does it"),
    TEXT("rkey", 0, rkey, "KEY: calls of one key go to one callee (jump_consistent_hash)"),
    CHOICE("ack",
           ack,
           "wait for the router, print the publication's id",
           "do not wait for the router; refusals stay unknown"),
    CHOICE("exclude-me",
           exclude_me,
           "this session gets no event of it (so it is anyway)",
           "this session gets an event of it too"),
    TEXT("exclude", 0, exclude, "ID,...: sessions that get no event"),
    TEXT("exclude-authid", 0, exclude_authid, "NAME,...: users that get no event"),
    TEXT("exclude-authrole", 0, exclude_authrole, "ROLE,...: roles that get no event"),
    TEXT("eligible", 0, eligible, "ID,...: only these sessions; '' is nobody"),
    TEXT("eligible-authid", 0, eligible_authid, "NAME,...: only these users"),
    TEXT("eligible-authrole", 0, eligible_authrole, "ROLE,...: only these roles"),
    FLAG("retain", 0, retain, "keep the event for later subscribers"),
    TEXT("ttl", 0, ttl, "TIME: how long it is retained, in whole seconds: 90, 90s, 5m"),
    FLAG("lines", 0, lines, "publish each line of stdin, JSON"),
    FLAG("get-retained", 0, get_retained, "begin with the retained event"),
    TEXT("count", 'n', count, "N: end after so many events"),
    TEXT("history", 0, history, "N: begin with the last events of the subscription"),
    FLAG("details", 0, details, "what the router tells beside the payload as well"),
    TEXT("ppt-scheme", 0, ppt_scheme, "NAME: payload passthru, with one binary argument"),
    TEXT("ppt-serializer", 0, ppt_serializer, "NAME: what the payload is written in"),
    TEXT("ppt-cipher", 0, ppt_cipher, "NAME: what it is encrypted with"),
    TEXT("ppt-keyid", 0, ppt_keyid, "NAME: the key for it"),
    FLAG("insecure", 0, insecure, "do not verify the node's certificate; log in over http:// too"),
    FLAG("demo", 0, demo, "on loopback, with a demo API and its callee"),
    FLAG("open", 0, open, "anonymous may do everything in the new realm"),
    FLAG("dry-run", 0, dry_run, "check, change nothing"),
    FLAG("effective", 0, effective, "print all settings in force, and whence"),
    FLAG("json", 0, json, "as JSON"),
    FLAG("with-parent", 0, with_parent, "end when the parent process ends"),
};

/* Whether `name` is one of the words of a list such as "url realm". */
bool option_listed(const char *list, const char *name)
{
    struct str rest = str_of(list);
    struct str word = STR_EMPTY;
    bool more = true;
    while (more) {
        more = str_cut(rest, ' ', &word, &rest);
        if (str_eq(word, str_of(name))) {
            return true;
        }
    }
    return false;
}

static bool is_allowed(const char *allowed, const struct option *option)
{
    return option_listed(allowed, option->listed == NULL ? option->name : option->listed);
}

void options_print(FILE *out, const char *allowed)
{
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (is_allowed(allowed, &options[i])) {
            char name[64];
            bool lettered = options[i].letter != 0;
            (void)snprintf(name, sizeof(name), "%s%s%c", options[i].name, lettered ? ", -" : "",
                           lettered ? options[i].letter : ' ');
            (void)fprintf(out, "      --%-20s  %s\n", name, options[i].help);
        }
    }
}

/* "--name", "--name=value", "-x": the option, and the value behind '='. */
static const struct option *find_option(const char *allowed, struct str word, struct str *value)
{
    struct str name = STR_EMPTY;
    if (!str_cut(word, '=', &name, value)) {
        value->ptr = NULL;
    }
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        bool long_form =
            str_starts(name, STR("--")) && str_eq(str_from(name, 2), str_of(options[i].name));
        bool short_form = word.len == 2 && options[i].letter != 0 &&
                          word.ptr[1] == options[i].letter && word.ptr[0] == '-';
        if ((long_form || short_form) && is_allowed(allowed, &options[i])) {
            return &options[i];
        }
    }
    return NULL;
}

static void complain_unknown(const char *allowed, const char *word)
{
    struct str names[COUNT_OF(options)];
    size_t count = 0;
    struct str given = STR_EMPTY;
    struct str value = STR_EMPTY;
    (void)str_cut(str_of(word), '=', &given, &value);
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (is_allowed(allowed, &options[i])) {
            names[count++] = str_of(options[i].name);
        }
    }
    struct str nearest = str_nearest(str_from(given, 2), names, count);
    if (nearest.len > 0) {
        command_complain("no such option here: %s; did you mean --" PRISTR "?", word,
                         STRARG(nearest));
    } else {
        command_complain("no such option here: %s", word);
    }
}

static bool add_to_list(struct command_list *list, const char *name, const char *value)
{
    if (list->count == COMMAND_LIST_MAX) {
        command_complain("too many --%s: %d at most", name, COMMAND_LIST_MAX);
        return false;
    }
    list->items[list->count++] = value;
    return true;
}

static bool store_option(struct command *command, const struct option *option, const char *value)
{
    char *field = (char *)command + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)field = true;
        return true;
    case OPTION_YES:
        *(enum choice *)(void *)field = CHOICE_YES;
        return true;
    case OPTION_NO:
        *(enum choice *)(void *)field = CHOICE_NO;
        return true;
    case OPTION_TEXT:
        *(const char **)(void *)field = value;
        return true;
    case OPTION_MANY:
        return add_to_list((struct command_list *)(void *)field, option->name, value);
    }
    return false;
}

/* The option at argv[*at], and its value; *at is then its last word. */
static bool read_option(const char *allowed, int argc, char **argv, int *at, struct command *out)
{
    struct str value = {0};
    const char *word = argv[*at];
    const struct option *option = find_option(allowed, str_of(word), &value);
    if (option == NULL) {
        complain_unknown(allowed, word);
        return false;
    }
    bool wants_value = option->kind == OPTION_TEXT || option->kind == OPTION_MANY;
    if (!wants_value && value.ptr != NULL) {
        command_complain("--%s takes no value: leave %s away", option->name, strchr(word, '='));
        return false;
    }
    if (wants_value && value.ptr == NULL) {
        if (*at + 1 == argc) {
            command_complain("--%s wants a value: --%s %s", option->name, option->name,
                             option->help);
            return false;
        }
        value = str_of(argv[++*at]);
    }
    return store_option(out, option, value.ptr);
}

/* "-" is standard input, and a negative number is a value. */
static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && (word[1] < '0' || word[1] > '9');
}

void options_list(const char *allowed, option_fn fn, void *ctx)
{
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (is_allowed(allowed, &options[i])) {
            bool takes = options[i].kind == OPTION_TEXT || options[i].kind == OPTION_MANY;
            fn(ctx, options[i].name, options[i].letter, takes, options[i].help);
        }
    }
}

bool option_read_words(const char *allowed, int argc, char **argv, int from, struct command *out)
{
    bool only_words = false;
    for (int i = from; i < argc; i++) {
        if (!only_words && str_eq(str_of(argv[i]), STR("--"))) {
            only_words = true;
        } else if (!only_words && looks_like_option(argv[i])) {
            if (!read_option(allowed, argc, argv, &i, out)) {
                return false;
            }
        } else if (out->word_count == COMMAND_WORDS_MAX) {
            command_complain("too many words: %d at most", COMMAND_WORDS_MAX);
            return false;
        } else {
            out->words[out->word_count++] = argv[i];
        }
    }
    return true;
}
