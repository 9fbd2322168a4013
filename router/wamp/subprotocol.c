/* subprotocol.c - the table of names. */
#include "wamp/subprotocol.h"

static const struct str names[SERIALIZERS] = {
    [SERIALIZER_NONE] = STR_INIT(""),
    [SERIALIZER_JSON] = STR_INIT(SUBPROTOCOL_JSON),
    [SERIALIZER_MSGPACK] = STR_INIT(SUBPROTOCOL_MSGPACK),
    [SERIALIZER_CBOR] = STR_INIT(SUBPROTOCOL_CBOR),
};

enum serializer subprotocol_find(struct str name)
{
    for (unsigned i = SERIALIZER_NONE + 1; i < SERIALIZERS; i++) {
        if (str_eq(names[i], name)) {
            return (enum serializer)i;
        }
    }
    return SERIALIZER_NONE;
}

struct str subprotocol_name(enum serializer serializer)
{
    return names[serializer];
}
