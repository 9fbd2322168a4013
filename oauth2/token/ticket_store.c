#include "token/ticket_store.h"

#include "token/token_inside.h"

#include <stdlib.h>

#define TICKET STR("ticket")

static size_t list(struct store_view *view,
                   struct str authrealm,
                   struct str authid,
                   const struct store_record **out)
{
    const struct store_page page = {
        .prefix = arena_printf(store_view_arena(view), PRISTR " ", STRARG(authid))};
    return store_view_list(view, TICKET, authrealm, &page, out);
}

static bool put(struct store_view *view, struct str realm, struct str place, const json_t *value)
{
    struct arena *arena = store_view_arena(view);
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    const struct store_write write = {.kind = TICKET,
                                      .realm = arena_str(arena, realm),
                                      .key = arena_str(arena, place),
                                      .value = arena_str(arena, str_of(text)),
                                      .expect = STORE_ANY_VERSION};
    free(text); /* jansson's */
    return store_view_put(view, &write);
}

static bool drop(struct store_view *view, const struct store_record *record)
{
    const struct store_write write = {.kind = TICKET,
                                      .realm = record->realm,
                                      .key = record->key,
                                      .remove = true,
                                      .expect = STORE_ANY_VERSION};
    return store_view_put(view, &write);
}

static uint64_t expiry_of(const struct store_record *record)
{
    uint64_t expires_s = 0;
    json_t *value = json_loadb(record->value.ptr, record->value.len, 0, NULL);
    (void)json_member_time(value, "expires_at", &expires_s);
    json_decref(value);
    return expires_s;
}

static bool make_room(struct store_view *view, const struct ticket *ticket, struct str place)
{
    const struct store_record *records = NULL;
    const struct store_record *first = NULL;
    uint64_t first_s = UINT64_MAX;
    size_t kept = 0;
    size_t count = list(view, ticket->authrealm, ticket->authid, &records);
    for (size_t i = 0; i < count; i++) {
        uint64_t expires_s = expiry_of(&records[i]);
        if (str_eq(records[i].key, place)) {
            continue;
        }
        if (expires_s <= ticket->issued_s) {
            if (!drop(view, &records[i])) {
                return false;
            }
            continue;
        }
        kept++;
        if (expires_s < first_s) {
            first_s = expires_s;
            first = &records[i];
        }
    }
    return kept < TICKETS_OF_USER_MAX || drop(view, first);
}

bool ticket_store_put(struct store_view *view, const struct ticket *ticket)
{
    char room[TICKET_PLACE_MAX];
    struct str place = ticket_place(ticket, room);
    json_t *value = ticket_record(ticket);
    bool ok = make_room(view, ticket, place) && !store_view_failed(view) &&
              put(view, ticket->authrealm, place, value);
    json_decref(value);
    return ok;
}

bool ticket_store_revoke(struct store_view *view,
                         struct str authrealm,
                         struct str authid,
                         struct str id,
                         size_t *out_count)
{
    const struct store_record *records = NULL;
    size_t count = list(view, authrealm, authid, &records);
    bool ok = !store_view_failed(view);
    *out_count = 0;
    for (size_t i = 0; ok && i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        bool meant = id.len == 0 || str_eq(json_member_str(value, "id"), id);
        if (meant && !json_is_true(json_object_get(value, "revoked"))) {
            (void)json_object_set_new(value, "revoked", json_true());
            ok = put(view, authrealm, records[i].key, value);
            (*out_count)++;
        }
        json_decref(value);
    }
    return ok;
}

bool ticket_store_forget(struct store_view *view, struct str authrealm, struct str authid)
{
    const struct store_record *records = NULL;
    size_t count = list(view, authrealm, authid, &records);
    for (size_t i = 0; i < count; i++) {
        if (!drop(view, &records[i])) {
            return false;
        }
    }
    return !store_view_failed(view);
}
