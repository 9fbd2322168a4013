"""bondy.realm.*: realms come, change and go, with all that is in them."""
import itertools
import json

import msgpack
import pytest

from support.node import Node, ask
from support.patience import wait_until
from support.peer import Peer, PeerError
from support.wampraw import CALL, ERROR, GOODBYE, HELLO, ROLES, WELCOME, RawSocket
from test_auth import login
from test_directory_users import refusal, result

MASTER = "com.leapsight.bondy"
SECRET = "the root of it all"
INVALID, NO_REALM = "wamp.error.invalid_argument", "wamp.error.no_such_realm"
INCONSISTENT, DENIED = "bondy.error.inconsistency_error", "wamp.error.not_authorized"
FEW = {"params": {"iterations": 4096}}
SECURITY = [{"uri": MASTER, "users": [{"username": "root", "password": SECRET,
                                       "groups": ["bondy.administrators"]}]}]
ANYBODY = {"authmethods": ["anonymous"],
           "sources": [{"usernames": "anonymous", "authmethod": "anonymous"}],
           "grants": [{"permissions": ["wamp.call", "wamp.register", "wamp.subscribe"],
                       "uri": "any", "roles": "anonymous"}]}

numbers = itertools.count()


def uri():
    """Nobody else's in this module."""
    return f"com.example.realm{next(numbers)}"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("realms")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        yield running
        assert SECRET not in running.log_text() and "first word" not in running.log_text()


@pytest.fixture(scope="module")
def root(node):
    with Peer(node, MASTER, login=("root", SECRET)) as peer:
        yield peer


def created(root, **more):
    return result(root, "bondy.realm.create", {"uri": uri(), **more})["uri"]


def comes_in(node, at, who, password):
    return "authid" in login(node, ("py", "ws", "json"), "password", who, password, at)


def anybody_comes_in(node, at):
    with RawSocket(node.rawsocket) as raw:
        raw.send(HELLO, at, ROLES)
        return raw.receive()[0] == WELCOME


def test_a_whole_realm_is_created_and_serves_at_once(node, root):
    at = uri()
    realm = result(root, "bondy.realm.create", {
        "uri": at.upper(), "description": "a shop", "authmethods": ["password"],
        "password_opts": FEW, "groups": [{"name": "team"}],
        "users": [{"username": "ann", "password": "the first word", "groups": ["team"]}],
        "sources": [{"usernames": "all", "authmethod": "password"}],
        "grants": [{"permissions": ["wamp.call"], "uri": "com.shop.", "match": "prefix",
                    "roles": ["team"]}]})
    assert {**realm, "public_keys": len(realm["public_keys"])} == {
        "uri": at, "description": "a shop", "authmethods": ["password"], "password_opts": FEW,
        "security_status": "enabled", "public_keys": 1}
    assert realm == result(root, "bondy.realm.get", at)
    assert realm in result(root, "bondy.realm.list")
    assert comes_in(node, at, "ann", "the first word")
    assert result(root, "bondy.user.get", at, "ann")["groups"] == ["team"]
    assert [grant["roles"] for grant in result(root, "bondy.realm.grants", at)] == [["group/team"]]
    assert refusal(root, "bondy.realm.create", {"uri": at}) == "bondy.error.already_exists"
    changed = result(root, "bondy.realm.update", at,
                     {"users": [{"username": "bob", "password": "the second word"}]})
    assert changed == realm
    assert comes_in(node, at, "bob", "the second word") and comes_in(node, at, "ann",
                                                                      "the first word")


def test_only_the_master_realm_speaks_of_realms(node, root):
    at = created(root, **ANYBODY)
    with Peer(node, at) as peer:
        for procedure, *args in (("list",), ("get", at), ("create", {"uri": uri()}),
                                 ("update", at, {}), ("delete", at), ("grants", at),
                                 ("security.disable", at), ("security.status", at)):
            assert refusal(peer, f"bondy.realm.{procedure}", *args) == DENIED


def test_a_deleted_realm_closes_its_sessions_and_leaves_nothing(node, root):
    at = created(root, users=[{"username": "ann"}], **ANYBODY)
    with RawSocket(node.rawsocket).join(at) as raw, Peer(node, at) as peer:
        assert refusal(root, "bondy.realm.delete", at) == "bondy.error.active_users"
        assert result(root, "bondy.realm.delete", at, force=True) is None
        message = raw.receive()
        assert message[0] == GOODBYE and message[2] == "wamp.close.close_realm", message
        wait_until(lambda: peer.ended, "the end of the other session")
    assert refusal(root, "bondy.realm.get", at) == NO_REALM
    assert refusal(root, "bondy.realm.delete", at) == NO_REALM
    result(root, "bondy.realm.create", {"uri": at})
    assert result(root, "bondy.user.list", at) == []
    assert result(root, "bondy.realm.grants", at) == []
    assert result(root, "bondy.source.list", at) == []


def test_a_specification_outlives_its_realm(node, root):
    at = created(root, **ANYBODY)
    node.publish({"id": at, "name": at, "host": "_", "realm_uri": at, "versions": {"1": {
        "base_path": f"/{at}", "paths": {"/echo": {"get": {
            "action": {"type": "wamp_call", "procedure": "com.shop.echo", "args": [1]},
            "response": {"on_result": {"body": "{{action.result.args}}"}, "on_error": {}}}}}}}})
    with Peer(node, at) as peer:
        peer.register("com.shop.echo", "echo")
        assert ask(node.gateway, "GET", f"/{at}/echo").status == 200
        result(root, "bondy.realm.delete", at)
        answer = ask(node.gateway, "GET", f"/{at}/echo")
        assert answer.status == 404 and answer.json()["code"] == NO_REALM, answer.text
    result(root, "bondy.realm.create", {"uri": at, **ANYBODY})
    with Peer(node, at) as peer:
        peer.register("com.shop.echo", "echo")
        wait_until(lambda: ask(node.gateway, "GET", f"/{at}/echo").status == 200, "the route")


def test_security_is_switched_off_and_on(node, root):
    at = created(root, **{**ANYBODY, "grants": []})
    assert result(root, "bondy.realm.security.status", at) == "enabled"
    assert result(root, "bondy.realm.security.disable", at) is None
    assert result(root, "bondy.realm.security.is_enabled", at) is False
    with Peer(node, at) as peer:
        peer.register("com.shop.echo", "echo")
        assert result(peer, "com.shop.echo", 1) == 1
        result(root, "bondy.realm.security.enable", at)
        assert result(root, "bondy.realm.security.status", at) == "enabled"
        with pytest.raises(PeerError) as caught:
            peer.call("com.shop.echo", 1)
        assert caught.value.uri == DENIED
    assert refusal(root, "bondy.realm.security.disable", MASTER) == INVALID


def test_prototypes_and_sso_realms_stay_as_long_as_others_stand_on_them(root):
    proto, sso = created(root, is_prototype=True), created(root, is_sso_realm=True)
    at = created(root, prototype_uri=proto, sso_realm_uri=sso)
    for above in (proto, sso):
        with pytest.raises(PeerError) as caught:
            root.call("bondy.realm.delete", above, force=True)
        assert caught.value.uri == INCONSISTENT and at in caught.value.args_[0]
    assert refusal(root, "bondy.realm.update", proto, {"is_prototype": False}) == INCONSISTENT
    assert refusal(root, "bondy.realm.update", at, {"prototype_uri": sso}) == INCONSISTENT
    assert refusal(root, "bondy.realm.update", at, {"sso_realm_uri": created(
        root, is_sso_realm=True)}) == INCONSISTENT
    for gone in (at, proto, sso):
        result(root, "bondy.realm.delete", gone)


def test_a_prototype_is_felt_at_once(node, root):
    proto = created(root, is_prototype=True)
    at = created(root, prototype_uri=proto)
    assert not anybody_comes_in(node, at)
    result(root, "bondy.realm.update", proto, {"security_enabled": False})
    assert result(root, "bondy.realm.get", at)["security_status"] == "disabled"
    with Peer(node, at) as peer:
        peer.register("com.shop.echo", "echo")
    result(root, "bondy.realm.update", at, {"security_enabled": True})
    assert not anybody_comes_in(node, at)


def test_the_master_realm_stays(root):
    assert refusal(root, "bondy.realm.delete", MASTER, force=True) == INCONSISTENT
    assert refusal(root, "bondy.realm.update", MASTER, {"security_enabled": False}) == INVALID
    assert result(root, "bondy.realm.get", MASTER)["security_status"] == "enabled"


def test_who_listens_is_told(root):
    for topic in ("created", "updated", "deleted"):
        root.subscribe(f"bondy.realm.{topic}")
    at = created(root)
    root.wait_for("event", topic="bondy.realm.created", args=[at])
    result(root, "bondy.realm.update", at, {"description": "x"})
    root.wait_for("event", topic="bondy.realm.updated", args=[at])
    result(root, "bondy.realm.delete", at)
    root.wait_for("event", topic="bondy.realm.deleted", args=[at])


def test_a_change_can_ask_for_the_version_it_has_seen(root):
    at = created(root)
    first = root.call("bondy.realm.get", at, details=True)["kwargs"]["version"]
    result(root, "bondy.realm.update", at, {"description": "x"}, if_match=f'"{first}"')
    for procedure, *args in (("update", {}), ("delete",), ("security.disable",)):
        assert refusal(root, f"bondy.realm.{procedure}", at, *args, if_match=f'"{first}"') == \
            "bondy.error.precondition_failed"


WRONG = [
    (INVALID, 7),
    (INVALID, {}),
    (INVALID, {"uri": "com..x"}),
    (INVALID, {"uri": "com.leapsight.bondy.mine"}),
    (INVALID, {"uri": "com.example.bell\x07"}),
    (INVALID, {"uri": "com.example.x", "authmetods": []}),
    (INVALID, {"uri": "com.example.x", "users": [{"username": "ann", "pass": "x"}]}),
    (INVALID, {"uri": "com.example.x", "users": [{"username": "ann", "password": "x"}]}),
    (NO_REALM, {"uri": "com.example.x", "prototype_uri": "com.example.none"}),
    (INCONSISTENT, {"uri": "com.example.x", "prototype_uri": "com.example.x"}),
    ("bondy.error.unknown_roles", {"uri": "com.example.x", "grants": [
        {"permissions": ["wamp.call"], "uri": "a", "roles": ["nobody"]}]}),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong[0])
def test_what_is_wrong_is_said_and_creates_nothing(root, wrong):
    before = result(root, "bondy.realm.list")
    assert refusal(root, "bondy.realm.create", wrong[1]) == wrong[0]
    assert result(root, "bondy.realm.list") == before


def test_a_name_that_is_no_utf_8_is_nobodys(node, root):
    at = created(root, **ANYBODY)
    before = result(root, "bondy.user.list", at)
    for procedure, args in (("add", [{"username": "ab\udcff"}]), ("get", ["ab\udcff"]),
                            ("add", [{"username": "abc", "ab\udcff": 1}])):
        with RawSocket(node.rawsocket).join(at) as raw:
            raw.send_payload(msgpack.packb([CALL, 1, {}, f"bondy.user.{procedure}", args],
                                           unicode_errors="surrogateescape"))
            message = raw.receive()
            said = message[4] if message[0] == ERROR else message[2]
            assert said in (INVALID, "wamp.error.protocol_violation"), message
    assert result(root, "bondy.user.list", at) == before == []
