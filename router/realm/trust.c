/* trust.c - rules of trust, in the order they were given. */
#include "realm/trust.h"

#include "base/mem.h"

struct trust_rule {
    char *name;
    size_t name_len;
    bool authid; /* the name is an authid, not a role */
    uint64_t level;
};

static bool rule_parse(struct str text, struct trust_rule *out)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != '=') {
        at--;
    }
    uint64_t level = 0;
    if (at < 2 || !str_to_u64(str_from(text, at), &level)) {
        return false;
    }
    struct str name = str_sub(text, 0, at - 1);
    bool authid = str_starts(name, STR("authid:"));
    name = authid ? str_from(name, STR("authid:").len) : name;
    if (name.len == 0) {
        return false;
    }
    *out = (struct trust_rule){
        .name = str_dup(name), .name_len = name.len, .authid = authid, .level = level};
    return true;
}

void trust_init(struct trust *trust, const struct str *rules, size_t count)
{
    *trust = (struct trust){0};
    if (count == 0) {
        return;
    }
    trust->rules = NEW_ARRAY(struct trust_rule, count);
    for (size_t i = 0; i < count; i++) {
        if (rule_parse(rules[i], &trust->rules[trust->count])) {
            trust->count++;
        }
    }
}

void trust_done(struct trust *trust)
{
    for (size_t i = 0; i < trust->count; i++) {
        mem_free(trust->rules[i].name);
    }
    mem_free(trust->rules);
    *trust = (struct trust){0};
}

static bool rule_fits(const struct trust_rule *rule, const struct principal *principal)
{
    struct str name = str_make(rule->name, rule->name_len);
    if (rule->authid) {
        return str_eq(principal->authid, name);
    }
    for (size_t i = 0; i < principal->role_count; i++) {
        if (str_eq(principal->roles[i], name)) {
            return true;
        }
    }
    return str_eq(name, STR("all"));
}

uint64_t trust_level(const struct trust *trust, const struct principal *principal)
{
    for (size_t i = 0; i < trust->count; i++) {
        if (rule_fits(&trust->rules[i], principal)) {
            return trust->rules[i].level;
        }
    }
    return 0;
}
