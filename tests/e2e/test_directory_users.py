"""bondy.user.*: users come, change and go, and what that does to those who are here."""
import itertools
import json

import pytest

from support.node import Node
from support.patience import wait_until
from support.peer import Peer, PeerError
from test_auth import login

MASTER, REALM, SSO, OTHER = ("com.leapsight.bondy", "com.example.crew", "com.example.trust",
                             "com.example.other")
FEW = {"params": {"iterations": 4096}}
SECRETS = {"root": "the root of it all", "boss": "the boss is here"}
INVALID, NO_USER = "wamp.error.invalid_argument", "wamp.error.no_such_principal"
DENIED = "wamp.error.not_authorized"
OPEN = [{"usernames": "all", "authmethod": method, "cidr": "127.0.0.0/8"}
        for method in ("password", "wampcra")]


def realm(uri, **more):
    return {"uri": uri, "authmethods": ["password", "wampcra"], "password_opts": FEW,
            "sources": OPEN, "groups": [{"name": "chiefs"}, {"name": "team"}],
            "users": [{"username": "boss", "password": SECRETS["boss"], "groups": ["chiefs"]}],
            "grants": [{"permissions": ["wamp.call", "wamp.subscribe"], "uri": "any",
                        "roles": ["chiefs"]},
                       {"permissions": ["wamp.call"], "uri": "com.shop.", "match": "prefix",
                        "roles": ["team"]}], **more}


SECURITY = [
    {"uri": MASTER, "users": [{"username": "root", "password": SECRETS["root"],
                               "groups": ["bondy.administrators"]}]},
    {"uri": SSO, "is_sso_realm": True, "password_opts": FEW},
    realm(REALM, sso_realm_uri=SSO),
    realm(OTHER, sso_realm_uri=SSO),
]

numbers = itertools.count()


def name(stem="user"):
    """Nobody else's in this module."""
    return f"{stem}{next(numbers)}"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("users")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        yield running
        told = running.log_text()
        assert not any(word in told for word in [*SECRETS.values(), "first word", "second word"])


@pytest.fixture(scope="module")
def root(node):
    with Peer(node, MASTER, login=("root", SECRETS["root"])) as peer:
        yield peer


@pytest.fixture(scope="module")
def boss(node):
    with Peer(node, REALM, login=("boss", SECRETS["boss"])) as peer:
        yield peer


def result(peer, procedure, *args, **kwargs):
    found = peer.call(procedure, *args, **kwargs)["args"]
    return found[0] if found else None


def refusal(peer, procedure, *args, **kwargs):
    with pytest.raises(PeerError) as caught:
        peer.call(procedure, *args, **kwargs)
    error = caught.value
    assert error.args_ and error.kwargs["code"] == error.uri
    assert error.kwargs["message"] == error.kwargs["description"] == error.args_[0]
    return error.uri


def added(root, at=REALM, **more):
    user = {"username": name(), "password": "the first word", "groups": ["team"], **more}
    return result(root, "bondy.user.add", at, user)["username"]


def comes_in(node, who, password, at=REALM, method="password"):
    """Does he? By autobahn-python, over a WebSocket."""
    return "authid" in login(node, ("py", "ws", "json"), method, who, password, at)


def test_a_user_is_added_seen_changed_and_deleted(node, root):
    who = name()
    user = result(root, "bondy.user.add", REALM,
                  {"username": who.upper(), "password": "the first word", "groups": ["team"],
                   "meta": {"floor": 3}})
    assert user == {"type": "user", "version": "1.1", "username": who, "groups": ["team"],
                    "has_password": True, "has_authorized_keys": False, "authorized_keys": [],
                    "meta": {"floor": 3}, "enabled": True, "aliases": []}
    assert result(root, "bondy.user.get", REALM, who) == user
    assert user in result(root, "bondy.user.list", REALM)
    assert comes_in(node, who, "the first word")
    changed = result(root, "bondy.user.update", REALM, who, {"meta": {}})
    assert changed == {**user, "meta": {}}
    assert result(root, "bondy.user.delete", REALM, who) is None
    assert refusal(root, "bondy.user.get", REALM, who) == "bondy.error.not_found"
    assert refusal(root, "bondy.user.delete", REALM, who) == NO_USER
    assert not comes_in(node, who, "the first word")


def test_a_session_of_a_realm_speaks_of_its_own(root, boss):
    who = name()
    assert result(boss, "bondy.user.add", {"username": who})["username"] == who
    assert result(boss, "bondy.user.get", REALM, who)["username"] == who
    assert refusal(boss, "bondy.user.get", OTHER, who) == DENIED
    assert refusal(root, "bondy.user.get", who) == INVALID
    assert refusal(root, "bondy.user.list") == INVALID
    assert refusal(root, "bondy.user.list", "com.example.none") == "wamp.error.no_such_realm"


def test_older_names_are_understood(root):
    assert result(root, "bondy.security.add_user", REALM, {"username": name()})
    assert result(root, "com.leapsight.bondy.security.list_users", REALM)


def test_a_new_password_is_in_force_at_once_and_closes_nothing(node, root):
    who = added(root)
    with Peer(node, REALM, login=(who, "the first word")) as peer:
        result(root, "bondy.user.change_password", REALM, who, "the second word")
        assert not comes_in(node, who, "the first word")
        assert comes_in(node, who, "the second word")
        assert comes_in(node, who, "the second word", method="wampcra")
        assert refusal(root, "bondy.user.change_password", REALM, who, "the third word",
                       "the first word") == "bondy.error.bad_signature"
        result(root, "bondy.user.change_password", REALM, who, "the third word",
               "the second word")
        assert comes_in(node, who, "the third word")
        assert not peer.ended
        with pytest.raises(PeerError):
            peer.call("com.shop.none")


def test_guesses_at_an_old_password_are_slowed_down_like_logins(root):
    who = name()
    result(root, "bondy.user.add", REALM, {"username": who, "password": "first word"})
    heard = []
    while "bondy.error.too_many_requests" not in heard and len(heard) < 20:
        heard.append(refusal(root, "bondy.user.change_password", REALM, who, "second word",
                             "a guess"))
    # However slow this machine is: what is waited doubles.
    assert heard[:5] == ["bondy.error.bad_signature"] * 5
    assert heard[-1] == "bondy.error.too_many_requests"
    result(root, "bondy.user.change_password", REALM, who, "second word")


def test_a_disabled_user_is_sent_away(node, root):
    who = added(root)
    with Peer(node, REALM, login=(who, "the first word")) as peer:
        result(root, "bondy.user.disable", REALM, who)
        assert result(root, "bondy.user.is_enabled", REALM, who) is False
        wait_until(lambda: peer.ended, "the end of his session")
    assert not comes_in(node, who, "the first word")
    result(root, "bondy.user.enable", REALM, who)
    assert result(root, "bondy.user.is_enabled", REALM, who) is True
    assert comes_in(node, who, "the first word")


def test_a_deleted_user_is_sent_away_and_nothing_waits_for_the_next_of_his_name(node, root):
    who = added(root)
    result(root, "bondy.grant.create", REALM, {"permissions": ["wamp.call"], "uri": "com.own.",
                                               "match": "prefix", "roles": [f"user/{who}"]})
    with Peer(node, REALM, login=(who, "the first word")) as peer:
        result(root, "bondy.user.delete", REALM, who)
        wait_until(lambda: peer.ended, "the end of his session")
    result(root, "bondy.user.add", REALM, {"username": who, "password": "the second word"})
    assert result(root, "bondy.user.grants", REALM, who) == []
    with Peer(node, REALM, login=(who, "the second word")) as peer:
        assert refusal_of_anybody(peer, "com.own.thing") == DENIED


def refusal_of_anybody(peer, procedure):
    with pytest.raises(PeerError) as caught:
        peer.call(procedure)
    return caught.value.uri


def test_a_group_is_felt_with_the_next_call(node, root):
    who = added(root, groups=[])
    with Peer(node, REALM, login=(who, "the first word")) as peer:
        assert refusal_of_anybody(peer, "com.shop.none") == DENIED
        result(root, "bondy.user.add_group", REALM, who, "team")
        assert refusal_of_anybody(peer, "com.shop.none") == "wamp.error.no_such_procedure"
        assert result(root, "bondy.user.remove_group", REALM, who, "team")["groups"] == []
        assert refusal_of_anybody(peer, "com.shop.none") == DENIED
    result(root, "bondy.user.add_groups", REALM, who, ["team", "chiefs"])
    result(root, "bondy.user.remove_groups", REALM, who, ["team"])
    assert result(root, "bondy.user.get", REALM, who)["groups"] == ["chiefs"]
    assert refusal(root, "bondy.user.add_group", REALM, who, "nobodys") == \
        "bondy.error.no_such_groups"


def test_an_alias_is_another_name_to_come_in_by(node, root):
    who, alias = added(root), name("alias")
    assert not comes_in(node, alias, "the first word")
    result(root, "bondy.user.add_alias", REALM, who, alias)
    assert comes_in(node, alias, "the first word")
    assert refusal(root, "bondy.user.add", REALM, {"username": alias}) == \
        "bondy.error.already_exists"
    result(root, "bondy.user.remove_alias", REALM, who, alias)
    assert not comes_in(node, alias, "the first word")


def test_same_sign_on_is_one_password_for_several_realms(node, root, boss):
    who = added(root, sso_realm_uri=SSO)
    result(root, "bondy.user.add", OTHER, {"username": who, "sso_realm_uri": SSO})
    for at in (REALM, OTHER):
        assert comes_in(node, who, "the first word", at)
    result(root, "bondy.user.change_password", OTHER, who, "the second word")
    for at in (REALM, OTHER):
        assert comes_in(node, who, "the second word", at)
    assert refusal(boss, "bondy.user.change_password", who, "the third word") == DENIED
    result(root, "bondy.user.disable", OTHER, who)
    assert not comes_in(node, who, "the second word", OTHER)
    assert comes_in(node, who, "the second word", REALM)
    result(root, "bondy.user.disable", SSO, who)
    assert not comes_in(node, who, "the second word", REALM)
    assert result(root, "bondy.user.get", REALM, who)["enabled"] is False


def test_who_listens_is_told(root, boss):
    for topic in ("added", "updated", "deleted", "credentials_changed"):
        boss.subscribe(f"bondy.user.{topic}")
    who = added(root)
    boss.wait_for("event", topic="bondy.user.added", args=[who])
    result(root, "bondy.user.update", REALM, who, {"meta": {"a": 1}})
    boss.wait_for("event", topic="bondy.user.updated", args=[REALM, who])
    result(root, "bondy.user.change_password", REALM, who, "the second word")
    boss.wait_for("event", topic="bondy.user.credentials_changed", args=[REALM, who])
    result(root, "bondy.user.delete", REALM, who)
    boss.wait_for("event", topic="bondy.user.deleted", args=[REALM, who])


def test_a_change_can_ask_for_the_version_it_has_seen(root):
    who = added(root)
    first = root.call("bondy.user.get", REALM, who, details=True)["kwargs"]["version"]
    second = root.call("bondy.user.update", REALM, who, {"meta": {"a": 1}}, details=True,
                       if_match=f'"{first}"')["kwargs"]["version"]
    assert second == first + 1
    assert refusal(root, "bondy.user.update", REALM, who, {"meta": {}}, if_match=f'"{first}"') == \
        "bondy.error.precondition_failed"
    assert result(root, "bondy.user.get", REALM, who)["meta"] == {"a": 1}


def test_the_last_administrator_of_the_node_stays(root):
    administrators = [user["username"] for user in result(root, "bondy.user.list", MASTER)
                      if "bondy.administrators" in user["groups"]]
    for other in administrators:
        if other != "root":
            result(root, "bondy.user.delete", MASTER, other)
    for procedure, *args in (("delete",), ("disable",), ("remove_group", "bondy.administrators"),
                             ("update", {"groups": []}), ("update", {"enabled": False})):
        assert refusal(root, f"bondy.user.{procedure}", MASTER, "root", *args) == \
            "bondy.error.inconsistency_error"
    result(root, "bondy.user.add", MASTER, {"username": "second",
                                            "groups": ["bondy.administrators"]})
    result(root, "bondy.user.disable", MASTER, "second")
    result(root, "bondy.user.delete", MASTER, "second")


WRONG = [
    ("add", INVALID, [{}]),
    ("add", INVALID, [7]),
    ("add", INVALID, [{"username": "new", "passwrd": "the first word"}]),
    ("add", INVALID, [{"username": "new", "password": "short"}]),
    ("add", INVALID, [{"username": "new", "password": "the first word" * 100}]),
    ("add", INVALID, [{"username": "all"}]),
    ("add", INVALID, [{"username": "x'; DROP TABLE records; --"}]),
    ("add", INVALID, [{"username": "bell\x07"}]),
    ("add", INVALID, [{"username": "nul\x00"}]),
    ("add", INVALID, [{"username": "n" * 255}]),
    ("add", INVALID, [{"username": "new"}, 7]),
    ("add", INVALID, []),
    ("add", "bondy.error.already_exists", [{"username": "boss"}]),
    ("add", "bondy.error.no_such_groups", [{"username": "new", "groups": ["nobodys"]}]),
    ("get", "bondy.error.not_found", ["nobody"]),
    ("get", "bondy.error.not_found", ["%"]),
    ("update", NO_USER, ["nobody", {}]),
    ("update", INVALID, ["boss", []]),
    ("update", INVALID, ["boss", {"username": "else"}]),
    ("delete", NO_USER, ["' OR '1'='1"]),
    ("enable", NO_USER, ["nobody"]),
    ("change_password", INVALID, ["boss", {}]),
    ("add_alias", INVALID, ["boss", ""]),
    ("add_group", INVALID, ["boss", {}]),
    ("add_groups", INVALID, ["boss", "team"]),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong[0])
def test_what_is_wrong_is_said_and_changes_nothing(root, wrong):
    procedure, error, args = wrong
    before = result(root, "bondy.user.list", REALM)
    assert refusal(root, f"bondy.user.{procedure}", REALM, *args) == error
    assert result(root, "bondy.user.list", REALM) == before


COUNT = 10_000


def test_ten_thousand_users_are_listed_page_by_page(root):
    at = "com.example.crowd"
    users = [{"username": f"user{i:05}"} for i in range(COUNT)]
    result(root, "bondy.realm.create", {"uri": at, "users": users})
    seen, cursor, pages = [], None, 0
    while True:
        page = root.call("bondy.user.list", at, details=True, limit=2500, cursor=cursor)
        seen += [user["username"] for user in page["args"][0]]
        pages += 1
        assert page["kwargs"]["total"] == COUNT
        cursor = page["kwargs"].get("next")
        if cursor is None:
            break
    assert pages == 4 and seen == [user["username"] for user in users]
    last = root.call("bondy.user.list", at, details=True, limit=1, sort="-name")
    assert last["args"][0][0]["username"] == seen[-1] and last["kwargs"]["next"] == seen[-1]
    found = root.call("bondy.user.list", at, details=True, filter="0777")
    assert found["kwargs"] == {"total": 11}
    assert refusal(root, "bondy.realm.delete", at) == "bondy.error.active_users"
    result(root, "bondy.realm.delete", at, force=True)
    assert refusal(root, "bondy.user.list", at) == "wamp.error.no_such_realm"
