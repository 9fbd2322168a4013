#include "cli/remedy.h"

#include "base/mem.h"
#include "cli/command_row.h"
#include "cli/display.h"
#include "cli/help.h"

struct remedy {
    unsigned status; /* 0: any */
    struct str code; /* empty: any */
    const char *text;
    const char *verb; /* of the subject's, without which it helps nobody; NULL: none */
};

/* The first that fits. {0}: the first word; {realm}; {in}: " --realm URI" where the command has
 * it; {subject}: user, group, ...; {user}: who asks; {procedure}: what he must be let call. */
static const struct remedy remedies[] = {
    {401, STR_INIT(""),
     "postern login; or POSTERN_PASSWORD is the password of {user} (--user), or POSTERN_TOKEN a "
     "token; forgotten, on the node's machine: postern admin reset-password --data DIR",
     NULL},
    {403, STR_INIT(""),
     "an administrator can: postern grant create wamp.call {procedure} --to {user} --realm "
     "com.leapsight.bondy",
     NULL},
    {0, STR_INIT("wamp.error.no_such_realm"), "postern realm create {realm}", NULL},
    {0, STR_INIT("bondy.error.no_such_groups"), "postern group add NAME{in}", NULL},
    {0, STR_INIT("bondy.error.unknown_group"), "postern group add NAME{in}", NULL},
    {0, STR_INIT("bondy.error.unknown_roles"), "postern user add NAME{in}, or group add NAME{in}",
     NULL},
    {0, STR_INIT("bondy.error.no_such_users"), "postern user add NAME{in}", NULL},
    {0, STR_INIT("wamp.error.no_such_principal"), "postern user list{in}", NULL},
    {0, STR_INIT("bondy.error.active_users"), "postern realm delete {realm} --force", NULL},
    {0, STR_INIT("bondy.error.already_exists"), "postern {subject} get {0}{in}", "get"},
    {0, STR_INIT("bondy.error.not_found"), "postern {subject} list{in}", "list"},
    {404, STR_INIT("http.not_found"),
     "is it the admin listener of a node of this version? postern version; --url says where it is",
     NULL},
    {412, STR_INIT(""),
     "it has changed meanwhile; postern {subject} get {0}{in} says its version, for --if-version",
     "get"},
    {429, STR_INIT(""), "too many failures: wait a moment", NULL},
};

static struct str subject_of(const struct command *command)
{
    struct str subject = STR_EMPTY;
    struct str rest = STR_EMPTY;
    (void)str_cut(str_of(command->row->name), ' ', &subject, &rest);
    return subject;
}

static bool has_verb(struct str subject, const char *verb)
{
    size_t at = 0;
    const struct command_row *row = NULL;
    while ((row = help_next_row(&at)) != NULL) {
        struct str head = STR_EMPTY;
        struct str rest = STR_EMPTY;
        (void)str_cut(str_of(row->name), ' ', &head, &rest);
        if (str_eq(head, subject) && str_eq(rest, str_of(verb))) {
            return true;
        }
    }
    return false;
}

static const char *realm_of(const struct command *command)
{
    return command->realm != NULL    ? command->realm
           : command->word_count > 0 ? command->words[0]
                                     : "URI";
}

static void put_place(struct buf *out, const struct command *command, struct str place)
{
    if (str_eq(place, STR("0"))) {
        display_append_word(out, str_of(command->word_count > 0 ? command->words[0] : "NAME"));
    } else if (str_eq(place, STR("realm"))) {
        display_append_word(out, str_of(realm_of(command)));
    } else if (str_eq(place, STR("in")) && command->realm != NULL) {
        (void)buf_append(out, STR(" --realm "));
        display_append_word(out, str_of(command->realm));
    } else if (str_eq(place, STR("subject"))) {
        (void)buf_append(out, subject_of(command));
    } else if (str_eq(place, STR("user"))) {
        display_append_word(out, str_of(command->user != NULL ? command->user : "admin"));
    } else if (str_eq(place, STR("procedure"))) {
        const char *procedure = command->row->request.procedure;
        (void)buf_append(out, str_of(procedure != NULL ? procedure : "PROCEDURE"));
    }
}

void remedy_write(struct buf *out, const struct command *command, unsigned status, struct str code)
{
    const struct remedy *remedy = NULL;
    for (size_t i = 0; i < COUNT_OF(remedies) && remedy == NULL; i++) {
        bool fits = (remedies[i].status == 0 || remedies[i].status == status) &&
                    (remedies[i].code.len == 0 || str_eq(remedies[i].code, code));
        remedy = fits ? &remedies[i] : NULL;
    }
    if (remedy == NULL || (remedy->verb != NULL && !has_verb(subject_of(command), remedy->verb))) {
        return;
    }
    struct str rest = str_of(remedy->text);
    bool more = true;
    (void)buf_append(out, STR("  "));
    while (more) {
        struct str text = STR_EMPTY;
        struct str place = STR_EMPTY;
        more = str_cut(rest, '{', &text, &rest);
        (void)buf_append(out, text);
        if (more) {
            (void)str_cut(rest, '}', &place, &rest);
            put_place(out, command, place);
        }
    }
    (void)buf_byte(out, '\n');
}
