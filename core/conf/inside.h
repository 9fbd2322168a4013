/* inside.h - the table of settings and how its files share it. For core/conf alone. */
#ifndef POSTERN_CONF_INSIDE_H
#define POSTERN_CONF_INSIDE_H

#include "base/err.h"
#include "conf/conf.h"

enum conf_kind {
    CONF_TEXT,     /* const char * */
    CONF_BOOL,     /* bool */
    CONF_COUNT,    /* uint64_t */
    CONF_SIZE,     /* uint64_t, bytes: 10, 8k, 25m, 1g */
    CONF_DURATION, /* uint64_t, milliseconds: 0, 500ms, 20s, 5m, 1h */
    CONF_LIST,     /* struct conf_list */
    CONF_WORD,     /* int, the index in `words` */
};

enum conf_when { CONF_RESTART, CONF_LIVE };

enum { TEXT_MAX = 4096, ITEMS_MAX = 1000, ENV_NAME_MAX = 80 };

typedef bool (*conf_check_fn)(struct str value, struct err *err);

/* One setting. */
struct conf_row {
    const char *key;
    enum conf_kind kind;
    size_t offset;   /* in struct conf */
    const char *def; /* as in a file */
    enum conf_when when;
    const char *text; /* a sentence for the reference */
    uint64_t min;     /* of numbers */
    uint64_t max;
    conf_check_fn check; /* of texts and list items that are not empty */
    const char *const *words;
    const char *shown; /* in the reference, where `def` is worked out at start */
    bool secret;       /* an URL that may carry a password */
};

extern const struct conf_row conf_rows[];
extern const size_t conf_row_count;

const struct conf_row *conf_row_find(struct str key);
/* Empty when nothing is near. */
struct str conf_row_nearest(struct str key);
/* Do settings begin with `prefix` and a dot? */
bool conf_is_section(struct str prefix);
/* "POSTERN_NODE_NAME" */
void conf_env_name(const struct conf_row *row, char out[ENV_NAME_MAX]);

/* Parses, checks and stores; the value is untouched on failure. */
bool conf_value_set(const struct conf_row *row,
                    struct conf *conf,
                    struct str text,
                    struct err *err);
/* Likewise for the items of a CONF_LIST. */
bool conf_list_set(const struct conf_row *row,
                   struct conf *conf,
                   const struct str *items,
                   size_t count,
                   struct err *err);
bool conf_value_eq(const struct conf_row *row, const struct conf *a, const struct conf *b);
void conf_value_copy(const struct conf_row *row, const struct conf *from, struct conf *to);
/* As YAML, with passwords masked. */
void conf_value_print(const struct conf_row *row, const struct conf *conf, struct buf *out);
/* A number of the row's kind: "25m", "20s", "64". */
void conf_number_print(enum conf_kind kind, uint64_t number, struct buf *out);

void conf_problem(struct conf_problems *problems,
                  bool warning,
                  const struct conf_problem *place,
                  const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
/* A mistake in the value that `row` has now, at the place it came from. */
void conf_row_problem(struct conf_problems *problems,
                      const struct conf *conf,
                      const struct conf_row *row,
                      bool warning,
                      const char *text);

bool conf_read_file(struct conf *conf, const char *path, struct conf_problems *problems);
/* Fills in what depends on the machine and looks at settings that must fit each other. */
void conf_settle(struct conf *conf, struct conf_problems *problems);

uint64_t machine_cores(void);
uint64_t machine_memory(void); /* of the machine or of the control group, whichever is less */

bool check_address(struct str value, struct err *err);
bool check_cidr(struct str value, struct err *err);
bool check_ticket_method(struct str value, struct err *err);
bool check_public_url(struct str value, struct err *err);
bool check_origin(struct str value, struct err *err);
bool check_trust_rule(struct str value, struct err *err);
bool check_store_url(struct str value, struct err *err);
bool check_cluster_url(struct str value, struct err *err);

#endif
