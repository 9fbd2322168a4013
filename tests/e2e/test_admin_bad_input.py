"""Every operation of the admin API x every way to spoil its request: refused in words, nothing changed.

The requests are made from specs/admin.json and the samples of support/admin.py, the ways are in
support/bad_input.py. Refused is a problem with a status from 400 to 499 and a code of docs/errors.md.
"""
import re

import pytest

from support.admin import MASTER, OPERATIONS, Asker, Place, basic, dump, error_of, key_of, sample_of
from support.bad_input import SECRET, mistakes
from support.node import Node
from support.places import ROOT
from support.wampraw import connect

# What is no mistake there: it is not sent, since it changes something.
GOOD = [
    (r"POST .*api_spec.*", r"body (name: (sql|controls|blank|direction)|unknown key)"),  # warnings
    (r"(POST|PUT) /realms.*", r"body \w+: null"),  # as if it were not said
    (r"POST .*/aliases", r"body text"),
    (r"PUT .*/aliases/:alias", r"path alias: unknown"),
    (r"POST .*/api_keys", r"no body|body null"),
    (r"POST .*/groups", r"body name: (sql|blank)"),
    (r"(PUT|POST) .*/grants", r"body uri: (empty|direction)"),
    (r"POST .*/sources", r"body no cidr"),
    (r"POST .*/rotate_secret", r"no body|body null|body \w+: null"),
    (r"POST .*/keys/rotate", r"no body|body algorithm: empty|if-match .*"),
    (r"DELETE .*/sessions/:session_id", r"if-match .*"),
]
# What is no mistake there and changes nothing: questions, and taking away what is not there.
IDLE = [
    (r"DELETE .*/(aliases/:alias|groups/:group|sources|tickets)",
     r"path (alias|group|id): (unknown|sql|long|very long|reserved)"),
    (r"GET .*/users/:id/sources|GET .*/groups/:id/grants", r"path id: (unknown|sql|reserved)"),
    (r"POST .*/grants/test", r"body (permission|resource): direction|if-match .*"),
    (r"POST .*/tickets/verify", r"body ticket: .*|if-match .*"),
    (r"POST /services/call|POST /try", r"if-match .*"),
    # A path that gives no list or takes no filter does not look.
    (r"GET (?!.*(/realms|/api_specs|/users|/groups|/grants|/sources|/api_keys|/keys|/versions)$).*",
     r"query .*"),
    (r"GET .*/users/:id/(sources|grants)|GET .*/groups/:id/grants", r"query .*"),
    (r"GET .*", r"query cursor=(%01)*.*|query (actor|since)=.*"),
]
# What nobody serves says so, and that is no answer to the mistake.
AWAY = "wamp.error.no_such_procedure"


def listed(operation, mistake, rows):
    return any(re.fullmatch(where, key_of(operation)) and re.fullmatch(what, mistake.name)
               for where, what in rows)


def known_codes():
    """The codes of docs/errors.md; `.x` behind a name stands for another last part of it."""
    exact, patterns = set(), []
    for line in (ROOT / "docs/errors.md").read_text().splitlines():
        before = ""
        for word in re.findall(r"`([a-z._*]+)`", line):
            word = before.rsplit(".", 1)[0] + word if word.startswith(".") else word
            before = word
            if "*" in word:
                patterns.append(re.escape(word).replace(r"\*", ".*"))
            exact.add(word)
    return lambda code: code in exact or any(re.fullmatch(p, code) for p in patterns)


KNOWN = known_codes()


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with Node(tmp_path_factory.mktemp("input") / "node") as running:
        yield running
        assert SECRET not in running.log_text()


@pytest.fixture(scope="module")
def ask(node):
    asker = Asker(node.admin, basic("admin", node.password))
    yield asker
    asker.close()


@pytest.fixture(scope="module")
def place(node):
    there = Place(node, "com.example.input")
    yield there
    there.close()


def judge(operation, mistake, answer):
    what = (key_of(operation), mistake.name, answer.status, answer.text[:300])
    assert SECRET not in answer.text, what
    if answer.status < 400:
        assert listed(operation, mistake, IDLE), what
        return
    code = error_of(operation, answer)
    assert code, what
    if code == AWAY:
        assert operation.procedure.startswith("bondy.oauth2.") or \
            mistake.name == "body procedure: direction", what
        return
    assert answer.status < 500 and KNOWN(code), what


@pytest.mark.parametrize("operation", OPERATIONS, ids=key_of)
def test_what_is_wrong_is_refused_and_changes_nothing(node, ask, place, operation):
    before = dump(node)
    sent = 0
    for mistake in mistakes(operation, place):
        if not listed(operation, mistake, GOOD):
            judge(operation, mistake, ask(mistake.method, mistake.path, mistake.body, mistake.more))
            sent += 1
    assert sent > 3
    assert dump(node) == before


def test_what_is_there_is_not_made_again(node, ask, place):
    before = dump(node)
    again = [("/realms", {"uri": place.uri}), (f"/realms/{place.uri}/users", {"username": "ann"}),
             (f"/realms/{place.uri}/users", {"username": "ANN"}),
             (f"/realms/{place.uri}/users", {"username": "annie"}),
             (f"/realms/{place.uri}/groups", {"name": "crew"}),
             ("/api_specs", {**place.spec_body(), "id": "com.example.other.id"})]
    for path, body in again:
        answer = ask("POST", path, body)
        assert answer.status == 409, (path, answer.text)
        assert answer.json()["code"] == "bondy.error.already_exists"
    for name in ("ann", "annie"):
        answer = ask("PUT", f"/realms/{place.uri}/users/ann/aliases/{name}")
        assert answer.status in (204, 409), answer.text
    assert dump(node) == before


def test_reserved_names_are_nobodys(node, ask, place):
    before = dump(node)
    for name in ("all", "anonymous", "any", "from", "on", "to", "ALL"):
        for path, key in (("users", "username"), ("groups", "name")):
            answer = ask("POST", f"/realms/{place.uri}/{path}", {key: name})
            assert answer.status == 400, (path, name, answer.text)
            assert answer.json()["code"] == "wamp.error.invalid_argument"
    for uri in (f"{MASTER}.more", f"{MASTER}x", MASTER.upper() + ".a"):
        answer = ask("POST", "/realms", {"uri": uri})
        assert answer.status == 400, (uri, answer.text)
    assert ask("DELETE", f"/realms/{MASTER}?force=true").status >= 400
    assert ask("DELETE", f"/realms/{MASTER}/security_enabled").status >= 400
    assert dump(node) == before


def test_what_is_too_large_is_refused(node, ask, place):
    before = dump(node)
    for operation in OPERATIONS:
        if sample_of(operation).body is not None:
            head = f"{operation.method} {place.path(operation)} HTTP/1.1\r\nHost: x\r\n" \
                f"Authorization: {ask.headers['Authorization']}\r\nContent-Length: 30000000\r\n\r\n"
            with connect(node.admin) as sock:
                sock.sendall(head.encode())
                answer = sock.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413 "), (key_of(operation), answer)
    roles = {"permissions": ["wamp.call"], "uri": "com.a", "match": "exact", "roles": ["crew"],
             "resources": [{"uri": f"com.a{n}", "match": "exact"} for n in range(10_001)]}
    del roles["uri"], roles["match"]
    answer = ask("POST", f"/realms/{place.uri}/grants", roles)
    assert answer.status == 400 and KNOWN(answer.json()["code"]), answer.text[:300]
    assert dump(node) == before
