"""bondy.group.*, bondy.grant.*, bondy.source.*: who may do what changes under live sessions."""
import base64
import itertools
import json

import msgpack
import pytest

from support.node import Node, ask
from support.patience import wait_until
from support.peer import Peer, PeerError
from support.wampraw import CALL, RawSocket

REALM, HEIR, PROTOTYPE = "com.example.staff", "com.example.heir", "com.example.form"
SECRETS = {"boss": "the boss is here", "ann": "ann with two ns", "cid": "cid from next door"}
DENIED = "wamp.error.not_authorized"

SECURITY = [
    {"uri": PROTOTYPE, "is_prototype": True, "groups": [{"name": "inherited"}]},
    {"uri": REALM, "authmethods": ["password", "anonymous"],
     "groups": [{"name": "chiefs"}, {"name": "team"}],
     "users": [{"username": "boss", "password": SECRETS["boss"], "groups": ["chiefs"]},
               {"username": "ann", "password": SECRETS["ann"]},
               {"username": "cid", "password": SECRETS["cid"], "groups": ["team"]}],
     "sources": [{"usernames": "all", "authmethod": "password", "cidr": "127.0.0.0/8"}],
     "grants": [{"permissions": ["wamp.call", "wamp.register", "wamp.publish", "wamp.subscribe"],
                 "uri": "any", "roles": ["chiefs"]}]},
    {"uri": HEIR, "prototype_uri": PROTOTYPE, "authmethods": ["password"],
     "groups": [{"name": "chiefs"}],
     "users": [{"username": "boss", "password": SECRETS["boss"], "groups": ["chiefs"]},
               {"username": "ann", "password": SECRETS["ann"]}],
     "sources": [{"usernames": "all", "authmethod": "password", "cidr": "127.0.0.0/8"}],
     "grants": [{"permissions": ["wamp.call"], "uri": "any", "roles": ["chiefs"]}]},
]

SPEC = {"id": "com.example.staff", "name": "staff", "host": "_", "realm_uri": REALM,
        "versions": {"1": {"base_path": "/staff", "paths": {"/shop": {
            "security": {"type": "basic"},
            "get": {"action": {"type": "wamp_call", "procedure": "com.shop.count"},
                    "response": {"on_result": {"body": "{{action.result.args}}"},
                                 "on_error": {}}}}}}}}

numbers = itertools.count()


def name(stem):
    """Nobody else's in this module."""
    return f"{stem}{next(numbers)}"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("grants")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        running.publish(SPEC)
        yield running


@pytest.fixture(scope="module")
def boss(node):
    with Peer(node, REALM, login=("boss", SECRETS["boss"])) as peer:
        peer.register("com.shop.count", "echo")
        yield peer


@pytest.fixture
def ann(node):
    with Peer(node, REALM, login=("ann", SECRETS["ann"])) as peer:
        yield peer


@pytest.fixture
def cid(node):
    with Peer(node, REALM, login=("cid", SECRETS["cid"])) as peer:
        yield peer


def result(peer, procedure, *args, **kwargs):
    found = peer.call(procedure, *args, **kwargs)["args"]
    return found[0] if found else None


def refusal(peer, procedure, *args, **kwargs):
    with pytest.raises(PeerError) as caught:
        peer.call(procedure, *args, **kwargs)
    return caught.value.uri


def may(peer, procedure="com.shop.count"):
    try:
        peer.call(procedure)
        return True
    except PeerError as error:
        assert error.uri == DENIED
        return False


def http_status(node, user):
    word = base64.b64encode(f"{user}:{SECRETS[user]}".encode()).decode()
    return ask(node.gateway, "GET", "/staff/shop",
               headers={"Authorization": f"Basic {word}"}).status


def grant(*roles, uri="com.shop.count", permissions=("wamp.call",), **more):
    return {"permissions": list(permissions), "uri": uri, "roles": list(roles), **more}


# --- in force with the next message ---------------------------------------------------------------

def test_a_grant_is_in_force_for_the_next_message_of_a_session_and_the_next_request(
        node, boss, ann):
    for _ in range(3):
        assert not may(ann) and http_status(node, "ann") == 403
        assert boss.call("bondy.grant.create", REALM, grant("ann"))["args"] == []
        assert may(ann) and http_status(node, "ann") == 200
        assert boss.call("bondy.grant.revoke", REALM, grant("ann"))["args"] == []
    assert not may(ann) and http_status(node, "ann") == 403


def test_what_a_group_may_its_members_may_and_those_of_what_it_is_nested_in(node, boss, cid):
    inner = name("inner")
    result(boss, "bondy.group.add", {"name": inner})
    boss.call("bondy.grant.create", REALM, grant(f"group/{inner}"))
    assert not may(cid)
    assert result(boss, "bondy.group.add_group", "team", inner)["groups"] == [inner]
    # Roles are those of the login, so the nesting is felt by who comes in now, and over HTTP.
    assert http_status(node, "cid") == 200
    with Peer(node, REALM, login=("cid", SECRETS["cid"])) as again:
        assert may(again)
        boss.call("bondy.grant.revoke", REALM, grant(inner))
        assert not may(again) and http_status(node, "cid") == 403
        boss.call("bondy.grant.create", REALM, grant(inner))
        assert may(again)
        boss.call("bondy.group.delete", inner)
        assert not may(again) and http_status(node, "cid") == 403
    assert result(boss, "bondy.group.get", "team")["groups"] == []


def test_grants_for_all_and_for_anonymous(node, boss, ann):
    wanted = grant("all", uri="com.shop.")
    boss.call("bondy.grant.create", REALM, wanted)
    assert may(ann)
    boss.call("bondy.grant.revoke", REALM, wanted)
    assert not may(ann)
    boss.call("bondy.grant.create", REALM, grant("anonymous"))
    assert not may(ann)
    boss.call("bondy.grant.revoke", REALM, grant("anonymous"))


def test_what_is_listed_can_be_taken_back_as_it_is(node, boss, cid):
    for match, uri in (("exact", "com.shop.count"), ("prefix", "com.sh"), ("wildcard", "com..count"),
                       ("prefix", "any")):
        boss.call("bondy.grant.create", REALM, grant("group/team", uri=uri, match=match))
    listed = result(boss, "bondy.group.grants", "team")
    assert {"resource": {"uri": "any", "match": "prefix"}, "permissions": ["wamp.call"],
            "roles": ["group/team"]} in listed
    assert len(listed) == 4 and may(cid)
    for line in listed:
        boss.call("bondy.grant.revoke", REALM, line)
    assert result(boss, "bondy.group.grants", "team") == [] and not may(cid)


def test_what_a_user_may_by_himself_and_by_his_groups_is_listed(node, boss):
    outer, inner, user = name("outer"), name("inner"), name("user")
    result(boss, "bondy.group.add", {"name": inner})
    result(boss, "bondy.group.add", {"name": outer, "groups": [inner]})
    result(boss, "bondy.user.add", {"username": user, "groups": [outer]})
    boss.call("bondy.grant.create", REALM, grant(f"user/{user}", inner, uri="com.x"))
    roles = [line["roles"] for line in result(boss, "bondy.user.grants", user)]
    assert roles == [[f"group/{inner}"], [f"user/{user}"]]
    boss.call("bondy.user.remove_group", user, outer)
    assert [line["roles"] for line in result(boss, "bondy.user.grants", user)] == [[f"user/{user}"]]
    boss.call("bondy.user.delete", user)
    boss.call("bondy.group.delete", outer)
    boss.call("bondy.group.delete", inner)


def test_who_leaves_a_group_has_nothing_of_it_any_more(node, boss):
    group = name("left")
    result(boss, "bondy.group.add", {"name": group})
    boss.call("bondy.grant.create", REALM, grant(group))
    boss.call("bondy.user.add_group", "ann", group)
    with Peer(node, REALM, login=("ann", SECRETS["ann"])) as member:
        assert may(member) and http_status(node, "ann") == 200
    boss.call("bondy.user.remove_group", "ann", group)
    assert http_status(node, "ann") == 403
    with Peer(node, REALM, login=("ann", SECRETS["ann"])) as member:
        assert not may(member)
    boss.call("bondy.group.delete", group)


# --- sources --------------------------------------------------------------------------------------

def test_a_source_opens_and_closes_the_door(node, boss):
    def enters():
        try:
            with Peer(node, REALM) as peer:
                return peer.session > 0
        except AssertionError:
            return False

    assert not enters()
    source = {"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": "127.1.2.3/8"}
    assert result(boss, "bondy.source.add", source)["cidr"] == "127.0.0.0/8"
    assert enters()
    matched = result(boss, "bondy.source.match", "anonymous", "127.0.0.1")
    assert [one["username"] for one in matched] == ["anonymous", "all"]
    boss.call("bondy.source.delete", REALM, "anonymous", "127.0.0.0/8")
    assert not enters()


# --- events, names, the master realm --------------------------------------------------------------

def test_changes_are_told_once_they_are_in_force(node, boss):
    topics = ["bondy.group.added", "bondy.group.updated", "bondy.group.deleted",
              "bondy.source.added", "bondy.source.deleted"]
    with Peer(node, REALM, login=("boss", SECRETS["boss"])) as ear:
        for topic in topics:
            ear.subscribe(topic)
        group = name("told")
        boss.call("bondy.group.add", {"name": group})
        boss.call("bondy.group.update", group, {"meta": {"a": 1}})
        boss.call("bondy.group.delete", group)
        boss.call("bondy.source.add", {"usernames": ["ann"], "authmethod": "wampcra",
                                       "cidr": "10.0.0.0/8"})
        boss.call("bondy.source.delete", REALM, "ann", "10.0.0.0/8")
        events = wait_until(lambda: ear.events() if len(ear.events()) == 5 else None, "5 events")
    assert [event["topic"] for event in events] == topics
    assert all(event["args"] == [REALM, group] for event in events[:3])
    assert events[3]["args"] == [REALM, ["ann"], "10.0.0.0/8", ["wampcra"]]


@pytest.mark.parametrize("root", ["", "com.", "com.leapsight."])
def test_an_older_name_answers_as_the_present_one(node, boss, root):
    group = name("older")
    assert result(boss, f"{root}bondy.security.add_group", {"name": group})["name"] == group
    assert result(boss, f"{root}bondy.security.find_group", group) == \
        result(boss, "bondy.group.get", group)
    assert refusal(boss, f"{root}bondy.security.add_group", {"name": group}) == \
        "bondy.error.already_exists"
    assert result(boss, f"{root}bondy.security.update_group", group,
                  {"meta": {"x": 1}})["meta"] == {"x": 1}
    boss.call(f"{root}bondy.security.delete_group", group)
    assert refusal(boss, f"{root}bondy.security.find_group", group) == "bondy.error.not_found"
    assert result(boss, f"{root}bondy.security.list_sources") == \
        result(boss, "bondy.source.list")
    assert refusal(boss, f"{root}bondy.security.no_such_thing") == "wamp.error.no_such_procedure"


def test_nobody_registers_under_an_older_name(node, boss):
    for procedure in ("com.bondy.x", "bondy.security.x", "com.leapsight.bondy.x"):
        with pytest.raises(PeerError):
            boss.register(procedure, "echo")


def test_a_grant_on_the_present_name_is_none_on_the_older(node, boss, ann):
    wanted = grant("ann", uri="bondy.group.list")
    boss.call("bondy.grant.create", REALM, wanted)
    assert may(ann, "bondy.group.list") and not may(ann, "bondy.security.list_groups")
    boss.call("bondy.grant.revoke", REALM, wanted)


def test_a_session_speaks_of_its_own_realm_alone(node, boss):
    assert refusal(boss, "bondy.grant.create", HEIR, grant("ann")) == DENIED
    assert refusal(boss, "bondy.source.list", HEIR) == DENIED
    assert refusal(boss, "bondy.group.delete", HEIR, "chiefs") == DENIED


def test_pages_and_versions(node, boss):
    group = name("paged")
    added = boss.call("bondy.group.add", {"name": group}, details=True)
    assert added["kwargs"] == {"version": 1}
    assert refusal(boss, "bondy.group.update", group, {"meta": {}}, if_match='"2"') == \
        "bondy.error.precondition_failed"
    assert refusal(boss, "bondy.group.delete", group, if_match='"9"') == \
        "bondy.error.precondition_failed"
    changed = boss.call("bondy.group.update", group, {"meta": {"a": 1}}, if_match='"1"',
                        details=True)
    assert changed["kwargs"] == {"version": 2}
    first = boss.call("bondy.group.list", limit=1, details=True)
    assert len(first["args"][0]) == 1 and first["kwargs"]["total"] >= 2
    rest = boss.call("bondy.group.list", cursor=first["kwargs"]["next"], details=True)
    assert len(rest["args"][0]) == first["kwargs"]["total"] - 1
    boss.call("bondy.group.delete", group, if_match='"2"')


# --- bytes that are no text -----------------------------------------------------------------------

BROKEN = [
    ("bondy.group.add", [{"name": "bro~~ken"}]),
    ("bondy.group.update", ["team~~", {"meta": {"a": "~~"}}]),
    ("bondy.group.delete", ["team~~"]),
    ("bondy.group.add_group", ["team", "~~"]),
    ("bondy.grant.create", [grant("ann", uri="com.~~")]),
    ("bondy.grant.create", [grant("ann", permissions=["com.~~"])]),
    ("bondy.grant.revoke", [grant("~~")]),
    ("bondy.source.add", [{"usernames": ["~~"], "authmethod": "password"}]),
    ("bondy.source.add", [{"usernames": "all", "authmethod": "pass~~"}]),
    ("bondy.source.delete", ["ann", "10.0.0.0~~"]),
    ("bondy.source.match", ["~~"]),
]


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"\xc0\x80", b"\xed\xa0"])
def test_what_is_no_utf_8_ends_the_session_and_changes_nothing(make_node, bad):
    own = make_node().start()
    realm = "com.example.open"
    own.create_open_realm(realm)
    for procedure, arguments in BROKEN:
        message = msgpack.packb([CALL, 1, {}, procedure, arguments])
        assert b"~~" in message
        with RawSocket(own.rawsocket, "msgpack") as wire:
            wire.join(realm)
            wire.send_payload(message.replace(b"~~", bad))
            wire.expect_abort()
    with Peer(own, realm) as peer:
        assert result(peer, "bondy.group.list") == []
