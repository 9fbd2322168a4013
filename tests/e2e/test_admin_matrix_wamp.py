"""bondy.* over WAMP: sessions of other realms and sessions without grants change nothing.

The procedures are those of the program's own tables; one without a row in CHANGES or READS fails.
"""
import json
import re

import pytest

from support.admin import HASH_OPTIONS, MASTER, PASSWORD, Place, dump, logged_in
from support.node import Node
from support.places import ROOT
from support.wampraw import CALL, ERROR, RESULT, ROLES, RawSocket

HOME, OTHER, OPEN = "com.example.victim", "com.example.elsewhere", "com.example.open"
DENIED = "wamp.error.not_authorized"
TABLES = ["oauth2/directory/*.c", "gateway/api/proc_*.c", "router/realm/meta_house.c"]
GRANT = {"permissions": ["wamp.call"], "uri": "", "match": "prefix", "roles": ["all"]}

# All arguments that a change may have, after the realm: with fewer it would be heard as one about
# the caller's own realm. No realm: for sessions of the master realm alone.
CHANGES = {
    "bondy.api_key.add": ["ann", {}],
    "bondy.api_key.delete": ["ann", "KEY"],
    "bondy.grant.create": [GRANT],
    "bondy.grant.revoke": [GRANT],
    "bondy.group.add": [{"name": "band"}],
    "bondy.group.update": ["crew", {"meta": {"a": 1}}],
    "bondy.group.delete": ["crew"],
    "bondy.group.add_group": ["crew", "staff"],
    "bondy.group.add_groups": ["crew", ["staff"]],
    "bondy.group.remove_group": ["crew", "staff"],
    "bondy.group.remove_groups": ["crew", ["staff"]],
    "bondy.http_gateway.api.load": None,
    "bondy.http_gateway.try": None,
    "bondy.http_gateway.api.rollback": None,
    "bondy.http_gateway.api.delete": None,
    "bondy.key.rotate": [],
    "bondy.oauth2.client.add": [{"client_id": "new.app"}],
    "bondy.oauth2.client.update": ["app", {"name": "New"}],
    "bondy.oauth2.client.delete": ["app"],
    "bondy.oauth2.client.rotate_secret": ["app", {"overlap_secs": 60}],
    "bondy.oauth2.resource_owner.add": [{"username": "new.owner"}],
    "bondy.oauth2.resource_owner.update": ["owner", {"meta": {"a": 1}}],
    "bondy.oauth2.resource_owner.delete": ["owner"],
    "bondy.oauth2.token.revoke": ["all", "no.token"],
    "bondy.oauth2.token.revoke_all": ["all", "ann"],
    "bondy.realm.create": None,
    "bondy.realm.update": [{"description": "changed"}],
    "bondy.realm.delete": [],
    "bondy.realm.security.enable": [],
    "bondy.realm.security.disable": [],
    "bondy.session.kill": ["SESSION"],
    "bondy.source.add": [{"usernames": "all", "authmethod": "trust", "cidr": "0.0.0.0/0"}],
    "bondy.source.delete": ["ann", "10.0.0.0/8", "password"],
    "bondy.ticket.issue": None,
    "bondy.ticket.revoke": ["TICKET", "ann"],
    "bondy.ticket.revoke_all": ["ann"],
    "bondy.user.add": [{"username": "bob"}],
    "bondy.user.update": ["ann", {"meta": {"a": 1}}],
    "bondy.user.delete": ["ann"],
    "bondy.user.enable": ["ann"],
    "bondy.user.disable": ["ann"],
    "bondy.user.change_password": ["ann", "another good word", PASSWORD],
    "bondy.user.add_alias": ["ann", "anny"],
    "bondy.user.remove_alias": ["ann", "annie"],
    "bondy.user.add_group": ["ann", "staff"],
    "bondy.user.add_groups": ["ann", ["staff"]],
    "bondy.user.remove_group": ["ann", "crew"],
    "bondy.user.remove_groups": ["ann", ["crew"]],
    "bondy.wamp.call": None,
}
# Arguments of those that concern no realm, or name it within.
OF_MASTER = {
    "bondy.http_gateway.api.load": lambda place: [json.dumps(place.spec_body())],
    "bondy.http_gateway.api.rollback": lambda place: [place.spec, 1],
    "bondy.http_gateway.api.delete": lambda place: [place.spec],
    "bondy.realm.create": lambda place: [{"uri": "com.example.new"}],
    "bondy.http_gateway.try": lambda place: [{"path": "/"}],
    "bondy.wamp.call": lambda place: [{"procedure": "bondy.realm.delete", "args": [HOME]}],
}
# What is the caller's own.
OWN = {"bondy.ticket.issue"}


def rows():
    """Names of all tables, and those that their own flags say only read."""
    every, reading = set(), set()
    for pattern in TABLES:
        for file in ROOT.glob(pattern):
            text = file.read_text()
            found = re.findall(r'^    \{STR_INIT\("(bondy\.[a-z0-9_.]+)"\),([^}]*)', text,
                               re.MULTILINE)
            every |= {name for name, _ in found}
            every |= set(re.findall(r'^    TOLD\("(bondy\.[a-z0-9_.]+)"', text, re.MULTILINE))
            reading |= {name for name, rest in found if "READ" in rest}
    return every, reading


def older_names():
    text = (ROOT / "router/realm/older_name.c").read_text()
    return dict(re.findall(r'ROW\("([^"]+)",\s*"([^"]+)"\)', text))


EVERY, READING = rows()
READS = {"bondy.ping", "bondy.session.self", "bondy.session.count", "bondy.session.list",
         "bondy.session.get", "bondy.registration.list", "bondy.registration.callee.list",
         "bondy.registration.summary", "bondy.registration.get", "bondy.registration.callees",
         "bondy.subscription.list", "bondy.subscription.summary", "bondy.subscription.get",
         "bondy.admin.openapi", "bondy.stats.get", "bondy.http_gateway.api.list",
         "bondy.http_gateway.api.get", "bondy.http_gateway.api.info",
         "bondy.http_gateway.api.versions", "bondy.cluster.members", "bondy.cluster.info",
         "bondy.cluster.leave"}


def realm(uri, *methods, **more):
    return {"uri": uri, "authmethods": list(methods), "password_opts": HASH_OPTIONS,
            "sources": [{"usernames": ["anonymous"] if method == "anonymous" else "all",
                         "authmethod": method, "cidr": "0.0.0.0/0"} for method in methods], **more}


# Chiefs may everything in their own realm; nobody may anything in OPEN.
SECURITY = [
    realm(OTHER, "password", users=[{"username": "chief", "password": PASSWORD}],
          grants=[{"permissions": ["wamp.call", "bondy.issue", "bondy.revoke"], "uri": "",
                   "match": "prefix", "roles": ["chief"]}]),
    realm(OPEN, "anonymous"),
    {"uri": MASTER, "users": [{"username": "powerless", "password": PASSWORD}]},
]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("wamp")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        yield running


@pytest.fixture(scope="module")
def place(node):
    there = Place(node, HOME)
    there.ask("POST", f"/realms/{HOME}/users",
              {"username": "ben", "password": PASSWORD})  # who has no grants
    there.ask("POST", f"/realms/{HOME}/sources",
              {"usernames": ["ben"], "authmethod": "password", "cidr": "127.0.0.0/8"})
    yield there
    there.close()


def arguments(place, procedure):
    if procedure in OF_MASTER:
        return OF_MASTER[procedure](place)
    if procedure in OWN or procedure not in CHANGES:
        return []
    words = {"KEY": place.key_id, "SESSION": place.worker.session, "TICKET": place.ticket_id}
    return [HOME] + [words[a] if isinstance(a, str) and a in words else a
                     for a in CHANGES[procedure]]


def is_there(place):
    """The session that might be killed."""
    return place.worker.ask(CALL, {}, "com.work.do")[0] == ERROR  # it has no grant for that


def test_every_procedure_of_the_program_has_a_row():
    assert EVERY == set(CHANGES) | READS | READING
    assert not set(CHANGES) & (READS | READING)
    assert len(EVERY) > 70


def test_a_session_of_another_realm_changes_nothing(node, place):
    with logged_in(node, OTHER, "chief", PASSWORD) as wire:
        before = dump(node)
        for procedure in sorted(set(CHANGES) - OWN):
            answer = wire.ask(CALL, {}, procedure, arguments(place, procedure))
            assert answer[0] == ERROR and answer[4] == DENIED, (procedure, answer)
        assert dump(node) == before and is_there(place)


@pytest.mark.parametrize("who", ["user of the realm", "anonymous of the realm",
                                 "anonymous elsewhere", "user of the master realm"])
def test_a_session_without_grants_changes_nothing(node, place, who):
    """Under no name that a procedure has or has had, with the realm named or left out."""
    older = [(old, now) for old, now in older_names().items() if now in EVERY]
    assert len(older) > 20
    names = [(name, name) for name in sorted(EVERY)] + older
    names += [(f"com.{prefix}{name}", name) for name in sorted(CHANGES)
              for prefix in ("", "leapsight.")]
    if who.startswith("anonymous"):
        wire = RawSocket(node.rawsocket).join(HOME if who.endswith("realm") else OPEN, ROLES)
    else:
        wire = logged_in(node, *((HOME, "ben") if who == "user of the realm" else
                                 (MASTER, "powerless")), PASSWORD)
    with wire:
        before = dump(node)
        for name, present in names:
            args = arguments(place, present)
            for given in [args, args[1:]] if args[:1] == [HOME] else [args]:
                answer = wire.ask(CALL, {}, name, given)
                assert answer[0] == ERROR and answer[4] == DENIED, (name, given, answer)
        assert dump(node) == before and is_there(place)


def test_what_they_were_refused_were_good_requests(node, place):
    """Administrators may: the same arguments, in an order in which each finds what it needs."""
    first = ["bondy.ticket.revoke", "bondy.user.disable", "bondy.user.enable"]
    last = ["bondy.group.delete", "bondy.user.delete", "bondy.oauth2.client.delete",
            "bondy.oauth2.resource_owner.delete", "bondy.http_gateway.api.delete",
            "bondy.realm.delete"]
    middle = sorted(set(CHANGES) - {*first, *last, *OWN, "bondy.wamp.call"})
    with logged_in(node, MASTER, "admin", node.password) as wire:
        for procedure in first + middle + last:
            kwargs = {"force": True} if procedure == "bondy.realm.delete" else {}
            answer = wire.ask(CALL, {}, procedure, arguments(place, procedure), kwargs)
            assert answer[0] == RESULT, (procedure, answer)
