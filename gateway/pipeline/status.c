/* status.c - the HTTP status of an error: as the specification says, else by the table of URIs. */
#include "pipeline/exchange.h"
#include "wamp/fault.h"

/* A number, or a string of digits. */
static bool status_read(struct slice value, unsigned *out)
{
    struct scan scan;
    struct str text = STR_EMPTY;
    int64_t status = 0;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    bool read = slice_kind(value) == SCAN_STRING
                    ? scan_str(&scan, &text) && str_to_i64(text, &status)
                    : scan_i64(&scan, &status);
    if (!read || status < 200 || status > 599) {
        return false;
    }
    *out = (unsigned)status;
    return true;
}

bool exchange_status_known(const struct exchange *exchange, struct str uri, unsigned *out)
{
    struct slice codes = exchange->match.route->status_codes;
    struct slice own = codes.serializer == SERIALIZER_NONE ? codes : slice_get(codes, uri);
    if (own.serializer != SERIALIZER_NONE && status_read(own, out)) {
        return true;
    }
    *out = fault_http_status(uri);
    return *out != 500;
}

unsigned exchange_error_status(const struct exchange *exchange, struct str uri)
{
    unsigned status = 500;
    (void)exchange_status_known(exchange, uri, &status);
    return status;
}
