/* route.h - the immutable route table: host, then a trie by path segment, then the method.
 *
 * What the pipeline needs of a specification, compiled. Published to the workers
 * as a snapshot; a route found stays valid while the table is in use.
 */
#ifndef POSTERN_SPEC_ROUTE_H
#define POSTERN_SPEC_ROUTE_H

#include "base/str.h"
#include "loop/snapshot.h"
#include "spec/template.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec;
struct route_table; /* begins with struct snapshot */

#define HTTP_METHOD_MAP(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)
enum http_method {
#define HTTP_METHOD_ENUM(name) HTTP_##name,
    HTTP_METHOD_MAP(HTTP_METHOD_ENUM)
#undef HTTP_METHOD_ENUM
        HTTP_METHODS
};
/* HTTP_METHODS for a method that no spec can declare. */
enum http_method http_method_of(struct str token);
struct str http_method_name(enum http_method method);

enum action_type { ACTION_NONE, ACTION_STATIC, ACTION_CALL, ACTION_PUBLISH, ACTION_FORWARD };
enum security_type {
    SECURITY_NONE,
    SECURITY_OAUTH2,
    SECURITY_OIDC,
    SECURITY_BASIC,
    SECURITY_API_KEY,
    SECURITY_IDENTITY, /* any way in which a user of the realm can prove himself */
};
enum { SCHEME_HTTP = 1, SCHEME_HTTPS = 2 };

struct response_header {
    struct str name; /* lower case */
    const struct template *value;
};

struct response_template {
    const struct response_header *headers; /* a constant set of names */
    size_t header_count;
    const struct template *header_map; /* instead: an expression that gives a map */
    const struct template *body;
    const struct template *status_code; /* NULL: absent */
    const struct template *uri;         /* NULL: absent */
    const struct template *problem;     /* a map, or NULL; of on_error */
};

struct media_list {
    const struct str *types; /* lower case, no parameters */
    size_t count;
};
/* In `accepts`: whatever else comes is read as the first type of the list. */
#define MEDIA_ANY STR("*/*")

/* Members that a body must have. */
struct name_list {
    const struct str *names;
    size_t count;
};

struct operation {
    enum action_type action;
    const struct template *uri;     /* procedure or topic */
    const struct template *options; /* a map, or NULL */
    const struct template *args;    /* a list, or NULL */
    const struct template *kwargs;  /* a map, or NULL */
    const struct template *static_body;
    uint64_t timeout_ms; /* action.timeout, else options.timeout, else defaults.timeout */
    size_t body_max;
    const struct name_list *requires; /* the body is a map with these; NULL: nothing is asked */
    const struct name_list *takes;    /* a body is a map with these alone, each once; NULL: any */
    bool uses_body;                   /* a template of this operation looks at request.body */
    bool body_as_text; /* none does, but one looks at request.text: nothing is decoded */
    struct response_template on_result;
    struct response_template on_error;
};

struct route {
    const struct spec *spec;
    struct str api; /* spec id */
    struct str version;
    struct str pattern; /* base path and path as written: logs and metrics */
    struct str realm;
    struct str host; /* "_" or the pattern as written */
    unsigned schemes;
    enum security_type security;
    struct str key_header;        /* of api_key and identity: lower case; or "" */
    struct slice security_object; /* as written, evaluated: for the schemes to come */
    struct slice status_codes;    /* error URI -> status: the specification's own; or none */
    struct str oauth;      /* the OAuth2 endpoint that it is ("token"); "": none, an operation's */
    struct str oauth_base; /* what the endpoints beside it are under: "/v1/oauth" */
    bool oauth_password;   /* its specification asks for the password grant */
    bool is_collection;
    bool is_deprecated;
    struct media_list accepts;
    struct media_list provides;
    struct media_list languages; /* lower case */
    struct str allow;            /* "GET, POST, OPTIONS" */
    const struct operation *operations[HTTP_METHODS];
};

enum { ROUTE_PARAMS_MAX = 16 };

struct route_param {
    struct str name;
    struct str value; /* still percent-encoded segment of the path that was given */
};

struct route_match {
    const struct route *route;
    size_t param_count;
    struct route_param params[ROUTE_PARAMS_MAX]; /* of which the rest is left as it is */
};

/* `host` without port, any case; `path` canonical (pipeline/path.h), begins with '/'. A trailing
 * slash is ignored. False: no such path. Prefers literal over parameter over rest; a constraint
 * that does not match tries the next. */
bool route_find(const struct route_table *table,
                struct str host,
                unsigned scheme,
                struct str path,
                struct route_match *out);

size_t route_table_count(const struct route_table *table);

#endif
