"""Who gets past the door of the admin API: every operation of specs/admin.json x every caller.

Refused callers send requests that would change something; what is stored is compared as a whole.
"""
import json

import pytest

from support.admin import (MASTER, OPERATIONS, SAMPLES, Asker, Place, api_key, basic, dump,
                           error_of, key_of, story)
from support.node import Node

HOME, OTHER = "com.example.matrix", "com.example.elsewhere"
PROCEDURES = sorted({operation.procedure for operation in OPERATIONS})
# Patterns of the reader's grants; an empty component stands for any.
READS = ["bondy..get", "bondy..list", "bondy.http_gateway.api.get", "bondy.http_gateway.api.list",
         "bondy.registration.callee.list", "bondy.oauth2..get", "bondy.oauth2..list"]


def name_of(procedure):
    return f"only.{procedure}"


def grant(uri, role, match="exact"):
    return {"permissions": ["wamp.call"], "uri": uri, "match": match, "roles": [role]}


def security():
    """The master realm with one user for each procedure, and a realm of somebody else."""
    alone = [grant(procedure, name_of(procedure)) for procedure in PROCEDURES]
    # What he calls by bondy.wamp.call he calls as himself.
    alone += [grant("bondy.ping", name_of("bondy.wamp.call"))]
    return [
        {"uri": MASTER,
         "users": [{"username": "reader"}, {"username": "powerless"}] +
                  [{"username": name_of(procedure)} for procedure in PROCEDURES],
         "grants": alone + [grant(uri, "reader", "wildcard") for uri in READS]},
        {"uri": OTHER, "authmethods": ["anonymous", "api_key"], "users": [{"username": "stranger"}],
         "sources": [{"usernames": "all", "authmethod": "api_key", "cidr": "0.0.0.0/0"}],
         "grants": [{"permissions": ["wamp.call"], "uri": "", "match": "prefix", "roles": "all"}]},
    ]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("matrix")
    file = home / "security.json"
    file.write_text(json.dumps(security()))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        yield running


@pytest.fixture(scope="module")
def place(node):
    there = Place(node, HOME)
    yield there
    there.close()


@pytest.fixture(scope="module")
def asker(node):
    """Askers by the header that says who they are; one connection each."""
    made = []

    def make(authorization=None, **more):
        made.append(Asker(node.admin, authorization, more))
        return made[-1]
    yield make
    for one in made:
        one.close()


def keyed(node, asker, user, realm=MASTER):
    return asker(**{"X-API-Key": api_key(node, realm, user)})


def shut(place, node, ask, statuses, granted=()):
    """Asks everything that is not granted: one of these statuses, and nothing is changed."""
    before = dump(node)
    asked = 0
    for operation in OPERATIONS:
        if operation.procedure in granted:
            continue
        answer = ask(operation.method, place.path(operation), place.body(operation))
        assert answer.status in statuses, (key_of(operation), answer.status, answer.text)
        assert error_of(operation, answer), (key_of(operation), answer.text)
        if answer.status == 401:
            assert "www-authenticate" in answer.headers, key_of(operation)
        asked += 1
    assert asked and dump(node) == before
    return asked


def test_every_operation_has_a_sample_and_every_sample_an_operation():
    assert {key_of(operation) for operation in OPERATIONS} == set(SAMPLES)
    assert len(OPERATIONS) == len(SAMPLES)


def test_the_api_describes_exactly_these_operations(node):
    told = node.ask_admin("GET", "/openapi.json").json()["paths"]
    found = {f"{method.upper()} {path}" for path, item in told.items() for method in item
             if method in ("get", "put", "post", "patch", "delete")}
    wanted = {"/".join(f"{{{part[1:]}}}" if part.startswith(":") else part
                       for part in key_of(operation).split("/")) for operation in OPERATIONS}
    assert found == wanted


def test_nobody_gets_past_without_credentials(place, node, asker):
    assert shut(place, node, asker(), [401]) == len(OPERATIONS)


def test_nobody_gets_past_with_a_wrong_password(place, node, asker):
    """Attempts that are not looked at any more, because too many have failed, are no way in."""
    shut(place, node, asker(basic("powerless", "not his password")), [401, 429])


def test_nobody_gets_past_with_a_wrong_key(place, node, asker):
    shut(place, node, asker(**{"X-API-Key": f"pk_{'0' * 16}_{'1' * 64}"}), [401, 429])


def test_a_user_of_another_realm_is_nobody_here(place, node, asker):
    shut(place, node, keyed(node, asker, "stranger", OTHER), [401, 429])


def test_a_user_without_grants_gets_nowhere(place, node, asker):
    assert shut(place, node, keyed(node, asker, "powerless"), [403]) == len(OPERATIONS)


def test_a_grant_opens_its_procedure_and_no_other(place, node, asker):
    for procedure in PROCEDURES:
        shut(place, node, keyed(node, asker, name_of(procedure)), [403], {procedure})


def reads(procedure):
    parts = procedure.split(".")
    return any(len(parts) == len(wanted.split(".")) and
               all(want in ("", part) for part, want in zip(parts, wanted.split(".")))
               for wanted in READS)


def test_who_may_read_changes_nothing(place, node, asker):
    ask = keyed(node, asker, "reader")
    granted = {procedure for procedure in PROCEDURES if reads(procedure)}
    assert len(granted) > 12
    shut(place, node, ask, [403], granted)
    before = dump(node)
    for operation in OPERATIONS:
        if operation.procedure in granted:
            assert operation.method == "GET"
            answer = ask("GET", place.path(operation))
            assert answer.status == 200, (key_of(operation), answer.text)
    assert dump(node) == before


@pytest.mark.parametrize("who", ["administrator", "user of one grant"])
def test_who_is_granted_it_gets_what_he_asks_for(node, asker, who):
    """So what the others were refused were good requests."""
    admin = asker(basic("admin", node.password))
    there = Place(node, f"com.example.{who.split()[0]}")
    for operation in story():
        ask = admin
        if who != "administrator":
            ask = keyed(node, asker, name_of(operation.procedure))
        answer = ask(operation.method, there.path(operation), there.body(operation))
        assert answer.status in (200, 201, 204), \
            (key_of(operation), answer.status, answer.text)
    there.close()


def test_a_call_by_the_service_of_calls_has_only_the_callers_own_grants(place, node, asker):
    ask = keyed(node, asker, name_of("bondy.wamp.call"))
    before = dump(node)
    for procedure, args in [("bondy.user.delete", [HOME, "ann"]),
                            ("bondy.realm.delete", [HOME]),
                            ("com.bondy.realm.delete", [HOME]),
                            ("bondy.wamp.calls", []),
                            ("bondy.grant.create", [MASTER, grant("", "only.bondy.wamp.call",
                                                                  "prefix")])]:
        answer = ask("POST", "/services/call", {"procedure": procedure, "args": args})
        assert answer.status == 403, (procedure, answer.text)
        assert answer.json()["error_uri"] == "wamp.error.not_authorized"
    inner = {"procedure": "bondy.user.delete", "args": [HOME, "ann"]}
    answer = ask("POST", "/services/call", {"procedure": "bondy.wamp.call", "args": [inner]})
    assert answer.status >= 400
    assert dump(node) == before
