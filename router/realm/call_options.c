/* call_options.c - CALL's options by table; INVOCATION's details, and how they change. */
#include "realm/call_options.h"

#include "base/mem.h"
#include "realm/dealer.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#define AT(member) offsetof(struct raw_options, member)

struct raw_options {
    struct call_options call;
    struct str runmode;
    struct slice rkey;
    struct slice routing_key;
};

static const struct option_row call_rows[] = {
    {"timeout", OPTION_U64, AT(call.timeout)},
    {"disclose_me", OPTION_BOOL, AT(call.disclose_me)},
    {"receive_progress", OPTION_BOOL, AT(call.receive_progress)},
    {"progress", OPTION_BOOL, AT(call.progress)},
    {"runmode", OPTION_STR, AT(runmode)},
    {"rkey", OPTION_SLICE, AT(rkey)},
    {"_routing_key", OPTION_SLICE, AT(routing_key)},
    PASSTHRU_ROWS(AT(call.passthru)),
};

/* FNV-1a: the same on every node and after every start, unlike str_hash. */
static uint64_t key_hash(struct str key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* The same key has the same hash in every serializer, so it is a text or a number. */
static bool key_read(struct shard *shard, struct slice value, struct call_options *out)
{
    struct scan scan;
    struct str text;
    int64_t number = 0;
    scan_init(&scan, value.serializer, value.bytes, &shard->scratch);
    switch (slice_kind(value)) {
    case SCAN_STRING:
        if (!scan_str(&scan, &text)) {
            return false;
        }
        out->key = key_hash(text);
        break;
    case SCAN_INT:
        if (!scan_i64(&scan, &number)) {
            return false;
        }
        out->key = key_hash(str_make((const char *)&number, sizeof(number)));
        break;
    default:
        return false;
    }
    out->keyed = true;
    return true;
}

static bool
routing_read(struct shard *shard, const struct raw_options *raw, struct call_options *out)
{
    bool partition = str_eq(raw->runmode, STR("partition"));
    if (raw->routing_key.serializer != SERIALIZER_NONE) {
        return key_read(shard, raw->routing_key, out);
    }
    return !partition || raw->rkey.serializer == SERIALIZER_NONE || key_read(shard, raw->rkey, out);
}

bool call_options_read(struct shard *shard,
                       const struct call_request *request,
                       struct call_options *out,
                       struct str *out_error,
                       struct err *err)
{
    enum disclosure disclosure = shard->router->options.disclosure;
    *out = (struct call_options){.timeout = NO_TIMEOUT, .disclose_me = disclosure == DISCLOSURE_ON};
    *out_error = FAULT_INVALID_ARGUMENT;
    if (request->options.bytes.len <= OPTIONS_EMPTY_LEN) {
        return true;
    }
    struct raw_options raw = {.call = *out};
    if (!options_read(request->options, call_rows, COUNT_OF(call_rows), &shard->scratch, &raw,
                      err)) {
        return false;
    }
    *out = raw.call;
    if (!routing_read(shard, &raw, out)) {
        return err_set(err, ERR_INVALID, "a routing key is a string or an integer");
    }
    if (disclosure == DISCLOSURE_OFF && out->disclose_me) {
        *out_error = FAULT_DISCLOSE_ME;
        return err_set(err, ERR_DENIED, "callers are not disclosed here");
    }
    return true;
}

bool call_progress_read(struct shard *shard, struct slice options, bool *out, struct err *err)
{
    static const struct option_row rows[] = {{"progress", OPTION_BOOL, 0}};
    *out = false;
    return options.bytes.len <= OPTIONS_EMPTY_LEN ||
           options_read(options, rows, COUNT_OF(rows), &shard->scratch, out, err);
}

static void emit_flag(struct emit *emit, struct str key, bool flag)
{
    if (flag) {
        emit_key(emit, key);
        emit_bool(emit, true);
    }
}

static void emit_number(struct emit *emit, struct str key, uint64_t number)
{
    emit_key(emit, key);
    emit_u64(emit, number);
}

struct str call_details(struct shard *shard,
                        const struct call_request *request,
                        const struct call_options *options,
                        const struct call_telling *telling)
{
    const struct principal *principal = request->principal;
    const struct trust *trust = &shard->router->trust;
    bool trusted = trust_configured(trust);
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, request->payload->serializer, &shard->details);
    emit_map(&emit, 1u + (telling->caller ? naming_members(principal) : 0u) +
                        (options->receive_progress ? 1u : 0u) + (options->progress ? 1u : 0u) +
                        (telling->timeout_ms > 0 ? 1u : 0u) + (trusted ? 1u : 0u) +
                        passthru_members(&options->passthru));
    emit_key(&emit, STR("procedure"));
    emit_str(&emit, request->procedure);
    if (telling->caller) {
        naming_emit(&shard->caller, &emit, &NAMING_CALLER, request->caller_id, principal);
    }
    emit_flag(&emit, STR("receive_progress"), options->receive_progress);
    emit_flag(&emit, STR("progress"), options->progress);
    if (telling->timeout_ms > 0) {
        emit_number(&emit, STR("timeout"), telling->timeout_ms);
    }
    if (trusted) {
        emit_number(&emit, TRUST_KEY, trust_level(trust, principal));
    }
    passthru_emit(&options->passthru, &emit);
    return buf_str(&shard->details);
}

/* Does this member of the old details stay? */
static bool member_stays(struct str key, const struct details_change *change)
{
    if (str_eq(key, STR("progress"))) {
        return !change->no_progress;
    }
    if (change->keep_callee) {
        return true;
    }
    if (str_eq(key, STR("timeout"))) {
        return false;
    }
    bool caller = str_starts(key, STR("caller"));
    return !caller || (change->telling.caller && change->principal == NULL);
}

struct str
call_details_change(struct shard *shard, struct slice details, const struct details_change *change)
{
    bool caller = !change->keep_callee && change->telling.caller && change->principal != NULL;
    bool timeout = !change->keep_callee && change->telling.timeout_ms > 0;
    uint32_t count = 0;
    struct scan scan;
    struct str key;
    /* They may stand where the new ones will. */
    details.bytes = arena_str(&shard->scratch, details.bytes);
    scan_init(&scan, details.serializer, details.bytes, &shard->scratch);
    for (bool more = scan_enter_map(&scan); more && scan_key(&scan, &key);) {
        count += member_stays(key, change) ? 1 : 0;
        more = scan_skip(&scan, NULL);
    }
    struct emit emit;
    struct str value;
    buf_clear(&shard->details);
    emit_init(&emit, details.serializer, &shard->details);
    emit_map(&emit,
             count + (caller ? naming_members(change->principal) : 0u) + (timeout ? 1u : 0u));
    scan_init(&scan, details.serializer, details.bytes, &shard->scratch);
    for (bool more = scan_enter_map(&scan); more && scan_key(&scan, &key);) {
        more = scan_skip(&scan, &value);
        if (more && member_stays(key, change)) {
            emit_key(&emit, key);
            emit_slice(&emit, (struct slice){details.serializer, value});
        }
    }
    if (caller) {
        naming_emit(&shard->caller, &emit, &NAMING_CALLER, change->caller_id, change->principal);
    }
    if (timeout) {
        emit_number(&emit, STR("timeout"), change->telling.timeout_ms);
    }
    return buf_str(&shard->details);
}
