/* spec_inside.h - a compiled specification and the steps that make it. For gateway/spec alone. */
#ifndef POSTERN_SPEC_SPEC_INSIDE_H
#define POSTERN_SPEC_SPEC_INSIDE_H

#include "spec/path_pattern.h"
#include "spec/scope.h"
#include "spec/spec.h"

#include <stdatomic.h>

enum {
    SPEC_BODY_MAX = 256 << 20,     /* most that body_max_bytes may allow */
    SPEC_TIMEOUT_MAX_MS = 3600000, /* an hour */
};

/* A route, and where in the specification it stands. */
struct spec_route {
    struct spec_route *next;
    struct route route;
    struct patterns hosts; /* none: any */
    struct patterns paths;
    unsigned line;
    unsigned column;
    struct str pointer;
};

struct spec {
    atomic_uint refs;
    struct arena arena;
    struct str id;
    struct str name;
    struct str realm;
    struct str host;
    struct patterns hosts;
    unsigned realm_line;
    unsigned realm_column;
    struct spec_route *routes; /* in the order of the document */
    struct spec_route **routes_end;
    size_t route_count;
};

/* spec.c: as spec_compile, of a text that has been read. */
struct spec *spec_compile_document(const struct document *document,
                                   const struct spec_options *options,
                                   struct problems *problems);

/* spec_check.c: objects by tables of keys. */

enum value_type {
    VALUE_STRING = 1,
    VALUE_INTEGER = 2,
    VALUE_BOOL = 4,
    VALUE_LIST = 8,
    VALUE_MAP = 16,
    VALUE_NULL = 32,
    VALUE_ANY = 63,
    VALUE_EXPRESSION = 64, /* a string with an expression in it, which gives one of the others */
};

struct key_row {
    const char *name;
    unsigned types;
    bool required;
    const char *ignored; /* Bondy drops it here: a warning, and what to do instead */
};

/* Reports what is missing, of a wrong type or unknown. True if nothing is an error. */
bool check_object(struct compile *compile,
                  const json_t *object,
                  const struct key_row *rows,
                  size_t row_count);
bool check_type(struct compile *compile, struct spot spot, unsigned types, const char *key);

/* spec_value.c: values that must be known at load; each reports at `spot`. */

bool value_integer(struct scope *scope, json_t *value, struct spot spot, int64_t max, int64_t *out);
/* Of the object's member, else of the default of that name. */
bool member_integer(
    struct scope *scope, const json_t *object, const char *key, int64_t max, int64_t *out);
enum list_kind { LIST_MEDIA, LIST_LANGUAGES };
bool member_list(struct scope *scope,
                 const json_t *object,
                 const char *key,
                 enum list_kind kind,
                 struct media_list *out);
/* Names that the object lists there, each once; NULL when it has no such member. */
bool member_names(struct scope *scope,
                  const json_t *object,
                  const char *key,
                  const struct name_list **out);
bool member_schemes(struct scope *scope, const json_t *object, unsigned *out);
/* An object, evaluated as far as it does not depend on the exchange; a new reference. */
json_t *member_object(struct scope *scope, const json_t *object, const char *key);
bool check_status_codes(struct scope *scope, const json_t *level);
bool check_defaults(struct compile *compile, const json_t *level);
json_t *spec_defaults(void);

/* spec_security.c */
bool security_compile(struct scope *scope, const json_t *path, struct route *route);

/* spec_operation.c, spec_response.c */
const struct operation *
operation_compile(struct scope *scope, enum http_method method, json_t *value, struct spot spot);
bool response_compile(struct scope *scope, const json_t *operation, struct operation *out);
/* `uses` lists what of the exchange is there: other parts of it are a mistake at `spot`. */
const struct template *
field_compile(struct scope *scope, json_t *value, struct spot spot, unsigned uses);
/* Reports what is known not to become a value of that kind. */
bool field_is(struct scope *scope,
              const struct template *field,
              struct spot spot,
              enum scan_kind kind);

/* spec_path.c */
struct version {
    struct scope *scope;
    struct str name;
    struct str base_path;
    json_t *object;
    bool active;
    bool deprecated;
    struct media_list languages;
};
void path_compile(const struct version *version, const char *key, json_t *value);
/* spec_oauth.c: the endpoints that go with a path's `security` of type oauth2, once each. */
void oauth_compile(const struct version *version,
                   const struct route *protected,
                   const json_t *security,
                   struct spot spot);
/* Reports what is wrong with variables of this level that nothing uses, as warnings. */
void unused_variables(struct scope *scope, const json_t *level);

#endif
