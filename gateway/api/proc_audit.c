/* proc_audit.c - what a call of a procedure is in the audit: who, from where, what about. */
#include "api/proc_audit.h"

#include "audit/audit.h"
#include "base/mem.h"
#include "wamp/fault.h"

enum { TARGET_MAX = 254 };

void proc_audit_row(const struct builtin_call *from, struct arena *arena, struct store_audit *out)
{
    const struct principal *who = from->principal;
    char room[AUDIT_ADDRESS_SIZE];
    struct str id = who->request_id;
    *out = (struct store_audit){
        .actor = arena_str(arena, who->authid),
        .actor_realm = arena_str(arena, from->realm),
        .authmethod = arena_str(arena, who->authmethod),
        .address = arena_str(arena, audit_address(who->address, room)),
        .request_id = id.len > 0 ? arena_str(arena, id) : STR_EMPTY,
        .action = arena_str(arena, from->builtin->procedure),
        .error_of = fault_of,
    };
    if (id.len == 0 && from->caller != 0) {
        out->request_id = arena_printf(arena, "session:%llu", (unsigned long long)from->caller);
    }
}

/* Signed tokens begin like this, all of them. */
static bool is_token(struct str text)
{
    return str_starts(text, STR("eyJ"));
}

static struct str text_of(const json_t *value)
{
    value = json_is_array(value) ? json_array_get(value, 0) : value;
    struct str text = str_make(json_string_value(value), json_string_length(value));
    return is_token(text) ? STR("(a token)") : text;
}

struct str proc_audit_target(const json_t *args, struct arena *arena)
{
    static const char *const names[] = {"id",    "username",  "name", "usernames",
                                        "roles", "client_id", "uri"};
    const json_t *first = json_array_get(args, 0);
    struct str target = text_of(first);
    for (size_t i = 0; i < COUNT_OF(names) && target.len == 0; i++) {
        target = text_of(json_object_get(first, names[i]));
    }
    return arena_str(arena, str_sub(target, 0, TARGET_MAX));
}
