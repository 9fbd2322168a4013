"""Who it is over HTTP: the security schemes of specifications against users, sources and changes."""
import base64
import http.client
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


def sources(*methods, cidr=EVERYWHERE, who="all"):
    return [{"usernames": who, "authmethod": method, "cidr": cidr} for method in methods]


SECURITY = [
    {"uri": SSO, "is_sso_realm": True, "authmethods": ["password"]},
    {"uri": REALM, "authmethods": ["password", "api_key", "oauth2"], "sso_realm_uri": SSO,
     "groups": [{"name": "clerks", "groups": ["staff"]}, {"name": "staff"}],
     "users": [{"username": "ann", "password": SECRETS["ann"], "groups": ["clerks"],
                "aliases": ["annie"], "meta": {"desk": 7}},
               {"username": "sam", "password": SECRETS["sam"], "groups": [],
                "sso_realm_uri": SSO},
               {"username": "eve", "password": SECRETS["eve"], "groups": []},
               {"username": "off", "password": SECRETS["ann"], "enabled": False},
               {"username": "keys", "authorized_keys": ["ab" * 32]}],
     "sources": sources("password", "api_key", "oauth2"), "grants": []},
    {"uri": CLOSED, "authmethods": ["password", "api_key"],
     "users": [{"username": "ann", "password": SECRETS["ann"]}],
     "sources": sources("password", "api_key", cidr="127.0.0.9/32")},
    {"uri": SHUT, "authmethods": ["wampcra"],
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


def test_a_token_opens_nothing_yet(node):
    answer = node.ask("GET", "/token/who", headers={"Authorization": "Bearer abc.def.ghi"})
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == f'Bearer realm="{REALM}"'
    assert node.ask("GET", "/any/who", headers={"Authorization": "Bearer x"}).status == 401


def test_preflights_and_open_paths_ask_for_nothing(node):
    assert node.ask("GET", "/open/who").status == 403  # no source for anonymous
