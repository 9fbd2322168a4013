"""Access tokens at work: routes, WAMP sessions, the endpoints that ask about them, and what ends them."""
import base64
import json
import socket
import subprocess
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.node import Node, ask
from support.patience import PATIENCE
from support.places import E2E
from support.wampraw import (ABORT, AUTHENTICATE, CALL, CHALLENGE, ERROR, GOODBYE, HELLO, RESULT,
                             WELCOME, Closed, RawSocket)

REALM, OTHER, MASTER = "com.example.bearer", "com.example.other", "com.leapsight.bondy"
SHUT, FAR = "com.example.shut", "com.example.far"
SECRET = "the right secret"
FEW = {"protocol": "cra", "params": {"iterations": 4096}}
METHODS = ["password", "oauth2"]
OAUTH = f"/realms/{REALM}/oauth"


def user(name, *groups, **more):
    return {"username": name, "groups": list(groups), "password": SECRET, **more}


def realm(uri, **more):
    return {"uri": uri, "authmethods": METHODS, "password_opts": FEW,
            "info": {"oauth2": {"password_grant": True}},
            "sources": [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                        for method in METHODS], **more}


def grant(uri, *roles, permissions=("wamp.call",), match="exact"):
    return {"permissions": list(permissions), "uri": uri, "match": match, "roles": list(roles)}


SECURITY = [
    realm(REALM,
          groups=[{"name": "staff"}, {"name": "ops"}, {"name": "guests"}],
          users=[user("app", "api_clients"), user("till", "api_clients", "staff"),
                 user("desk", "api_clients"), user("meter", "api_clients"),
                 *(user(name, "resource_owners", "staff", "ops", meta={"name": name.title(), "email": f"{name}@x"})
                   for name in ("ann", "bob", "cat", "dan", "eve", "fay", "gil", "hal", "ida", "jim", "kim")),
                 user("callee", "guests")],
          grants=[grant("com.shop.staff", "staff"), grant("com.shop.ops", "ops"),
                  grant("com.shop.ann", "ann"),
                  grant("com.shop.", "guests", permissions=("wamp.register",), match="prefix"),
                  grant("bondy.oauth2.token.introspect", "meter")]),
    realm(OTHER, users=[user("app", "api_clients"), user("ann", "resource_owners")]),
    {**realm(SHUT, users=[user("app", "api_clients")]), "authmethods": ["password"]},
    {**realm(FAR, users=[user("app", "api_clients")]),
     "sources": [{"usernames": "all", "authmethod": "password", "cidr": "0.0.0.0/0"},
                 {"usernames": "all", "authmethod": "oauth2", "cidr": "192.0.2.0/24"}]},
]


def call(uri):
    return {"action": {"type": "wamp_call", "procedure": uri},
            "response": {"on_result": {"body": "{{action.result.args |> head}}"}, "on_error": {}}}


def spec(name, realm_uri=REALM, security=None):
    who = {"action": {"type": "static"},
           "response": {"on_result": {"body": "{{security}}"}, "on_error": {}}}
    paths = {"/who": who, **{f"/{word}": call(f"com.shop.{word}") for word in ("staff", "ops", "ann", "no")}}
    security = security or {"type": "oauth2", "flow": "client_credentials"}
    return {"id": f"com.example.{name}", "name": name, "host": "_", "realm_uri": realm_uri,
            "versions": {"1": {"base_path": f"/{name}", "paths": {
                path: {"security": security, "get": operation} for path, operation in paths.items()}}}}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("bearer")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        for one in (spec("shop"), spec("any", security={"type": "identity"}), spec("other", OTHER),
                    spec("shut", SHUT), spec("far", FAR)):
            running.publish(one)
        callee = RawSocket(running.rawsocket)
        callee.socket.settimeout(None)
        log_in(callee, "callee", SECRET, "password")
        for number, word in enumerate(("staff", "ops", "ann"), 1):
            callee.send(64, number, {}, f"com.shop.{word}")
            assert callee.receive()[0] == 65
        running.callee = Answerer(callee)
        yield running
        running.callee.stop()


class Answerer:
    """Yields to every invocation."""

    def __init__(self, wire):
        self.wire = wire
        self.pool = ThreadPoolExecutor(1)
        self.run = self.pool.submit(self.serve)

    def serve(self):
        while True:
            try:
                message = self.wire.receive()
            except (Closed, OSError):
                return
            if message[0] == 68:
                self.wire.send(70, message[1], {}, ["done"])

    def stop(self):
        self.wire.socket.shutdown(socket.SHUT_RDWR)
        self.pool.shutdown()


def log_in(wire, authid, secret, method="oauth2", realm_uri=REALM):
    """The last message of a login."""
    details = {"roles": {"caller": {}, "callee": {}, "subscriber": {}, "publisher": {}},
               "authmethods": [method]}
    if authid:
        details["authid"] = authid
    wire.send(HELLO, realm_uri, details)
    answer = wire.receive()
    if answer[0] == CHALLENGE:
        assert answer[1] == method
        wire.send(AUTHENTICATE, secret, {})
        answer = wire.receive()
    return answer


def session(node, token, authid=None, realm_uri=REALM):
    wire = RawSocket(node.rawsocket)
    answer = log_in(wire, authid, token, realm_uri=realm_uri)
    assert answer[0] == WELCOME, answer
    return wire, answer[2]


def basic(client, secret=SECRET):
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def post(node, endpoint, form, client="app", headers=None, base=OAUTH):
    head = {"Content-Type": "application/x-www-form-urlencoded",
            **(basic(client) if client else {}), **(headers or {})}
    return node.ask("POST", f"{base}/{endpoint}", urllib.parse.urlencode(form).encode(), head)


def tokens(node, name, scope="", client="app", base=OAUTH):
    answer = post(node, "token", {"grant_type": "password", "username": name, "password": SECRET,
                                  "scope": scope}, client, base=base)
    assert answer.status == 200, answer.text
    return answer.json()


def token(node, name, scope="", client="app"):
    return tokens(node, name, scope, client)["access_token"]


def machine(node, client="till", base=OAUTH):
    answer = post(node, "token", {"grant_type": "client_credentials"}, client, base=base)
    assert answer.status == 200, answer.text
    return answer.json()["access_token"]


def get(node, path, text):
    return node.ask("GET", path, headers=bearer(text))


def status(node, text, path="/shop/who"):
    return get(node, path, text).status


def dead(node, text):
    answer = get(node, "/shop/who", text)
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    return True


def introspect(node, text, client="app"):
    return post(node, "introspect", {"token": text}, client)


def claims(text, part=1):
    body = text.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def raw(node, *lines):
    host, port = node.gateway.rsplit(":", 1)
    with socket.create_connection((host, int(port)), PATIENCE) as wire:
        wire.sendall(b"\r\n".join([b"GET /shop/who HTTP/1.1", *lines, b"Host: x", b"Connection: close", b"", b""]))
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    return int(answer.split()[1]), answer.decode().lower()


# --- routes (RFC 6750, 9068) ---------------------------------------------------------------------

def test_a_token_opens_a_route_and_templates_see_what_it_says(node):
    answer = get(node, "/shop/who", token(node, "ann"))
    assert answer.status == 200, answer.text
    who = answer.json()
    assert who["authid"] == "ann" and who["client_id"] == "app" and who["authmethod"] == "oauth2"
    assert set(who["groups"]) == {"resource_owners", "staff", "ops"}
    assert "staff" in who["scope"].split() and who["session"]
    assert status(node, token(node, "ann"), "/any/who") == 200
    assert status(node, machine(node)) == 200


def test_who_shows_nothing_is_asked_for_a_token_and_told_no_error(node):
    answer = node.ask("GET", "/shop/who")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == f'Bearer realm="{REALM}"'


def test_a_token_in_the_query_is_none(node):
    answer = node.ask("GET", f"/shop/who?access_token={token(node, 'ann')}")
    assert answer.status == 401
    assert "error" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize("lines", [
    [b"Authorization: Bearer"], [b"Authorization: Bearer "], [b"Authorization: Bearer a b"],
    [b"Authorization: Bearer a,b"], [b"Authorization: Bearer =a"],
    [b"Authorization: Bearer a", b"Authorization: Bearer b"],
    [b"Authorization: Bearer a", b"Authorization: Basic YTpi"]])
def test_a_malformed_header_or_two_are_a_bad_request(node, lines):
    code, head = raw(node, *lines)
    assert code == 400, head
    assert 'error="invalid_request"' in head


def test_the_scheme_is_said_in_any_case_and_with_blanks(node):
    good = token(node, "ann").encode()
    for scheme in (b"bearer ", b"BEARER ", b"Bearer  ", b"Bearer   "):
        assert raw(node, b"Authorization: " + scheme + good)[0] == 200


def test_a_token_of_another_realm_or_a_changed_one_is_refused(node):
    foreign = tokens(node, "ann", base=f"/realms/{OTHER}/oauth")["access_token"]
    assert status(node, foreign, "/other/who") == 200
    assert dead(node, foreign)
    assert status(node, token(node, "ann"), "/other/who") == 401
    good = token(node, "ann")
    head, body, signature = good.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**claims(good), "sub": "bob"}).encode()).decode()
    none = base64.urlsafe_b64encode(json.dumps({**claims(good, 0), "alg": "none"}).encode()).decode()
    for text in (f"{head}.{forged.rstrip('=')}.{signature}", f"{none.rstrip('=')}.{body}.",
                 f"{none.rstrip('=')}.{body}.{signature}", f"{head}.{body}.{signature[::-1]}",
                 f"{head}.{body}", "a.b.c", good + "x", "x" * 9000):
        assert status(node, text) == 401, text
    assert status(node, good) == 200


def test_a_realm_must_have_the_method_and_a_source_for_it(node):
    shut = machine(node, "app", f"/realms/{SHUT}/oauth")
    answer = get(node, "/shut/who", shut)
    assert answer.status == 401 and 'add "oauth2" to its authmethods' in answer.json()["detail"]
    assert status(node, machine(node, "app", f"/realms/{FAR}/oauth"), "/far/who") == 403


def test_a_refresh_token_opens_nothing(node):
    assert dead(node, tokens(node, "ann")["refresh_token"])


def test_a_narrow_token_may_less_than_its_user_and_is_told_which_scope_would_do(node):
    whole, narrow = token(node, "ann"), token(node, "ann", "staff")
    for path in ("staff", "ops", "ann"):
        assert status(node, whole, f"/shop/{path}") == 200, path
    assert status(node, narrow, "/shop/staff") == 200
    answer = get(node, "/shop/ops", narrow)
    assert answer.status == 403, answer.text
    assert answer.headers["www-authenticate"] == \
        f'Bearer realm="{REALM}", error="insufficient_scope", scope="ops"'
    assert answer.json()["code"] == "insufficient_scope"
    own = get(node, "/shop/ann", narrow)  # granted to her by name
    assert own.status == 403 and 'scope="all"' in own.headers["www-authenticate"]
    nobody = get(node, "/shop/no", whole)
    assert nobody.status == 403 and "www-authenticate" not in nobody.headers
    assert get(node, "/shop/no", narrow).json()["code"] == "wamp.error.not_authorized"


def test_a_narrower_token_by_refresh_stays_narrow_and_the_next_is_whole_again(node):
    first = tokens(node, "hal")
    def refresh(text, scope=""):
        answer = post(node, "token", {"grant_type": "refresh_token", "refresh_token": text, "scope": scope})
        assert answer.status == 200, answer.text
        return answer.json()
    narrow = refresh(first["refresh_token"], "staff")
    assert status(node, narrow["access_token"], "/shop/ops") == 403
    whole = refresh(narrow["refresh_token"])
    assert status(node, whole["access_token"], "/shop/ops") == 200


# --- what ends tokens ----------------------------------------------------------------------------

def test_a_revoked_access_token_is_dead_with_the_answer(node):
    mine, other = token(node, "ann"), token(node, "ann")
    assert status(node, mine) == 200
    answer = post(node, "revoke", {"token": mine})
    assert answer.status == 200 and answer.json() is True
    assert answer.headers["cache-control"] == "no-store"
    assert dead(node, mine)
    assert status(node, other) == 200
    assert post(node, "revoke", {"token": mine}).status == 200
    assert introspect(node, mine).json() == {"active": False}


def test_a_refresh_token_takes_along_what_was_issued_with_it(node):
    first = tokens(node, "ann")
    second = post(node, "token", {"grant_type": "refresh_token",
                                  "refresh_token": first["refresh_token"]}).json()
    apart = tokens(node, "ann")
    assert status(node, first["access_token"]) == status(node, second["access_token"]) == 200
    assert post(node, "revoke", {"token": second["refresh_token"], "token_type_hint": "access_token"}).status == 200
    assert dead(node, first["access_token"]) and dead(node, second["access_token"])
    assert status(node, apart["access_token"]) == 200
    again = post(node, "token", {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]})
    assert again.status == 400 and again.json()["error"] == "invalid_grant"


def test_a_wrong_or_unknown_hint_changes_nothing(node):
    for hint in ("refresh_token", "access_token", "colour"):
        text = token(node, "ann")
        assert post(node, "revoke", {"token": text, "token_type_hint": hint}).status == 200
        assert dead(node, text)


def test_what_is_unknown_is_revoked_already(node):
    for text in ("garbage", "a.b.c", "rt_a.0.b", "rt_", "x" * 3000):
        assert post(node, "revoke", {"token": text}).status == 200


def test_a_token_of_another_client_stays(node):
    mine = tokens(node, "ann")
    for text in (mine["access_token"], mine["refresh_token"]):
        answer = post(node, "revoke", {"token": text}, "desk")
        assert answer.status == 400 and answer.json()["error"] == "unauthorized_client"
    assert status(node, mine["access_token"]) == 200
    assert introspect(node, mine["refresh_token"]).json()["active"] is True


def test_to_revoke_or_to_ask_one_must_be_a_client(node):
    for endpoint in ("revoke", "introspect"):
        assert post(node, endpoint, {"token": "x"}, None).status == 401
        wrong = post(node, endpoint, {"token": "x"}, None, basic("app", "wrong"))
        assert wrong.status == 401 and wrong.json()["error"] == "invalid_client"
        get_it = node.ask("GET", f"{OAUTH}/{endpoint}")
        assert get_it.status == 405 and get_it.headers["allow"] == "POST"
        missing = post(node, endpoint, {})
        assert missing.status == 400 and missing.json()["error"] == "invalid_request"


def change(node, name, body):
    answer = node.ask_admin("PUT", f"/realms/{REALM}/users/{name}", body)
    assert answer.status < 300, answer.text


def test_a_changed_password_ends_all_and_what_comes_after_counts(node):
    old = tokens(node, "bob")
    assert status(node, old["access_token"]) == 200
    change(node, "bob", {"password": SECRET + "!"})
    assert dead(node, old["access_token"])
    change(node, "bob", {"password": SECRET})
    assert status(node, token(node, "bob")) == 200
    assert dead(node, old["access_token"])


def test_a_disabled_user_is_out_at_once_and_his_tokens_stay_dead(node):
    old = tokens(node, "cat")
    assert status(node, old["access_token"]) == 200
    change(node, "cat", {"enabled": False})
    assert dead(node, old["access_token"])
    refused = post(node, "token", {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]})
    assert refused.status == 400 and refused.json()["error"] == "invalid_grant"
    change(node, "cat", {"enabled": True})
    assert dead(node, old["access_token"])
    assert status(node, token(node, "cat")) == 200


def test_a_deleted_user_has_no_tokens_and_neither_has_the_next_of_his_name(node):
    old = token(node, "dan")
    assert status(node, old) == 200
    assert node.ask_admin("DELETE", f"/realms/{REALM}/users/dan").status == 204
    assert dead(node, old)
    added = node.ask_admin("POST", f"/realms/{REALM}/users", user("dan", "resource_owners"))
    assert added.status in (200, 201), added.text
    assert dead(node, old)
    assert status(node, token(node, "dan")) == 200


def test_a_changed_group_counts_with_the_next_request(node):
    text = token(node, "eve")
    assert status(node, text, "/shop/ops") == 200
    change(node, "eve", {"groups": ["resource_owners", "staff"]})
    assert status(node, text, "/shop/ops") == 403
    assert "www-authenticate" not in get(node, "/shop/ops", text).headers  # no scope would do
    change(node, "eve", {"groups": ["resource_owners", "staff", "ops"]})
    assert status(node, text, "/shop/ops") == 200


def admin_call(node, procedure, *args):
    wire = RawSocket(node.rawsocket)
    assert log_in(wire, "admin", node.password, "password", MASTER)[0] == WELCOME
    wire.send(CALL, 1, {}, procedure, list(args))
    answer = wire.receive()
    wire.socket.close()
    return answer


def test_tokens_are_taken_back_by_who_administers(node):
    mine, others = tokens(node, "fay"), tokens(node, "fay", client="desk")
    assert admin_call(node, "bondy.oauth2.token.revoke_all", REALM, "app", "fay")[0] == RESULT
    assert dead(node, mine["access_token"])
    assert introspect(node, mine["refresh_token"]).json() == {"active": False}
    assert status(node, others["access_token"]) == 200
    assert admin_call(node, "bondy.oauth2.token.revoke", REALM, "app", others["refresh_token"])[0] == ERROR
    assert status(node, others["access_token"]) == 200
    assert admin_call(node, "bondy.oauth2.token.revoke", REALM, "desk", others["refresh_token"])[0] == RESULT
    assert dead(node, others["access_token"])
    last = token(node, "fay")
    assert admin_call(node, "com.leapsight.bondy.oauth2.revoke_tokens", REALM, "all", "fay")[0] == RESULT
    assert dead(node, last)


def test_revocations_outlive_the_node(node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(SECURITY))
    free = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{free.getsockname()[1]}"
    free.close()
    with Node(tmp_path / "node", settings={"security.config_file": str(file),
                                           "gateway.public_url": url}) as apart:
        apart.publish(spec("shop"))
        gone, kept = token(apart, "ann"), token(apart, "ann")
        assert claims(gone)["iss"] == f"{url}/realms/{REALM}"
        assert post(apart, "revoke", {"token": gone}).status == 200
        apart.stop()
        apart.start()
        assert status(apart, kept) == 200
        assert dead(apart, gone)


def test_an_emergency_ends_what_its_key_has_signed(node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(tmp_path / "node", settings={"security.config_file": str(file)}) as apart:
        apart.publish(spec("shop"))
        old = token(apart, "ann")
        wire, _ = session(apart, old)
        assert apart.ask_admin("POST", f"/realms/{REALM}/keys/rotate", {}).status < 300
        assert status(apart, old) == 200
        answer = apart.ask_admin("POST", f"/realms/{REALM}/keys/rotate", {"emergency": True})
        assert answer.status < 300, answer.text
        assert dead(apart, old)
        assert wire.receive()[0] == GOODBYE
        assert status(apart, token(apart, "ann")) == 200


def test_a_token_that_is_over_is_refused_and_its_session_closed(tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(tmp_path / "node", settings={"security.config_file": str(file),
                                           "oauth2.access_token.duration": "10s"}) as apart:
        apart.publish(spec("shop"))
        text = token(apart, "ann")
        wire, _ = session(apart, text)
        assert status(apart, text) == 200
        wire.socket.settimeout(PATIENCE + 45)  # its time, and what clocks may differ
        answer = wire.receive()
        assert answer[0] == GOODBYE and time.time() >= claims(text)["exp"] + 29, answer
        assert dead(apart, text)


def test_many_at_once_and_a_revocation_among_them(node):
    texts = [token(node, "gil") for _ in range(5)]
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda i: status(node, texts[i % 5]), range(100))) == {200}
        assert post(node, "revoke", {"token": texts[0]}).status == 200
        codes = list(pool.map(lambda i: (i % 5, status(node, texts[i % 5])), range(100)))
    assert all(code == (401 if which == 0 else 200) for which, code in codes)


# --- questions about tokens ----------------------------------------------------------------------

def test_a_client_learns_what_its_own_token_gives(node):
    text = token(node, "ann", "staff")
    answer = introspect(node, text)
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
    told, said = answer.json(), claims(text)
    assert told["active"] is True and told["token_type"] == "Bearer"
    for member in ("scope", "client_id", "sub", "aud", "iss", "exp", "iat", "jti"):
        assert told[member] == said[member], member
    assert told["groups"] == ["staff"]


def test_about_tokens_of_others_one_needs_a_grant(node):
    text = token(node, "ann")
    refused = introspect(node, text, "desk")
    assert refused.status == 403 and refused.json()["error"] == "access_denied"
    assert introspect(node, text, "meter").json()["active"] is True
    mine = tokens(node, "ann")["refresh_token"]
    assert introspect(node, mine).json()["active"] is True
    for client in ("desk", "meter"):
        assert introspect(node, mine, client).json() == {"active": False}


def test_what_is_no_token_now_is_inactive_and_no_more_is_said(node):
    foreign = tokens(node, "ann", base=f"/realms/{OTHER}/oauth")["access_token"]
    for text in ("garbage", "a.b.c", "rt_a.0.b", foreign):
        answer = introspect(node, text)
        assert answer.status == 200 and answer.body == b'{"active":false}', answer.text
    first = tokens(node, "ida")
    post(node, "token", {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})
    change(node, "ida", {"enabled": False})
    assert introspect(node, first["access_token"]).json() == {"active": False}


def test_a_proxy_learns_in_headers_whose_token_it_is(node):
    def verify(text=None, query="", method="GET"):
        return node.ask(method, f"{OAUTH}/verify{query}", headers=bearer(text) if text else {})
    text = token(node, "ann", "staff")
    for method in ("GET", "HEAD"):
        answer = verify(text, method=method)
        assert answer.status == 204, answer.text
        assert answer.headers["x-bondy-authid"] == "ann"
        assert answer.headers["x-bondy-realm"] == answer.headers["x-bondy-authrealm"] == REALM
        assert answer.headers["x-bondy-authroles"] == "staff"
        assert answer.headers["x-bondy-authmethod"] == "oauth2"
        assert int(answer.headers["x-bondy-expires-at"]) == claims(text)["exp"]
    assert verify(text, "?scope=staff").status == 204
    narrow = verify(text, "?scope=staff+ops")
    assert narrow.status == 403 and 'scope="staff ops"' in narrow.headers["www-authenticate"]
    assert verify().status == 401
    assert verify().headers["www-authenticate"] == f'Bearer realm="{REALM}"'
    assert 'error="invalid_token"' in verify("a.b.c").headers["www-authenticate"]
    assert verify("a b").status == 400


def test_userinfo_says_who_the_user_is_as_far_as_the_scope_goes(node):
    def info(text, method="GET"):
        return node.ask(method, f"{OAUTH}/userinfo", headers=bearer(text))
    text = token(node, "ann", "openid")
    for method in ("GET", "POST"):
        answer = info(text, method)
        assert answer.status == 200 and answer.json() == {"sub": "ann"}, answer.text
    full = info(token(node, "ann", "openid profile email")).json()
    assert full == {"sub": "ann", "preferred_username": "ann", "name": "Ann", "email": "ann@x"}
    lacks = info(token(node, "ann", "staff"))
    assert lacks.status == 403
    assert 'error="insufficient_scope"' in lacks.headers["www-authenticate"]
    assert node.ask("GET", f"{OAUTH}/userinfo?access_token={text}").status == 401
    both = post(node, "userinfo", {"access_token": text}, None, bearer(text))
    assert both.status == 400
    assert status(node, text, "/shop/staff") == 403  # it is for logging in, and nothing else


# --- WAMP ----------------------------------------------------------------------------------------

def test_a_token_opens_a_session_with_what_it_gives(node):
    wire, details = session(node, token(node, "ann", "staff"), "ann")
    assert details["authid"] == "ann" and details["authmethod"] == "oauth2"
    wire.send(CALL, 1, {}, "com.shop.staff")
    assert wire.receive()[0] == RESULT
    for number, uri in enumerate(("com.shop.ops", "com.shop.ann"), 2):
        wire.send(CALL, number, {}, uri)
        assert wire.receive()[:5] == [ERROR, CALL, number, {}, "wamp.error.not_authorized"]
    wire.socket.close()


def test_who_says_no_name_is_whom_the_token_is_about(node):
    wire, details = session(node, token(node, "ann"))
    assert details["authid"] == "ann"
    wire.socket.close()


@pytest.mark.parametrize("authid", ["bob", "nobody", "app"])
def test_a_token_of_somebody_else_fails_as_a_wrong_one_does(node, authid):
    for text in (token(node, "ann"), "a.b.c", "x"):
        wire = RawSocket(node.rawsocket)
        answer = log_in(wire, authid, text)
        assert answer[0] == ABORT and answer[2] == "wamp.error.authentication_failed"
        wire.socket.close()


def test_a_role_that_the_token_does_not_give_is_refused(node):
    wire = RawSocket(node.rawsocket)
    wire.send(HELLO, REALM, {"roles": {"caller": {}}, "authmethods": ["oauth2"], "authid": "ann",
                             "authrole": "ops"})
    assert wire.receive()[0] == CHALLENGE
    wire.send(AUTHENTICATE, token(node, "ann", "staff"), {})
    assert wire.receive()[2] == "wamp.error.no_such_role"
    wire.socket.close()


@pytest.mark.parametrize("transport,serializer", [("ws", "json"), ("ws", "cbor"), ("raw", "msgpack")])
def test_autobahn_logs_in_with_a_token(node, transport, serializer):
    url = node.url(transport)
    done = subprocess.run([sys.executable, E2E / "support/auth_py.py", url, REALM, serializer, "oauth2", "ann",
                           token(node, "ann")], capture_output=True, text=True, timeout=PATIENCE, check=False)
    told = json.loads(done.stdout.splitlines()[0])
    assert told["authid"] == "ann" and told["authmethod"] == "oauth2", (told, done.stderr)


def upgrade(node, text, hello):
    """The first WAMP message that answers `hello` after an upgrade with a token."""
    host, port = node.gateway.rsplit(":", 1)
    wire = socket.create_connection((host, int(port)), PATIENCE)
    wire.sendall((f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                  f"Sec-WebSocket-Protocol: wamp.2.json\r\nAuthorization: Bearer {text}\r\n\r\n").encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += wire.recv(1)
    assert b" 101 " in head, head
    payload = json.dumps(hello).encode()
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    wire.sendall(b"\x81" + length + bytes(4) + payload)
    begin = wire.recv(2)
    size = begin[1] if begin[1] < 126 else int.from_bytes(wire.recv(2), "big")
    body = b""
    while len(body) < size:
        body += wire.recv(size - len(body))
    wire.close()
    return json.loads(body)


def test_a_token_of_the_upgrade_needs_no_challenge(node):
    hello = [HELLO, REALM, {"roles": {"caller": {}}, "authmethods": ["oauth2"]}]
    answer = upgrade(node, token(node, "ann"), hello)
    assert answer[0] == WELCOME and answer[2]["authid"] == "ann", answer
    hello[2]["authid"] = "ann"
    assert upgrade(node, token(node, "ann"), hello)[0] == WELCOME
    assert upgrade(node, token(node, "bob"), hello)[0] == ABORT
    assert upgrade(node, "a.b.c", hello)[2] == "wamp.error.authentication_failed"


@pytest.mark.parametrize("how", ["access", "refresh", "all", "disabled", "password"])
def test_a_session_ends_with_its_token_and_the_others_stay(node, how):
    name = "jim"
    mine, apart = tokens(node, name), tokens(node, "kim")
    wire, _ = session(node, mine["access_token"])
    stays, _ = session(node, apart["access_token"])
    if how in ("access", "refresh"):
        assert post(node, "revoke", {"token": mine[f"{how}_token"]}).status == 200
    elif how == "all":
        assert admin_call(node, "bondy.oauth2.token.revoke_all", REALM, "app", name)[0] == RESULT
    elif how == "disabled":
        change(node, name, {"enabled": False})
    else:
        change(node, name, {"password": SECRET + "?"})
    answer = wire.receive()
    assert answer[0] == GOODBYE, answer
    stays.send(CALL, 1, {}, "com.shop.staff")
    assert stays.receive()[0] == RESULT
    again = RawSocket(node.rawsocket)
    assert log_in(again, name, mine["access_token"])[0] == ABORT
    for each in (wire, stays, again):
        each.socket.close()
    change(node, name, {"enabled": True, "password": SECRET})


def test_a_session_keeps_what_of_its_token_is_still_its_users(node):
    wire, _ = session(node, token(node, "kim", "ops"))
    wire.send(CALL, 1, {}, "com.shop.ops")
    assert wire.receive()[0] == RESULT
    change(node, "kim", {"groups": ["resource_owners", "staff"]})
    wire.send(CALL, 2, {}, "com.shop.ops")
    assert wire.receive()[0] == ERROR
    wire.send(CALL, 3, {}, "com.shop.staff")  # his, but not the token's
    assert wire.receive()[0] == ERROR
    change(node, "kim", {"groups": ["resource_owners", "staff", "ops"]})
    wire.socket.close()


# --- the admin listener --------------------------------------------------------------------------

def test_an_administrator_gets_a_token_and_administers_with_it(node):
    added = node.ask_admin("POST", f"/realms/{MASTER}/users",
                           user("robot", "api_clients", "bondy.administrators"))
    assert added.status in (200, 201), added.text
    head = {"Content-Type": "application/x-www-form-urlencoded", **basic("robot")}
    answer = ask(node.admin, "POST", "/oauth/token", b"grant_type=client_credentials", head)
    assert answer.status == 200, answer.text
    text = answer.json()["access_token"]
    assert claims(text)["aud"] == MASTER
    assert ask(node.admin, "GET", "/realms", headers=bearer(text)).status == 200
    assert ask(node.admin, "GET", "/realms", headers=bearer("a.b.c")).status == 401
    assert ask(node.admin, "GET", "/realms", headers=bearer(token(node, "ann"))).status == 401
    assert ask(node.admin, "POST", "/oauth/revoke", f"token={text}".encode(), head).status == 200
    assert ask(node.admin, "GET", "/realms", headers=bearer(text)).status == 401
    assert node.ask("POST", "/oauth/token", b"", head).status == 404  # not on the public listener
