"""Who may do what: grants decide on both sides, for sessions as for HTTP."""
import json

import pytest

from support.node import Node
from support.peer import Peer, PeerError
from support.specs import static_spec
from support.wampraw import (ABORT, CALL, ERROR, HELLO, PUBLISH, REGISTER, ROLES, SUBSCRIBE,
                             SUBSCRIBED, RawSocket, session)

OPEN, NARROW = "com.example.open", "com.example.narrow"
EVERYWHERE = [{"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": "0.0.0.0/0"}]
SECURITY = [
    {"uri": NARROW, "authmethods": ["anonymous"], "sources": EVERYWHERE,
     "grants": [
         # Bondy's two forms of a grant.
         {"permissions": ["wamp.call"], "uri": "com.example.may", "match": "exact",
          "roles": ["anonymous"]},
         {"permissions": ["wamp.subscribe", "wamp.unsubscribe"],
          "resources": [{"uri": "com.example.news", "match": "prefix"}], "roles": "all"},
         {"permissions": ["wamp.register"],
          "resources": [{"uri": "com.example..served", "match": "wildcard"}],
          "roles": ["anonymous"]},
     ]},
    {"uri": "com.example.elsewhere", "authmethods": ["anonymous"],
     "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": "10.0.0.0/8"}],
     "grants": [{"permissions": ["wamp.call"], "uri": "*", "roles": ["anonymous"]}]},
    {"uri": "com.example.nobody", "authmethods": ["wampcra"]},
    {"uri": "com.example.closed", "authmethods": ["anonymous"], "sources": EVERYWHERE,
     "allow_connections": False},
]


def call_spec(name, realm, procedure):
    spec = static_spec(name, 0, realm)
    spec["versions"]["1"]["paths"]["/static"]["get"] = {
        "action": {"type": "wamp_call", "procedure": procedure},
        "response": {"on_result": {"body": "{{action.result.args |> head}}"}, "on_error": {}}}
    return spec


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("access")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        yield running


def test_a_session_may_do_what_is_granted_and_nothing_else(node):
    with session(node, NARROW) as wire:
        assert wire.ask(CALL, {}, "com.example.may")[4] == "wamp.error.no_such_procedure"
        for uri in ("com.example.may.not", "com.example.ma", "com.example.other"):
            answer = wire.ask(CALL, {}, uri)
            assert answer[:2] == [ERROR, CALL] and answer[4] == "wamp.error.not_authorized", uri
        assert wire.ask(SUBSCRIBE, {}, "com.example.news.today")[0] == SUBSCRIBED
        assert wire.ask(SUBSCRIBE, {}, "com.example.gossip")[4] == "wamp.error.not_authorized"
        assert wire.ask(PUBLISH, {"acknowledge": True}, "com.example.news.today")[4] == \
            "wamp.error.not_authorized"
        assert wire.ask(REGISTER, {}, "com.example.x.served")[0] != ERROR
        assert wire.ask(REGISTER, {}, "com.example.x.hidden")[4] == "wamp.error.not_authorized"


def test_a_pattern_wants_a_grant_that_covers_it_all(node):
    with session(node, NARROW) as wire:
        assert wire.ask(SUBSCRIBE, {"match": "prefix"}, "com.example.news.")[0] == SUBSCRIBED
        # A grant ends at whole components: com.example.newspaper is not among the news.
        assert wire.ask(SUBSCRIBE, {}, "com.example.newspaper")[4] == "wamp.error.not_authorized"
        for options, uri in (({"match": "prefix"}, "com.example"), ({"match": "prefix"}, "com"),
                             ({"match": "prefix"}, "com.example.news"),
                             ({"match": "wildcard"}, "com..news")):
            answer = wire.ask(SUBSCRIBE, options, uri)
            assert answer[0] == ERROR and answer[4] == "wamp.error.not_authorized", (options, uri)


def test_both_clients_hear_not_authorized(node):
    for kind in ("py-ws-json", "js-ws-json"):
        with Peer(node, NARROW, kind) as peer:
            with pytest.raises(PeerError) as caught:
                peer.call("com.example.other")
            assert caught.value.uri == "wamp.error.not_authorized"


def test_http_is_judged_by_the_same_grants(node):
    node.publish(call_spec("may", NARROW, "com.example.may"))
    node.publish(call_spec("maynot", NARROW, "com.example.other"))
    assert node.ask("GET", "/may/static").status == 503  # allowed, nobody there
    refused = node.ask("GET", "/maynot/static")
    assert refused.status == 403
    assert refused.json()["code"] == "wamp.error.not_authorized"


def test_a_source_that_does_not_fit_lets_nobody_in(node):
    with RawSocket(node.rawsocket) as wire:
        wire.send(HELLO, "com.example.elsewhere", ROLES)
        assert wire.receive()[0] == ABORT
    node.publish(call_spec("elsewhere", "com.example.elsewhere", "com.example.x"))
    assert node.ask("GET", "/elsewhere/static").status == 403


def test_realms_without_anonymous_abort(node):
    for realm, details in (("com.example.nobody", ROLES), ("com.example.closed", ROLES),
                           (NARROW, {**ROLES, "authid": "jan"}),
                           (NARROW, {**ROLES, "authmethods": ["wampcra"], "authid": "jan"})):
        with RawSocket(node.rawsocket) as wire:
            wire.send(HELLO, realm, details)
            answer = wire.receive()
            assert answer[0] == ABORT, (realm, details, answer)
            assert answer[2] in ("wamp.error.not_auth_method",
                                 "wamp.error.authentication_failed"), answer


def test_a_path_with_a_scheme_nobody_can_check_is_401(node):
    spec = static_spec("guarded", 1, NARROW)
    spec["versions"]["1"]["paths"]["/static"]["security"] = {
        "type": "oauth2", "flow": "resource_owner_password_credentials"}
    assert node.ask_admin("POST", "/api_specs", spec).status == 200
    answer = node.ask("GET", "/guarded/static", headers={"Authorization": "Bearer x"})
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_new_grant_counts_for_those_who_are_there(node):
    realm = "com.example.later"
    assert node.ask_admin("POST", "/realms", {
        "uri": realm, "authmethods": ["anonymous"], "sources": EVERYWHERE}).status == 201
    with session(node, realm) as wire:
        assert wire.ask(CALL, {}, "com.example.x")[4] == "wamp.error.not_authorized"


def test_the_example_security_file_is_valid(node):
    from support.cli import postern
    from support.specs import path_of
    assert postern("check", path_of("security.example.json")).returncode == 0


def test_nobody_is_anonymous_where_the_settings_refuse_it(tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps([*SECURITY, {"uri": "com.example.off", "security_enabled": False}]))
    with Node(tmp_path / "node", settings={"security.config_file": str(file),
                                           "security.allow_anonymous_user": "false"}) as node:
        for realm in (NARROW, "com.example.off"):
            with RawSocket(node.rawsocket) as wire:
                wire.send(HELLO, realm, ROLES)
                assert wire.receive()[2] == "wamp.error.not_auth_method"
            name = realm.rpartition(".")[2]
            node.publish(call_spec(name, realm, "com.example.may"))
            assert node.ask("GET", f"/{name}/static").status == 403


def test_passwords_are_as_long_as_the_settings_say(tmp_path):
    with Node(tmp_path / "node", settings={"security.password.min_length": "12"}) as node:
        for password, status in (("eleven byte", (400, 422)), ("twelve bytes", (201,))):
            answer = node.ask_admin("POST", "/realms", {
                "uri": "com.example.long", "users": [{"username": "ann", "password": password}]})
            assert answer.status in status, answer.text
            assert password not in answer.text
