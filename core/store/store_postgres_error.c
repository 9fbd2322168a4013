/* store_postgres_error.c - what PostgreSQL says, with the remedy. By SQLSTATE, since the texts
 * come in the server's language. Never with values: they may be secrets. */
#include "base/mem.h"
#include "store/store_postgres.h"

#include <string.h>

struct told {
    const char *state; /* or the beginning of several, or what is in the text */
    enum err_code code;
    const char *remedy;
};

/* The first that fits. */
static const struct told table[] = {
    {"28", ERR_INVALID, "check user and password in store.url, and the server's pg_hba.conf"},
    {"3D000", ERR_INVALID, "create the database: createdb -E UTF8 -T template0 NAME"},
    {"3F000", ERR_INVALID, "create the schema that search_path in store.url names"},
    {"42501", ERR_DENIED,
     "give the user his rights: GRANT USAGE, CREATE ON SCHEMA ... TO ...; the tables must be his"},
    {"42P07", ERR_INVALID,
     "the schema has tables of another program: give Postern a database of its own"},
    {"42704", ERR_INVALID, "options in store.url ask for what the server does not know"},
    {"42P01", ERR_INTERNAL, "tables are missing: restore a backup"},
    {"42", ERR_INTERNAL, "tables are not as Postern made them: restore a backup"},
    {"25006", ERR_UNAVAILABLE,
     "the server takes no writes, as a standby does: name the primary too, as HOST1,HOST2"},
    {"54000", ERR_INVALID, "a name is too long for this database: about 2600 bytes are allowed"},
    {"22021", ERR_INVALID, "a text is no UTF-8"},
    {"55P03", ERR_UNAVAILABLE, "others hold the lock on the store for too long"},
    {"53300", ERR_UNAVAILABLE, "raise max_connections of the server"},
    {"53", ERR_UNAVAILABLE, NULL},
    {"57", ERR_UNAVAILABLE, NULL},
    {"58", ERR_UNAVAILABLE, NULL},
    {"40", ERR_UNAVAILABLE, NULL},
    {"08", ERR_UNAVAILABLE, NULL},
    {"25P03", ERR_UNAVAILABLE, NULL},
};

/* What libpq says in words alone; the program leaves them in English. */
static const struct told words_table[] = {
    {"no password supplied", ERR_INVALID,
     "the server asks for one: it may be in PGPASSFILE, PGPASSWORD or store.url"},
    {"invalid port number", ERR_INVALID, "mend the port in store.url"},
    {"invalid integer value", ERR_INVALID, "mend the port, or another number, in store.url"},
    {"invalid sslmode value", ERR_INVALID,
     "sslmode in store.url is disable, prefer, require, verify-ca or verify-full"},
    {"does not match host name", ERR_INVALID,
     "the server's certificate is for another name: use one of its names in store.url"},
    {"certificate verify failed", ERR_INVALID,
     "the server's certificate is not of an authority in sslrootcert of store.url, or is over"},
    {"root certificate file", ERR_INVALID,
     "sslrootcert in store.url must name a file with the authority's certificate"},
    {"server does not support SSL", ERR_INVALID,
     "the server has no TLS: set ssl = on there, or sslmode in store.url"},
};

/* The first line, with no more than a sentence has. */
static struct str first_line(const char *text)
{
    size_t len = strcspn(text, "\r\n");
    return str_make(text, len > 120 ? 120 : len);
}

bool postgres_fail(const char *state, const char *text, struct err *err)
{
    struct str line = first_line(text);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (strncmp(state, table[i].state, strlen(table[i].state)) == 0) {
            return err_set(err, table[i].code, "PostgreSQL: " PRISTR "%s%s", STRARG(line),
                           table[i].remedy == NULL ? "" : ": ",
                           table[i].remedy == NULL ? "" : table[i].remedy);
        }
    }
    return err_set(err, *state == '\0' ? ERR_UNAVAILABLE : ERR_INTERNAL,
                   "PostgreSQL: " PRISTR "%s%s", STRARG(line), *state == '\0' ? "" : " ", state);
}

/* In "...: FATAL:  28P01: password ...", as libpq writes when it is asked to be verbose. */
static const char *find_state(const char *text)
{
    for (const char *at = text; (at = strchr(at, ':')) != NULL; at++) {
        const char *state = at + 1 + strspn(at + 1, " ");
        size_t len = strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        /* "FATAL" has no digit. */
        if (len == POSTGRES_STATE_LEN && strcspn(state, "0123456789") < len &&
            strncmp(state + len, ": ", 2) == 0) {
            return state;
        }
    }
    return NULL;
}

/* The text may have a line for each address of the host. */
bool postgres_connect_fail(const char *text, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(words_table); i++) {
        if (strstr(text, words_table[i].state) != NULL) {
            return err_set(err, words_table[i].code, "PostgreSQL: %s: %s", words_table[i].state,
                           words_table[i].remedy);
        }
    }
    char state[POSTGRES_STATE_LEN + 1] = "";
    const char *found = find_state(text);
    if (found != NULL) {
        memcpy(state, found, POSTGRES_STATE_LEN);
        text = found + POSTGRES_STATE_LEN + 2;
    }
    return postgres_fail(state, text, err);
}
