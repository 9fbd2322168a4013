"""What may be wrong with a request of the admin API: made from a sample, one mistake each."""
import collections
import json
from urllib.parse import quote

from .admin import sample_of

SECRET = "hunter2-never-tell"  # stands where secrets do; nobody must say it again
SECRETS = {"password", "new_password", "client_secret", "ticket"}

# `more`: headers.
Mistake = collections.namedtuple("Mistake", "name method path body more", defaults=({},))

SQL = "x'; DROP TABLE records; --"
CONTROLS = "a\u0001\u001b[2Jb\u202e"
YAML, PACKED = {"Content-Type": "application/yaml"}, {"Content-Type": "application/msgpack"}
# Texts that no name, URI or number is.
TEXTS = {"sql": SQL, "controls": CONTROLS, "NUL": "ann\0", "empty": "", "long": "n" * 100_000,
         "blank": " ", "direction": "\u202eann"}
WRONG_TYPES = {"null": None, "boolean": True, "number": 7, "negative": -1, "fraction": 1.5,
               "text": "TEXT", "list": [], "list of numbers": [1], "list of lists": [["TEXT"]],
               "map": {"TEXT": 1}, "empty map": {}, "large number": 10**30}
# Parts of a path, quoted as they are sent.
PARTS = {"unknown": "nobody-here", "sql": quote(SQL, safe=""), "controls": "a%01b%1b",
         "NUL": "ann%00", "no UTF-8": "%ff%fe", "overlong": "%c0%ae", "long": "n" * 300,
         "very long": "n" * 5000, "up": "..%2F..%2Frealms", "line": "a%0D%0Ab", "reserved": "all"}
ROOTS = {
    "list": b"[]", "number": b"1", "null": b"null", "boolean": b"true", "text": b'"text"',
    "no JSON": b"{", "two values": b"{} {}", "form": b"a=1&b=2", "NUL": b"\0", "a NUL in it": b'{"a\0": 1}',
    "no UTF-8": b'{"\xff\xfe": 1}', "UTF-16": '{"a": 1}'.encode("utf-16"),
    "lone surrogate": b'{"\\ud800": "\\udfff"}', "deep list": b"[" * 300 + b"]" * 300,
    "very deep list": b"[" * 200_000, "deep map": b'{"a":' * 300 + b"1" + b"}" * 300,
}
TYPED = {
    "xml": (b"<a/>", {"Content-Type": "application/xml"}),
    "form": (b"name=a&username=b", {"Content-Type": "application/x-www-form-urlencoded"}),
    "rubbish for a type": (b"{", {"Content-Type": "\xe9;;="}),
    "YAML that is none": (b"{a: [}", YAML),
    "YAML bomb": (b"a: &a [x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 8)) for n in range(98, 110)), YAML),
    "YAML tag": (b"!!python/object:os.system {}", YAML),
    "MessagePack cut short": (b"\x82\xa4name", PACKED),
    "MessagePack of more than there is": (b"\xdf\xff\xff\xff\xff", PACKED),
    "MessagePack deep": (b"\x91" * 5000 + b"\xc0", PACKED),
    "MessagePack map with other keys": (b"\x81\x01\x02", PACKED),
}
QUERIES = {
    "limit": ["0", "-1", "abc", "99999999999999999999", "1.5", "%00", "10001"],
    "cursor": ["%ff", "%01" * 10, "n" * 5000],
    "sort": ["up", "name,-name", "%27", "%00"],
    "filter": ["%ff", "n" * 5000],
    "actor": ["%ff", "n" * 5000],
    "since": ["soon", "-1"],
}
IF_MATCH = {"rubbish": "nonsense", "no number": '"x"', "negative": '"-1"', "large": '"9" ' * 20}


def paths(operation, place):
    for name in operation.binds:
        for kind, value in PARTS.items():
            yield f"{name}: {kind}", place.path(operation, **{name: value})


def dumped(value):
    return json.dumps(value).encode()


def spoilt(good, key, value):
    """With another value; what would be a secret there is one that can be recognised."""
    body = dumped({**good, key: value})
    return body.replace(b"TEXT", SECRET.encode() if key in SECRETS else b"nobody-here")


def members(operation, good):
    """Bodies that are wrong in one member."""
    for key in sample_of(operation).required:
        yield f"no {key}", dumped({k: v for k, v in good.items() if k != key})
    for key, value in good.items():
        for kind, other in WRONG_TYPES.items():
            if type(other) is not type(value) and not (isinstance(value, str) and kind == "null"):
                yield f"{key}: {kind}", spoilt(good, key, other)
        if isinstance(value, str) and key not in sample_of(operation).free:
            for kind, text in TEXTS.items():
                yield f"{key}: {kind}", dumped({**good, key: text})
            marked = dumped({**good, key: "MARK"})
            yield f"{key}: no UTF-8", marked.replace(b"MARK", b"\xff\xfe")
            yield f"{key}: lone surrogate", marked.replace(b"MARK", b"\\udc00")
        first = dumped({key: value})[:-1] + b", "
        yield f"{key}: twice", first + dumped(good)[1:]
    yield "unknown key", dumped({**good, "no_such_key": 1})
    yield "key with a NUL", dumped({**good, "meta\0": 1})


def bodies(operation, good):
    for kind, body in ROOTS.items():
        yield kind, body, {}
    for kind, (body, more) in TYPED.items():
        yield kind, body, more
    if isinstance(good, dict):
        for kind, body in members(operation, good):
            yield kind, body, {}


def mistakes(operation, place):
    """Every way to spoil it."""
    method, path, good = operation.method, place.path(operation), place.body(operation)
    sent = None if good is None else dumped(good)
    for kind, other in paths(operation, place):
        yield Mistake(f"path {kind}", method, other, sent)
    if good is not None:
        yield Mistake("no body", method, path, b"")
        for kind, body, more in bodies(operation, good):
            yield Mistake(f"body {kind}", method, path, body, more)
    if method != "GET":
        for kind, value in IF_MATCH.items():
            yield Mistake(f"if-match {kind}", method, path, sent, {"If-Match": value})
        return
    for name, values in QUERIES.items():
        for value in values:
            join = "&" if "?" in path else "?"
            yield Mistake(f"query {name}={value[:20]}", method, f"{path}{join}{name}={value}", sent)
