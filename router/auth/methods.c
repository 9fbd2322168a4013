/* methods.c - the table of methods. */
#include "auth/auth_inside.h"
#include "base/mem.h"

/* One row a method. */
static const struct auth_method *const table[] = {
    &auth_method_anonymous, &auth_method_trust,  &auth_method_password,
    &auth_method_cra,       &auth_method_scram,  &auth_method_cryptosign,
    &auth_method_tls,       &auth_method_ticket, &auth_method_oauth2,
};

const struct auth_method *auth_method_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (str_eq(table[i]->name, name)) {
            return table[i]->begin == NULL ? NULL : table[i];
        }
    }
    return NULL;
}
