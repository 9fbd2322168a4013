"""Who it is over HTTP: the security schemes of specifications against users, sources and changes."""
import base64
import json
import socket
import threading
import time

import pytest

from support.node import Node
from support.patience import PATIENCE, wait_until

REALM, SSO, CLOSED, SHUT = ("com.example.sec", "com.example.sec.sso", "com.example.sec.near",
                            "com.example.sec.shut")
SECRETS = {"ann": "the secret of ann", "sam": "the secret of sam", "eve": "häßlich : 密码 mot"}
EVERYWHERE = "0.0.0.0/0"
FEW = {"protocol": "cra", "params": {"iterations": 4096}}


def sources(*methods, cidr=EVERYWHERE, who="all"):
    return [{"usernames": who, "authmethod": method, "cidr": cidr} for method in methods]


SECURITY = [
    {"uri": SSO, "is_sso_realm": True, "password_opts": FEW, "authmethods": ["password"]},
    {"uri": REALM, "password_opts": FEW, "authmethods": ["password", "api_key", "oauth2"], "sso_realm_uri": SSO,
     "groups": [{"name": "clerks", "groups": ["staff"]}, {"name": "staff"}],
     "users": [{"username": "ann", "password": SECRETS["ann"], "groups": ["clerks"],
                "aliases": ["annie"], "meta": {"desk": 7}},
               {"username": "sam", "password": SECRETS["sam"], "groups": [],
                "sso_realm_uri": SSO},
               {"username": "eve", "password": SECRETS["eve"], "groups": []},
               {"username": "off", "password": SECRETS["ann"], "enabled": False},
               {"username": "keys", "authorized_keys": ["ab" * 32]}],
     "sources": sources("password", "api_key", "oauth2"), "grants": []},
    {"uri": CLOSED, "password_opts": FEW, "authmethods": ["password", "api_key"],
     "users": [{"username": "ann", "password": SECRETS["ann"]}],
     "sources": sources("password", "api_key", cidr="127.0.0.9/32")},
    {"uri": SHUT, "password_opts": FEW, "authmethods": ["wampcra"],
     "users": [{"username": "ann", "password": SECRETS["ann"]}], "sources": sources("wampcra")},
]


def spec(name, realm, security):
    """GET says who it is, POST says what it was sent."""
    def answer(body):
        return {"action": {"type": "static"},
                "response": {"on_result": {"body": body}, "on_error": {}}}
    return {"id": f"com.example.{name}", "name": name, "host": "_", "realm_uri": realm,
            "versions": {"1": {"base_path": f"/{name}", "paths": {"/who": {
                "security": security, "accepts": ["application/json"],
                "get": answer("{{security}}"), "post": answer("{{request.body}}")}}}}}


SPECS = [
    spec("basic", REALM, {"type": "basic"}),
    spec("key", REALM, {"type": "api_key"}),
    spec("own", REALM, {"type": "api_key", "header_name": "X-Shop-Key"}),
    spec("token", REALM, {"type": "oauth2", "flow": "client_credentials"}),
    spec("any", REALM, {"type": "identity"}),
    spec("near", CLOSED, {"type": "basic"}),
    spec("shut", SHUT, {"type": "basic"}),
    spec("open", REALM, {}),
]


def basic(user, password):
    text = f"{user}:{password}".encode() if isinstance(user, str) else user + b":" + password
    return {"Authorization": "Basic " + base64.b64encode(text).decode()}


def of(user, password=None):
    return basic(user, SECRETS[user] if password is None else password)


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("security")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        for one in SPECS:
            running.publish(one)
        yield running


def raw(node, lines, source="127.0.0.1"):
    """A request to the byte; the status and the body."""
    host, port = node.gateway.rsplit(":", 1)
    with socket.create_connection((host, int(port)), PATIENCE, (source, 0)) as wire:
        wire.sendall(b"\r\n".join([*lines, b"Host: x", b"Connection: close", b"", b""]))
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), body


def bare(answer):
    """What is the same for everybody who is refused."""
    body = dict(answer.json())
    body.pop("request_id")
    return (answer.status, answer.headers["www-authenticate"], body)


def test_a_password_lets_its_user_in_and_templates_see_who_it_is(node):
    answer = node.ask("GET", "/basic/who", headers=of("ann"))
    assert answer.status == 200, answer.text
    who = answer.json()
    assert who["authid"] == who["username"] == "ann"
    assert who["authmethod"] == "password" and who["realm_uri"] == REALM
    assert sorted(who["groups"]) == sorted(who["authroles"]) == ["clerks", "staff"]
    assert who["meta"] == {"desk": 7}
    # The same again, now remembered; an alias is the same account; names have no case.
    assert node.ask("GET", "/basic/who", headers=of("ann")).json() == who
    assert node.ask("GET", "/basic/who", headers=basic("ANNIE", SECRETS["ann"])).json() == who


def test_same_sign_on_and_passwords_in_utf_8_with_colons(node):
    assert node.ask("GET", "/basic/who", headers=of("sam")).json()["authid"] == "sam"
    assert node.ask("GET", "/basic/who", headers=of("eve")).json()["authid"] == "eve"


def test_a_body_waits_until_it_is_known_whose_it_is(node):
    body = json.dumps({"big": "x" * 500_000})
    headers = {**basic("annie", SECRETS["ann"]), "Content-Type": "application/json"}
    assert node.ask("POST", "/basic/who", body, headers).json() == json.loads(body)
    assert node.ask("POST", "/basic/who", body, headers).json() == json.loads(body)
    refused = node.ask("POST", "/basic/who", body,
                       {**of("sam", "wrong one"), "Content-Type": "application/json"})
    assert refused.status == 401


def test_who_cannot_prove_it_gets_one_answer(node):
    refused = [bare(node.ask("GET", "/basic/who", headers=headers)) for headers in (
        {}, of("sam", "wrong"), basic("nobody", "wrong one"), basic("off", SECRETS["ann"]),
        basic("keys", "wrong one"), of("ann", ""), basic("", "x"), basic("x" * 255, "y"),
        {"Authorization": "Basic"}, {"Authorization": "Basic ????"},
        {"Authorization": "Basic " + "QUJD" * 1000}, {"Authorization": "Digest a=b"},
        {"Authorization": "Bearer abc"}, {"Authorization": "Basic " + base64.b64encode(b"x").decode()},
        basic(b"ann", b"\xff\xfe"), basic("ann\0", SECRETS["ann"]), basic("ann\r\nx", "y"))]
    assert refused[0][0] == 401
    assert refused[0][1] == f'Basic realm="{REALM}", charset="UTF-8"'
    assert refused[0][2]["code"] == "wamp.error.authentication_failed"
    for one in refused:
        assert one == refused[0]


def test_several_credentials_are_none(node):
    one = ("Authorization: " + of("ann")["Authorization"]).encode()
    key = b"X-API-Key: pk_00_11"
    for path, lines in ((b"/basic/who", [one, one]), (b"/any/who", [one, key]),
                        (b"/key/who", [key, key]), (b"/key/who", [key, one])):
        status, _, body = raw(node, [b"GET " + path + b" HTTP/1.1", *lines])
        assert status == 400 and json.loads(body)["code"] == "http.credentials", path
    # On a path that takes no keys the header is the application's.
    assert raw(node, [b"GET /basic/who HTTP/1.1", one, key])[0] == 200


def test_sources_say_from_where_and_realms_say_how(node):
    line = ("Authorization: " + of("ann")["Authorization"]).encode()
    assert raw(node, [b"GET /near/who HTTP/1.1", line], "127.0.0.9")[0] == 200
    status, _, body = raw(node, [b"GET /near/who HTTP/1.1", line])
    assert status == 403 and "source" in json.loads(body)["detail"]
    assert raw(node, [b"GET /near/who HTTP/1.1", line], "127.0.0.9")[0] == 200
    answer = node.ask("GET", "/shut/who", headers=of("ann"))
    assert answer.status == 401 and '"password"' in answer.json()["detail"]


def test_an_identity_may_be_proved_in_any_way_and_all_are_named(node):
    assert node.ask("GET", "/any/who", headers=of("ann")).json()["authid"] == "ann"
    challenge = node.ask("GET", "/any/who").headers["www-authenticate"]
    for scheme in ("Basic", "ApiKey", "Bearer"):
        assert f'{scheme} realm="{REALM}"' in challenge


def test_what_is_no_token_opens_nothing(node):
    answer = node.ask("GET", "/token/who", headers={"Authorization": "Bearer abc.def.ghi"})
    assert answer.status == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(f'Bearer realm="{REALM}", error="invalid_token"'), challenge
    assert node.ask("GET", "/any/who", headers={"Authorization": "Bearer x"}).status == 401


def test_preflights_and_open_paths_ask_for_nothing(node):
    assert node.ask("GET", "/open/who").status == 403  # no source for anonymous


# --- changes, keys, guesses ---------------------------------------------------------------------

def users(node, path="", method="GET", body=None, realm=REALM):
    answer = node.ask_admin(method, f"/realms/{realm}/users{path}", body)
    assert answer.status < 300, answer.text
    return answer.json() if answer.body else None


def status(node, path, headers):
    return node.ask("GET", path, headers=headers).status


def add_user(node, name, password="the secret of somebody", **more):
    users(node, method="POST", body={"username": name, "password": password, "groups": [], **more})
    return basic(name, password)


def test_a_change_is_in_force_with_the_next_request(node):
    him = add_user(node, "tom")
    assert status(node, "/basic/who", him) == 200
    users(node, "/tom/enabled", "DELETE")
    assert status(node, "/basic/who", him) == 401
    users(node, "/tom/enabled", "PUT")
    assert status(node, "/basic/who", him) == 200
    users(node, "/tom/change_password", "POST", {"new_password": "quite another one"})
    assert status(node, "/basic/who", him) == 401
    him = basic("tom", "quite another one")
    assert node.ask("GET", "/basic/who", headers=him).json()["groups"] == []
    users(node, "/tom", "PUT", {"groups": ["clerks"]})
    assert sorted(node.ask("GET", "/basic/who", headers=him).json()["groups"]) == \
        ["clerks", "staff"]
    users(node, "/tom", "DELETE")
    assert status(node, "/basic/who", him) == 401


def test_same_sign_on_ends_with_the_account_that_holds_it(node):
    assert status(node, "/basic/who", of("sam")) == 200
    node.ask_admin("DELETE", f"/realms/{SSO}/users/sam/enabled")
    assert status(node, "/basic/who", of("sam")) == 401
    node.ask_admin("PUT", f"/realms/{SSO}/users/sam/enabled")
    assert status(node, "/basic/who", of("sam")) == 200


def add_key(node, user, **data):
    return users(node, f"/{user}/api_keys", "POST", data)


def test_a_key_is_shown_once_and_kept_as_a_hash(node):
    add_user(node, "kim")
    made = add_key(node, "kim", name="till 7")
    assert made["key"].startswith(made["prefix"] + "_") and made["prefix"] == "pk_" + made["id"]
    secret = made["key"].rpartition("_")[2]
    assert len(secret) == 64
    listed = node.ask_admin("GET", f"/realms/{REALM}/users/kim/api_keys")
    assert [one["id"] for one in listed.json()] == [made["id"]] and secret not in listed.text
    assert "sha256" not in listed.text and listed.json()[0]["name"] == "till 7"
    for headers in ({"X-API-Key": made["key"]}, {"x-api-key": " " + made["key"] + " "}):
        who = node.ask("GET", "/key/who", headers=headers).json()
        assert who["authid"] == "kim" and who["authmethod"] == "api_key"
    assert status(node, "/any/who", {"X-API-Key": made["key"]}) == 200
    assert status(node, "/own/who", {"X-Shop-Key": made["key"]}) == 200
    assert status(node, "/own/who", {"X-API-Key": made["key"]}) == 401
    assert status(node, "/basic/who", {"X-API-Key": made["key"]}) == 401
    kept = b"".join(path.read_bytes() for path in (node.home / "data").glob("postern.db*"))
    assert made["id"].encode() in kept and secret.encode() not in kept
    assert secret not in node.log_text()


def test_a_key_ends_by_deletion_by_time_and_with_its_user(node):
    add_user(node, "max")
    keys = {name: add_key(node, "max", name=name) for name in ("a", "b")}
    soon = add_key(node, "max", expires_at=int(time.time()) + 2)
    as_header = {name: {"X-API-Key": key["key"]} for name, key in keys.items()}
    assert [status(node, "/key/who", as_header[name]) for name in "ab"] == [200, 200]
    assert status(node, "/key/who", {"X-API-Key": soon["key"]}) in (200, 401)
    users(node, f"/max/api_keys/{keys['a']['id']}", "DELETE")
    assert [status(node, "/key/who", as_header[name]) for name in "ab"] == [401, 200]
    assert node.ask_admin(
        "DELETE", f"/realms/{REALM}/users/max/api_keys/{keys['a']['id']}").status == 404
    users(node, "/max/enabled", "DELETE")
    assert status(node, "/key/who", as_header["b"]) == 401
    users(node, "/max/enabled", "PUT")
    assert status(node, "/key/who", as_header["b"]) == 200
    wait_until(lambda: status(node, "/key/who", {"X-API-Key": soon["key"]}) == 401,
               "the end of a key")
    users(node, "/max", "DELETE")
    add_user(node, "max")  # another one of that name
    assert status(node, "/key/who", as_header["b"]) == 401
    assert users(node, "/max/api_keys") == []


@pytest.mark.parametrize("data", [
    {"expires_at": 1}, {"expires_at": "soon"}, {"expires_at": -5}, {"expires_at": 1e30},
    {"name": 5}, {"name": "x" * 129}, {"key": "pk_mine"}, [1], "text"])
def test_a_key_that_makes_no_sense_is_not_made(node, data):
    path = f"/realms/{REALM}/users/eve/api_keys"
    before = node.ask_admin("GET", path).json()
    assert node.ask_admin("POST", path, json.dumps(data),
                          {"Content-Type": "application/json"}).status == 400
    assert node.ask_admin("GET", path).json() == before
    assert node.ask_admin("POST", f"/realms/{REALM}/users/nobody/api_keys", {}).status == 404


@pytest.mark.parametrize("key", [
    "", "pk_", "pk__", "pk_x", "pk_a_", "pk_" + "a" * 20 + "_" + "b" * 64, "x" * 9000, "pk_a_\xff",
    "bearer pk_a_b", "pk_ann eve_x"])
def test_what_is_no_key_is_refused_as_any_other(node, key):
    lines = [b"GET /key/who HTTP/1.1", b"X-API-Key: " + key.encode("latin-1")]
    code, head, body = raw(node, lines)
    assert code in (401, 431), body
    if code == 401:
        assert f'WWW-Authenticate: ApiKey realm="{REALM}"'.lower() in head.lower()
        assert json.loads(body)["code"] == "wamp.error.authentication_failed"


def test_a_header_cannot_be_smuggled_into_the_answer(node):
    for value in (b"Basic a\rX-Evil: 1", b"Basic \x01", b"Basic a\x00b"):
        code, head, _ = raw(node, [b"GET /basic/who HTTP/1.1", b"Authorization: " + value])
        assert code in (400, 401) and "x-evil" not in head.lower()


def test_guessing_is_slowed_and_says_for_how_long(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(SECURITY))
    with make_node(settings={"security.config_file": str(file)}) as node:
        node.publish(SPECS[0])
        assert status(node, "/basic/who", of("ann")) == 200
        answers = [node.ask("GET", "/basic/who", headers=of("ann", f"guess {i}"))
                   for i in range(7)]
        codes = [answer.status for answer in answers]
        assert codes[:5] == [401] * 5 and codes[-1] == 429, codes
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
        assert answers[-1].json()["code"] == "bondy.error.too_many_requests"
        # Nobody learns by what is remembered whether a guess was right; others are not held up.
        assert status(node, "/basic/who", of("ann")) == 429
        assert status(node, "/basic/who", of("eve")) == 200
        # Nobody is locked out for good.
        wait_until(lambda: status(node, "/basic/who", of("ann")) == 200, "another try")


def test_unknown_and_wrong_cost_the_same(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(SECURITY))
    with make_node(settings={"security.config_file": str(file)}) as node:
        node.publish(SPECS[0])

        def cost(headers):
            began = time.monotonic()
            assert status(node, "/basic/who", headers) == 401
            return time.monotonic() - began

        taken = {name: min(cost(basic(name, f"wrong {i}")) for i in range(4))
                 for name in ("ann", "nobody", "off", "keys")}
        known = cost({})
        assert min(taken.values()) > 0.2 * max(taken.values()), taken
        assert min(taken.values()) > known


def test_many_at_once_are_verified_once_and_all_let_in(node):
    him = add_user(node, "ute")
    got = []

    def one():
        got.append(status(node, "/basic/who", him))
    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [200] * 20
