/* yaml.c - YAML text into a document, from libyaml's events. */
#include "document/inside.h"

#include <string.h>
#include <yaml.h>

struct yaml_reader {
    struct builder *builder;
    struct str text;
    yaml_parser_t parser;
    struct map anchors; /* name -> struct place */
};

/* What a node event says about itself, whatever its kind. */
struct head {
    struct position at;
    const yaml_char_t *anchor;
    const yaml_char_t *tag;
};

static struct position position_of(yaml_mark_t mark)
{
    return (struct position){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static struct str text_of(const yaml_char_t *text)
{
    return str_of((const char *)text);
}

static bool parser_problem(struct yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem == NULL ? "not YAML" : parser->problem;
    if (parser->error == YAML_READER_ERROR) {
        struct cursor cursor = cursor_of(reader->text);
        return builder_fail(reader->builder, cursor_to(&cursor, parser->problem_offset), "%s",
                            problem);
    }
    if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line) {
        return builder_fail(reader->builder, position_of(parser->problem_mark),
                            "%s (%s that begins in line %zu)", problem, parser->context,
                            parser->context_mark.line + 1);
    }
    return builder_fail(reader->builder, position_of(parser->problem_mark), "%s", problem);
}

static bool next(struct yaml_reader *reader, yaml_event_t *out)
{
    return yaml_parser_parse(&reader->parser, out) == 1 || parser_problem(reader);
}

/* "" for none, "!" for the non-specific one, else the name within the core schema; NULL when
 * it is foreign. */
static const char *core_tag(const yaml_char_t *tag)
{
    static const char *const known[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    static const struct str prefix = STR_INIT("tag:yaml.org,2002:");
    struct str text = text_of(tag);
    if (text.len == 0 || str_eq(text, STR("!"))) {
        return text.len == 0 ? "" : "!";
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (str_starts(text, prefix) && str_eq(str_from(text, prefix.len), str_of(known[i]))) {
            return known[i];
        }
    }
    return NULL;
}

/* Is `value` what the tag promises? */
static bool tag_fits(const char *tag, const json_t *value)
{
    return *tag == '\0' || *tag == '!' || (strcmp(tag, "str") == 0 && json_is_string(value)) ||
           (strcmp(tag, "int") == 0 && json_is_integer(value)) ||
           (strcmp(tag, "float") == 0 && json_is_real(value)) ||
           (strcmp(tag, "bool") == 0 && json_is_boolean(value)) ||
           (strcmp(tag, "null") == 0 && json_is_null(value)) ||
           (strcmp(tag, "map") == 0 && json_is_object(value)) ||
           (strcmp(tag, "seq") == 0 && json_is_array(value));
}

/* The value of a scalar; NULL with the problem told. */
static json_t *scalar_value(struct yaml_reader *reader, const yaml_event_t *event, const char *tag)
{
    struct str text = str_make((const char *)event->data.scalar.value, event->data.scalar.length);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool forced = *tag == '!' || strcmp(tag, "str") == 0;
    const char *problem = NULL;
    json_t *value = NULL;
    if (!forced && (plain || *tag != '\0')) {
        value = yaml_plain(text, &problem);
    }
    if (problem != NULL) {
        (void)builder_fail(reader->builder, position_of(event->start_mark), "%s", problem);
        return NULL;
    }
    if (value != NULL && strcmp(tag, "float") == 0 && json_is_integer(value)) {
        json_t *real = json_real((double)json_integer_value(value));
        json_decref(value);
        value = real;
    }
    return value == NULL ? json_stringn_nocheck(text.ptr, text.len) : value;
}

/* Adds the value with its tag checked and its anchor noted. Takes `value`. */
static struct place *
add(struct yaml_reader *reader, const struct slot *slot, const struct head *head, json_t *value)
{
    if (value == NULL) {
        return NULL;
    }
    const char *tag = core_tag(head->tag);
    if (tag == NULL || !tag_fits(tag, value)) {
        char text[QUOTED_SIZE];
        (void)builder_fail(reader->builder, head->at,
                           tag == NULL ? "the tag \"%s\" is not supported"
                                       : "the value is not what its tag \"%s\" says",
                           quoted(text_of(head->tag), text));
        json_decref(value);
        return NULL;
    }
    struct place *place = builder_add(reader->builder, slot, head->at, value);
    if (place != NULL && head->anchor != NULL) {
        struct str name = arena_str(&reader->builder->document->arena, text_of(head->anchor));
        (void)map_remove(&reader->anchors, name);
        (void)map_put(&reader->anchors, name, place);
    }
    return place;
}

static bool
copy_place(struct builder *builder, struct slot slot, struct position at, const struct place *from);

static bool copy_children(struct builder *builder, struct place *to, const struct place *from)
{
    const struct document *document = builder->document;
    if (json_is_array(from->node)) {
        for (size_t i = 0; i < json_array_size(from->node); i++) {
            const struct place *child = document_child(from, document, STR_EMPTY, i);
            if (!copy_place(builder, (struct slot){.parent = to}, child->at, child)) {
                return false;
            }
        }
        return true;
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)from->node, key, value)
    {
        const struct place *child = document_child(from, document, str_of(key), 0);
        struct slot slot = {to, child->key, child->key_at};
        if (!copy_place(builder, slot, child->at, child)) {
            return false;
        }
    }
    return true;
}

/* What an alias stands for, as nodes of its own: its place is the alias's, what is in it stays
 * where it was written. */
static bool
copy_place(struct builder *builder, struct slot slot, struct position at, const struct place *from)
{
    json_t *value = NULL;
    bool container = true;
    switch (json_typeof(from->node)) {
    case JSON_OBJECT:
        value = json_object();
        break;
    case JSON_ARRAY:
        value = json_array();
        break;
    default:
        value = json_copy((json_t *)(uintptr_t)from->node);
        container = false;
        break;
    }
    struct place *to = builder_add(builder, &slot, at, value);
    return to != NULL && (!container || copy_children(builder, to, from));
}

static bool read_alias(struct yaml_reader *reader, struct slot slot, const yaml_event_t *event)
{
    char text[QUOTED_SIZE];
    struct position at = position_of(event->start_mark);
    struct str name = text_of(event->data.alias.anchor);
    const struct place *from = map_get(&reader->anchors, name);
    if (from == NULL) {
        return builder_fail(reader->builder, at, "no anchor \"%s\" before this alias",
                            quoted(name, text));
    }
    for (const struct place *around = slot.parent; around != NULL; around = around->parent) {
        if (around == from) {
            return builder_fail(reader->builder, at, "the alias \"%s\" is inside what it names",
                                quoted(name, text));
        }
    }
    if (!copy_place(reader->builder, slot, at, from)) {
        /* What was too much is this alias, not what it names. */
        reader->builder->problem.line = at.line;
        reader->builder->problem.column = at.column;
        return false;
    }
    return true;
}

static bool key_problem(struct yaml_reader *reader, const yaml_event_t *event, struct slot *out)
{
    struct builder *builder = reader->builder;
    if (event->type != YAML_SCALAR_EVENT) {
        return builder_fail(builder, out->key_at, "a key must be text");
    }
    out->key = str_make((const char *)event->data.scalar.value, event->data.scalar.length);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && out->key.len == 0) {
        return builder_fail(builder, out->key_at, "a key is missing");
    }
    if (plain && str_eq(out->key, STR("<<"))) {
        return builder_fail(builder, out->key_at,
                            "merge keys (<<) are not supported: write the keys out");
    }
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        return builder_fail(builder, out->key_at, "a key may not have an anchor or a tag");
    }
    return builder_key_ok(builder, out);
}

static bool read_node(struct yaml_reader *reader, struct slot slot, const yaml_event_t *event);

static bool read_list(struct yaml_reader *reader, struct place *place)
{
    for (;;) {
        yaml_event_t event;
        if (!next(reader, &event)) {
            return false;
        }
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        bool ok = end || read_node(reader, (struct slot){.parent = place}, &event);
        yaml_event_delete(&event);
        if (end || !ok) {
            return ok;
        }
    }
}

/* One key and its value. */
static bool read_pair(struct yaml_reader *reader, struct place *place, const yaml_event_t *key)
{
    struct slot slot = {.parent = place, .key_at = position_of(key->start_mark)};
    yaml_event_t value;
    if (!key_problem(reader, key, &slot) || !next(reader, &value)) {
        return false;
    }
    bool ok = read_node(reader, slot, &value);
    yaml_event_delete(&value);
    return ok;
}

static bool read_map(struct yaml_reader *reader, struct place *place)
{
    for (;;) {
        yaml_event_t event;
        if (!next(reader, &event)) {
            return false;
        }
        bool end = event.type == YAML_MAPPING_END_EVENT;
        bool ok = end || read_pair(reader, place, &event);
        yaml_event_delete(&event);
        if (end || !ok) {
            return ok;
        }
    }
}

static bool read_scalar(struct yaml_reader *reader, struct slot slot, const yaml_event_t *event)
{
    struct head head = {position_of(event->start_mark), event->data.scalar.anchor,
                        event->data.scalar.tag};
    const char *tag = core_tag(head.tag);
    return add(reader, &slot, &head, scalar_value(reader, event, tag == NULL ? "!" : tag)) != NULL;
}

static bool read_node(struct yaml_reader *reader, struct slot slot, const yaml_event_t *event)
{
    struct head head = {.at = position_of(event->start_mark)};
    struct place *place = NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, slot, event);
    case YAML_SEQUENCE_START_EVENT:
        head.anchor = event->data.sequence_start.anchor;
        head.tag = event->data.sequence_start.tag;
        place = add(reader, &slot, &head, json_array());
        return place != NULL && read_list(reader, place);
    case YAML_MAPPING_START_EVENT:
        head.anchor = event->data.mapping_start.anchor;
        head.tag = event->data.mapping_start.tag;
        place = add(reader, &slot, &head, json_object());
        return place != NULL && read_map(reader, place);
    case YAML_ALIAS_EVENT:
        return read_alias(reader, slot, event);
    default:
        return builder_fail(reader->builder, head.at, "a value is missing");
    }
}

/* The event that comes next must be `wanted`. */
static bool expect(struct yaml_reader *reader, yaml_event_type_t wanted, const char *otherwise)
{
    yaml_event_t event;
    if (!next(reader, &event)) {
        return false;
    }
    bool ok = event.type == wanted;
    if (!ok) {
        (void)builder_fail(reader->builder, position_of(event.start_mark), "%s", otherwise);
    }
    yaml_event_delete(&event);
    return ok;
}

static bool read_root(struct yaml_reader *reader)
{
    yaml_event_t event;
    if (!next(reader, &event)) {
        return false;
    }
    bool ok = read_node(reader, (struct slot){0}, &event);
    yaml_event_delete(&event);
    return ok && expect(reader, YAML_DOCUMENT_END_EVENT, "the document should end here") &&
           expect(reader, YAML_STREAM_END_EVENT, "only one document is allowed");
}

static bool read_stream(struct yaml_reader *reader)
{
    yaml_event_t event;
    if (!expect(reader, YAML_STREAM_START_EVENT, "not YAML") || !next(reader, &event)) {
        return false;
    }
    bool empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    if (empty) {
        struct slot root = {0};
        return builder_add(reader->builder, &root, (struct position){1, 1}, json_null()) != NULL;
    }
    return read_root(reader);
}

bool yaml_read(struct builder *builder, struct str text)
{
    struct yaml_reader reader = {.builder = builder, .text = text};
    if (yaml_parser_initialize(&reader.parser) != 1) {
        return builder_fail(builder, (struct position){1, 1}, "out of memory");
    }
    map_init(&reader.anchors);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.ptr, text.len);
    bool ok = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    map_done(&reader.anchors);
    return ok;
}
