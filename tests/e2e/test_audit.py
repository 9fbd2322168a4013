"""The audit: every change of an administrator has its row, strangers' failures are counted, and no
secret is anywhere."""
import base64
import http.client
import json
import socket
import sqlite3
import struct
import time
from urllib.parse import quote

import pytest

from support.node import Node
from support.patience import wait_until
from support.specs import static_spec
from support.wampraw import (ABORT, AUTHENTICATE, CALL, CANCEL, CHALLENGE, ERROR, HELLO, INTERRUPT,
                             INVOCATION, REGISTER, REGISTERED, RESULT, ROLES, WELCOME, RawSocket,
                             WebSocket, connect)

MASTER = "com.leapsight.bondy"
REALM = "com.example.audit"
RIGHT = "the right password of joe"
FAILED = "wamp.error.authentication_failed"


def security(realm=REALM, **more):
    methods = ["password", "wampcra", "wamp-scram", "cryptosign", "ticket"]
    return {"uri": realm, "authmethods": methods + ["api_key"],
            "users": [{"username": "joe", "password": RIGHT}],
            "sources": [{"usernames": "all", "authmethod": m, "cidr": "0.0.0.0/0"}
                        for m in methods + ["api_key"]], **more}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with Node(tmp_path_factory.mktemp("audit") / "node") as running:
        yield running


def rows(node, **query):
    words = "&".join(f"{key}={quote(str(value))}" for key, value in query.items())
    answer = node.ask_admin("GET", f"/audit?{words}")
    assert answer.status == 200, answer.text
    return answer.json()


def newest(node):
    return max((row["id"] for row in rows(node, limit=1)), default=0)


def rows_since(node, last):
    return [row for row in rows(node, limit=1000) if row["id"] > last]


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


# --- what administrators do -------------------------------------------------------------------

PLACE = f"/realms/{REALM}"
SPEC = "/api_specs/com.example.audited"
GRANT = {"roles": ["staff"], "permissions": ["wamp.call"], "uri": "com.example.", "match": "prefix"}
SOURCE = {"usernames": ["ann"], "authmethod": "password", "cidr": "10.0.0.0/8"}
# method, path, body, status, action, target, error
STEPS = [
    ("POST", "/realms", security(), 201, "bondy.realm.create", REALM, None),
    ("POST", "/realms", security(), 409, "bondy.realm.create", REALM,
     "bondy.error.already_exists"),
    ("PUT", PLACE, {"description": "of a test"}, 200, "bondy.realm.update", None, None),
    ("POST", f"{PLACE}/groups", {"name": "staff"}, 200, "bondy.group.add", "staff", None),
    ("POST", f"{PLACE}/groups", {"name": "staff"}, 409, "bondy.group.add", "staff",
     "bondy.error.already_exists"),
    ("PUT", f"{PLACE}/groups/staff", {"meta": {"a": 1}}, 200, "bondy.group.update", "staff", None),
    ("PUT", f"{PLACE}/groups/nobody", {"meta": {}}, 404, "bondy.group.update", "nobody",
     "bondy.error.not_found"),
    ("POST", f"{PLACE}/users", {"username": "ann", "password": "a password of ann",
                                "groups": ["staff"]}, 200, "bondy.user.add", "ann", None),
    ("POST", f"{PLACE}/users", {"username": "bob", "no_such_key": 1}, 400, "bondy.user.add", "bob",
     "wamp.error.invalid_argument"),
    ("PUT", f"{PLACE}/users/ann", {"meta": {"b": 2}}, 200, "bondy.user.update", "ann", None),
    ("POST", f"{PLACE}/users/ann/change_password", {"new_password": "another of ann's"}, 200,
     "bondy.user.change_password", "ann", None),
    ("DELETE", f"{PLACE}/users/ann/enabled", None, 200, "bondy.user.disable", "ann", None),
    ("PUT", f"{PLACE}/users/ann/enabled", {}, 200, "bondy.user.enable", "ann", None),
    ("POST", f"{PLACE}/grants", GRANT, 200, "bondy.grant.create", "staff", None),
    ("PUT", f"{PLACE}/grants", GRANT, 200, "bondy.grant.revoke", "staff", None),
    ("POST", f"{PLACE}/sources", SOURCE, 200, "bondy.source.add", "ann", None),
    ("DELETE", f"{PLACE}/users/ann", None, 200, "bondy.user.delete", "ann", None),
    ("DELETE", f"{PLACE}/users/ann", None, 404, "bondy.user.delete", "ann",
     "wamp.error.no_such_principal"),
    ("DELETE", f"{PLACE}/groups/staff", None, 200, "bondy.group.delete", "staff", None),
    ("POST", "/realms/com.example.nowhere/groups", {"name": "x"}, 404, "bondy.group.add", "x",
     "wamp.error.no_such_realm"),
    ("POST", "/api_specs", static_spec("audited", 0, REALM), 200, "bondy.http_gateway.api.load",
     "com.example.audited", None),
    ("POST", "/api_specs", {"id": "audited"}, 422, "bondy.http_gateway.api.load", None,
     "bondy.error.invalid_specification"),
    ("POST", f"{SPEC}/rollback", {"version": 1}, 200, "bondy.http_gateway.api.rollback",
     "com.example.audited", None),
    ("POST", f"{SPEC}/rollback", {"version": 99}, 404, "bondy.http_gateway.api.rollback",
     "com.example.audited", "bondy.error.not_found"),
    ("DELETE", SPEC, None, 200, "bondy.http_gateway.api.delete", "com.example.audited", None),
    ("DELETE", SPEC, None, 404, "bondy.http_gateway.api.delete", "com.example.audited",
     "bondy.error.not_found"),
    ("DELETE", PLACE, None, 409, "bondy.realm.delete", None, "bondy.error.active_users"),
    ("DELETE", f"{PLACE}?force=true", None, 200, "bondy.realm.delete", None, None),
    ("DELETE", PLACE, None, 404, "bondy.realm.delete", None, "wamp.error.no_such_realm"),
]


def test_every_change_and_every_refusal_has_exactly_one_row(node):
    for method, path, body, status, action, target, error in STEPS:
        last = newest(node)
        answer = node.ask_admin(method, path, body)
        what = f"{method} {path}: {answer.status} {answer.text}"
        assert answer.status == status or answer.status < 300 and status < 300, what
        found = rows_since(node, last)
        assert len(found) == 1, (what, found)
        row = found[0]
        assert row["action"] == action, (what, row)
        assert target is None or row.get("target") == target, (what, row)
        assert (row["actor"], row["actor_realm"]) == ("admin", MASTER), (what, row)
        assert row["authmethod"] == "password" and row["address"] == "127.0.0.1", (what, row)
        assert row["request_id"] and abs(row["time"] / 1000 - time.time()) < 60, (what, row)
        if error is None:
            assert row["outcome"] == "ok" and "error" not in row, (what, row)
            assert "rollback" in path or "before" in row or "after" in row, (what, row)
        else:
            assert row["outcome"] == "refused", (what, row)
            assert row["error"] == answer.json()["code"] == error, (what, row)
            assert "before" not in row and "after" not in row, (what, row)


def test_what_changes_nothing_has_no_row(node):
    last = newest(node)
    node.ask_admin("GET", "/realms")
    node.ask_admin("GET", f"/realms/{MASTER}/users")
    node.ask_admin("GET", "/audit")
    answer = node.ask_admin("POST", "/api_specs?dry_run=true", static_spec("dry", 0, MASTER))
    assert answer.status == 200, answer.text
    assert rows_since(node, last) == []


def test_digests_chain_one_change_to_the_next(node):
    realm = "com.example.chain"
    assert node.ask_admin("POST", "/realms", {"uri": realm}).status == 201
    node.ask_admin("POST", f"/realms/{realm}/groups", {"name": "one"})
    node.ask_admin("PUT", f"/realms/{realm}/groups/one", {"meta": {"n": 1}})
    node.ask_admin("DELETE", f"/realms/{realm}/groups/one")
    removed, changed, made = rows(node, realm=realm, action="bondy.group.", limit=3)
    assert "before" not in made and made["after"] == changed["before"]
    assert changed["after"] == removed["before"] != made["after"]
    assert all(len(row[key]) == 64 for row, key in ((made, "after"), (removed, "before")))


def wamp_session(node, authid, password, realm=MASTER):
    wire = RawSocket(node.rawsocket)
    wire.send(HELLO, realm, {**ROLES, "authid": authid, "authmethods": ["password"]})
    answer = wire.receive()
    if answer[0] == CHALLENGE:
        wire.send(AUTHENTICATE, password, {})
        answer = wire.receive()
    return wire, answer


def test_calls_over_wamp_say_which_session_it_was(node):
    wire, answer = wamp_session(node, "admin", node.password)
    with wire:
        assert answer[0] == WELCOME, answer
        last = newest(node)
        done = wire.ask(CALL, {}, "bondy.group.add", [MASTER, {"name": "by_wamp"}])
        assert done[0] == RESULT, done
        refused = wire.ask(CALL, {}, "bondy.group.add", [MASTER])
        assert refused[0] == ERROR, refused
        older = wire.ask(CALL, {}, "bondy.security.add_group", [MASTER, {"name": "by_older"}])
        third, second, first = rows_since(node, last)
        for row in (first, second, third):
            assert row["address"] == "127.0.0.1" and row["actor"] == "admin", row
            assert row["request_id"] == f"session:{answer[1]}", row
            assert row["action"] == "bondy.group.add", row
        assert [first["outcome"], second["outcome"]] == ["ok", "refused"]
        assert third["outcome"] == ("ok" if older[0] == RESULT else "refused")
        listed = wire.ask(CALL, {}, "bondy.audit.list", [], {"limit": 2})
        assert [row["id"] for row in listed[3][0]] == [third["id"], second["id"]]


def test_the_audit_is_for_the_master_realm_alone(node):
    realm = security("com.example.others", grants=[
        {"roles": ["joe"], "permissions": ["wamp.call"], "uri": "", "match": "prefix"},
        {"roles": "all", "permissions": ["wamp.call"], "uri": "", "match": "prefix"}])
    assert node.ask_admin("POST", "/realms", realm).status == 201
    wire, answer = wamp_session(node, "joe", RIGHT, "com.example.others")
    with wire:
        assert answer[0] == WELCOME, answer
        for arguments in ([], ["com.example.others"], [MASTER]):
            refused = wire.ask(CALL, {}, "bondy.audit.list", arguments)
            assert refused[0] == ERROR, refused
    assert node.ask_admin("GET", "/audit", user=None).status == 401


def test_who_may_not_administer_is_noted(node):
    realm = "com.example.curious"
    assert node.ask_admin("POST", "/realms", security(realm)).status == 201
    wire, answer = wamp_session(node, "joe", RIGHT, realm)
    with wire:
        assert answer[0] == WELCOME, answer
        for _ in range(3):
            refused = wire.ask(CALL, {}, "bondy.user.delete", [realm, "joe"])
            assert refused[0] == ERROR and refused[4] == "wamp.error.not_authorized", refused
        wire.ask(CALL, {}, "com.example.nothing")
    row, = wait_until(lambda: rows(node, realm=realm, actor="joe"), "the row of what was tried")
    assert (row["action"], row["outcome"], row["count"]) == ("bondy.user.delete", "refused", 3)
    assert row["error"] == "wamp.error.not_authorized" and row["address"] == "127.0.0.1", row


def test_who_is_sent_away_by_whom_is_noted(node):
    realm = "com.example.away"
    assert node.ask_admin("POST", "/realms", security(realm)).status == 201
    wire, answer = wamp_session(node, "joe", RIGHT, realm)
    with wire:
        assert answer[0] == WELCOME, answer
        path = f"/realms/{realm}/sessions/{answer[1]}"
        assert node.ask_admin("DELETE", path).status == 204
        assert node.ask_admin("DELETE", path).status == 404
    refused, done = wait_until(lambda: len(found := rows(node, realm=realm, action="wamp.session."))
                               == 2 and found, "the rows of who was sent away")
    assert (done["outcome"], refused["outcome"]) == ("ok", "refused")
    assert done["target"] == refused["target"] == str(answer[1])
    assert (done["actor"], done["actor_realm"]) == ("admin", MASTER), done
    assert done["address"] == "127.0.0.1" and done["request_id"], done
    assert refused["error"] == "wamp.error.no_such_session"


def test_a_call_made_for_another_ends_with_its_caller(node, front):
    """Over HTTP, where the client hangs up, and over WAMP, where it cancels."""
    node.ask_admin("POST", f"/realms/{MASTER}/users", {"username": "slow", "password": RIGHT})
    granted = node.ask_admin("POST", f"/realms/{MASTER}/grants", {
        "permissions": ["wamp.register"], "uri": "com.slow", "match": "exact", "roles": ["slow"]})
    assert granted.status == 204, granted.text
    callee, answer = wamp_session(node, "slow", RIGHT)
    caller, welcome = wamp_session(node, "admin", node.password)
    with callee, caller:
        assert answer[0] == WELCOME and welcome[0] == WELCOME, (answer, welcome)
        assert callee.ask(REGISTER, {}, "com.slow")[0] == REGISTERED
        caller.send(CALL, 1, {}, "bondy.wamp.call", [{"procedure": "com.slow"}])
        invoked = callee.receive()
        assert invoked[0] == INVOCATION, invoked
        caller.send(CANCEL, 1, {"mode": "killnowait"})
        interrupted = callee.receive()
        assert interrupted[:2] == [INTERRUPT, invoked[1]], interrupted
        assert caller.receive()[:3] == [ERROR, CALL, 1]

        if front == "mhd":
            pytest.skip("libmicrohttpd does not notice that a waiting client leaves")
        body = b'{"procedure": "com.slow"}'
        pair = base64.b64encode(f"admin:{node.password}".encode())
        with connect(node.admin) as sock:
            sock.sendall(b"POST /services/call HTTP/1.1\r\nhost: x\r\nauthorization: Basic " + pair
                         + b"\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                         % len(body) + body)
            invoked = callee.receive()
            assert invoked[0] == INVOCATION, invoked
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        interrupted = callee.receive()
        assert interrupted[:2] == [INTERRUPT, invoked[1]], interrupted


def test_bad_queries_are_refused(node):
    for query in ("limit=0", "limit=x", "limit=100000", "cursor=x", "cursor=-1", "since=yesterday",
                  "actor=" + "x" * 600):
        answer = node.ask_admin("GET", f"/audit?{query}")
        assert answer.status == 400, (query, answer.text)
    for query in ("actor=%27%20OR%201%3D1--", "realm=%25", "action=%5F", "outcome=nothing"):
        answer = node.ask_admin("GET", f"/audit?{query}")
        assert (answer.status, answer.json()) == (200, []), (query, answer.text)


def next_page(answer):
    link = answer.headers.get("link", "")
    return link[1:link.index(">")] if 'rel="next"' in link else None


def test_pages_are_stable_while_rows_are_added(node):
    expected = [row["id"] for row in rows(node, limit=1000)]
    seen, page = [], "/audit?limit=5"
    while page and len(seen) < len(expected) + 100:
        answer = node.ask_admin("GET", page)
        assert answer.status == 200 and len(answer.json()) <= 5
        seen += [row["id"] for row in answer.json()]
        page = next_page(answer)
        node.ask_admin("DELETE", f"/realms/{MASTER}/groups/nobody")
    assert seen == expected


# --- what strangers do ------------------------------------------------------------------------

def failures(node, **query):
    return [row for row in rows(node, action="login.failed", limit=1000, **query)]


def counted(node, total, **query):
    """Rows of failures once they stand for `total` of them."""
    def look():
        found = failures(node, **query)
        assert sum(row["count"] for row in found) <= total, found
        return found if sum(row["count"] for row in found) == total else None
    return wait_until(look, f"{total} failures {query}")


def test_failed_logins_of_every_kind_are_counted(node):
    realm = "com.example.failures"
    assert node.ask_admin("POST", "/realms", security(realm)).status == 201
    for _ in range(3):
        wire, answer = wamp_session(node, "joe", "wrong", realm)
        wire.close()
        assert answer[0] == ABORT and answer[2] == FAILED, answer
    for method in ("wampcra", "wamp-scram", "cryptosign"):
        with WebSocket(node.gateway) as wire:
            wire.send(HELLO, realm, {**ROLES, "authid": f"nobody-{method}", "authmethods": [method],
                                     "authextra": {"pubkey": "00" * 32, "nonce": "bm9uY2U="}})
            answer = wire.receive()
            if answer[0] == CHALLENGE:
                wire.send(AUTHENTICATE, "00" * 32, {"nonce": "bm9uY2U=", "channel_binding": None})
                answer = wire.receive()
            assert answer[0] == ABORT, answer
    with RawSocket(node.rawsocket) as wire: # nobody in particular
        wire.send(HELLO, realm, {**ROLES, "authmethods": ["anonymous"]})
        assert wire.receive()[0] == ABORT
    for user in ("admin", "nobody"):
        assert node.ask_admin("GET", "/realms", user=user, password="wrong").status == 401
    for header in ({"X-API-Key": "pk_nothing.at-all"}, {"Authorization": "Bearer nothing"}):
        assert node.ask_admin("GET", "/realms", user=None, headers=header).status == 401

    row, = counted(node, 3, realm=realm, actor="joe")
    assert row["authmethod"] == "password" and row["outcome"] == "failed", row
    assert row["error"] == FAILED and row["address"] == "127.0.0.1", row
    for method in ("wampcra", "wamp-scram", "cryptosign"):
        row, = counted(node, 1, realm=realm, actor=f"nobody-{method}")
        assert row["authmethod"] == method, row
    row, = counted(node, 1, realm=realm, outcome="wamp.error.not_auth_method")
    assert row["actor"] == "" and row["authmethod"] == "anonymous", row
    for user in ("admin", "nobody"):
        row, = counted(node, 1, realm=MASTER, actor=user)
        assert row["authmethod"] == "password", row
    wait_until(lambda: {row["authmethod"] for row in failures(node, realm=MASTER)
                        if not row["actor"]} == {"api_key", "oauth2"}, "rows of keys and tokens")


def test_attempts_that_are_not_looked_at_are_in_the_same_row(node):
    realm = "com.example.throttled"
    assert node.ask_admin("POST", "/realms", security(realm)).status == 201
    for _ in range(12):
        wire, answer = wamp_session(node, "joe", "wrong", realm)
        wire.close()
        assert answer[0] == ABORT
    found = counted(node, 12, realm=realm, actor="joe")
    assert len(found) <= 3 and any("not looked at" in row["detail"] for row in found), found


def test_a_flood_of_failures_leaves_few_rows_and_moves_nobody_else_out(tmp_path):
    flood = 3000
    with Node(tmp_path / "node", settings={"audit.rows": "100"}) as node:
        for number in range(60):
            node.ask_admin("POST", f"/realms/{MASTER}/groups", {"name": f"group{number}"})
        host, port = node.admin.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        for number in range(flood):
            connection.request("GET", "/realms", headers={"X-API-Key": f"pk_{number}.wrong"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (401, 429)
        connection.close()
        found = counted(node, flood)
        assert len(found) < 50
        kept = rows(node, outcome="ok", limit=1000)
        assert len(kept) >= 50 and len(rows(node, limit=1000)) <= 100


# --- what is never there ----------------------------------------------------------------------

def walk(node, paths):
    """All that GET answers, here and behind links to more."""
    return b"".join(node.ask_admin("GET", path).body for path in paths)


def test_no_secret_is_in_a_row_a_log_or_an_answer(tmp_path):
    planted = [f"planted-secret-{number:02d}-Zq9" for number in range(12)]
    realm, place = "com.example.secrets", "/realms/com.example.secrets"
    with Node(tmp_path / "node", settings={"log.level": "debug"}) as node:
        first = security(realm)
        first["users"][0]["password"] = planted[0]
        first["grants"] = [{"roles": ["joe"], "permissions": ["wamp.call", "bondy.issue"],
                            "uri": "bondy.ticket.", "match": "prefix"}]
        assert node.ask_admin("POST", "/realms", first).status == 201
        again = node.ask_admin("POST", "/realms", first)
        assert again.status == 409
        answers = [
            again,
            node.ask_admin("POST", f"{place}/users", {"username": "ann", "password": planted[1]}),
            node.ask_admin("POST", f"{place}/users", {"username": "ann", "password": planted[1]}),
            node.ask_admin("POST", f"{place}/users", {"username": "bob", "password": planted[2],
                                                      "password_opts": {"protocol": "none"}}),
            node.ask_admin("POST", f"{place}/users", {"username": "bob", "password": [planted[2]]}),
            node.ask_admin("PUT", f"{place}/users/ann", {"password": planted[3]}),
            node.ask_admin("POST", f"{place}/users/ann/change_password",
                           {"new_password": planted[4]}),
            node.ask_admin("POST", f"{place}/users/nobody/change_password",
                           {"new_password": planted[5]}),
            node.ask_admin("GET", "/realms", user="admin", password=planted[6]),
            node.ask_admin("GET", "/realms", user=None, headers={"X-API-Key": planted[7]}),
            node.ask_admin("GET", "/realms", user=None,
                           headers={"Authorization": f"Bearer {planted[8]}"}),
        ]
        for secret in (planted[9], RIGHT + planted[9]):
            wire, answer = wamp_session(node, "joe", secret, realm)
            wire.close()
            assert answer[0] == ABORT and planted[9] not in str(answer)
        with WebSocket(node.gateway) as wire:
            wire.send(HELLO, realm, {**ROLES, "authid": "joe", "authmethods": ["wampcra"]})
            wire.receive()
            wire.send(AUTHENTICATE, planted[10], {})
            assert planted[10] not in str(wire.receive())
        wire, answer = wamp_session(node, "admin", node.password)
        with wire:
            assert answer[0] == WELCOME, answer
            made = wire.ask(CALL, {}, "bondy.api_key.add", [realm, "joe"])
            if made[0] == RESULT: # shown once, and then no more
                planted += [text for text in json.dumps(made[3]).split('"') if len(text) > 30]
            for arguments in ([realm, "joe", planted[11], 1, 2], [realm, planted[11]][:1]):
                wire.ask(CALL, {}, "bondy.user.change_password", arguments)
        wire, answer = wamp_session(node, "joe", planted[0], realm)
        with wire:
            assert answer[0] == WELCOME, answer
            issued = wire.ask(CALL, {}, "bondy.ticket.issue", [], {})
            assert issued[0] == RESULT, issued
            ticket = issued[3][0]["ticket"]
            planted.append(ticket.rsplit(".", 1)[1])
            wire.ask(CALL, {}, "bondy.ticket.revoke", [ticket])
            wire.ask(CALL, {}, "bondy.ticket.revoke", [realm, ticket])
        with WebSocket(node.gateway) as wire:
            wire.send(HELLO, realm, {**ROLES, "authid": "joe", "authmethods": ["ticket"]})
            if wire.receive()[0] == CHALLENGE:
                wire.send(AUTHENTICATE, ticket, {})
                wire.receive()
        wait_until(lambda: sum(row["count"] for row in failures(node)) >= 6, "the failures' rows")
        seen = walk(node, ["/audit?limit=1000", "/realms", place, f"{place}/users",
                           f"{place}/users/ann", f"{place}/users/joe", f"{place}/groups",
                           f"{place}/sources", f"{place}/grants", f"/realms/{MASTER}/users",
                           "/metrics"])
        places = {"answers": b"".join(answer.body for answer in answers), "GET": seen}
        # While it runs, with what is only in the write-ahead log; then all of it.
        for path in (tmp_path / "node" / "data").iterdir():
            if path.name.startswith("postern.db"):
                places[f"running {path.name}"] = path.read_bytes()
        places["log"] = node.log_text().encode()
    for path in (tmp_path / "node").rglob("*"):
        if path.is_file() and path.name != "admin-password":
            places[str(path.name)] = path.read_bytes()
    found = [(secret, name) for secret in planted for name, text in places.items()
             if secret.encode() in text]
    assert found == []
    assert b"argon2id" not in seen and b"$" not in walk_rows(tmp_path)


def walk_rows(tmp_path):
    """All texts of the table, of a node that has ended."""
    database = sqlite3.connect(tmp_path / "node" / "data" / "postern.db")
    try:
        return repr(database.execute("SELECT * FROM audit").fetchall()).encode()
    finally:
        database.close()


def test_what_was_acknowledged_has_its_row_after_kill_9(tmp_path):
    node = Node(tmp_path / "node").start()
    try:
        for number in range(20):
            answer = node.ask_admin("POST", f"/realms/{MASTER}/groups", {"name": f"kept{number}"})
            assert answer.status < 300, answer.text
        node.kill()
        node.restart()
        groups = {row["name"] for row in node.ask_admin("GET", f"/realms/{MASTER}/groups").json()}
        have = {row["target"] for row in rows(node, action="bondy.group.add", limit=1000)}
        assert {f"kept{number}" for number in range(20)} <= groups & have
    finally:
        node.stop()


def test_failures_are_written_at_the_latest_when_the_node_ends(tmp_path):
    with Node(tmp_path / "node") as node:
        assert node.ask_admin("GET", "/realms", user="admin", password="wrong").status == 401
    assert b"login.failed" in walk_rows(tmp_path)
