"""WAMP from client to client: every kind of client with every other."""
import itertools

import pytest

from support.peer import KINDS, Peer, PeerError
from support.wampraw import ABORT, GOODBYE, HELLO, ROLES, RawSocket, WebSocket, session

PAIRS = list(itertools.product(KINDS, KINDS))
URI = "com.example.e2e"
ARGS = [1, -2.5, "tëxt", None, True, [1, [2, {"a": []}]], {"k": {"l": "m"}}, 2**40]
KWARGS = {"one": 1, "list": [1, 2], "map": {"a": None}, "text": "\U0001F600"}


@pytest.mark.parametrize("caller, callee", PAIRS, ids=lambda kind: kind)
def test_a_call_and_its_result(peers, caller, callee):
    registration = peers[callee].register(f"{URI}.echo", "echo")
    try:
        result = peers[caller].call(f"{URI}.echo", *ARGS, **KWARGS)
        assert result["args"] == ARGS and result["kwargs"] == KWARGS
        assert peers[caller].call(f"{URI}.echo")["args"] == []
    finally:
        peers[callee].unregister(registration)


@pytest.mark.parametrize("caller, callee", PAIRS, ids=lambda kind: kind)
def test_a_call_and_its_error(peers, caller, callee):
    registration = peers[callee].register(f"{URI}.fail", "fail")
    try:
        with pytest.raises(PeerError) as caught:
            peers[caller].call(f"{URI}.fail", "com.example.error.bad", "why", [1], code=7)
        assert caught.value.uri == "com.example.error.bad"
        assert caught.value.args_ == ["why", [1]] and caught.value.kwargs == {"code": 7}
    finally:
        peers[callee].unregister(registration)


@pytest.mark.parametrize("publisher", KINDS)
def test_an_event_reaches_every_kind_of_subscriber(peers, publisher):
    topic = f"{URI}.news.{publisher}"
    for peer in peers.values():
        peer.subscribe(topic)
    done = peers[publisher].publish(topic, *ARGS, **KWARGS)
    for kind, peer in peers.items():
        if kind != publisher:
            event = peer.wait_for("event", subscription=topic)
            assert event["args"] == ARGS and event["kwargs"] == KWARGS, kind
            assert event["publication"] == done["publication"], kind
    assert peers[publisher].events() == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wampy-ws-json"])
def test_exclude_me_false_gives_the_publisher_his_own_event(peers, kind):
    topic = f"{URI}.own.{kind}"
    peers[kind].subscribe(topic)
    peers[kind].publish(topic, 1, options={"exclude_me": False})
    assert peers[kind].wait_for("event", subscription=topic)["args"] == [1]


def test_exclude_and_eligible_choose_receivers(peers):
    topic = f"{URI}.chosen"
    names = list(peers)
    for peer in peers.values():
        peer.subscribe(topic)
    publisher = peers[names[0]]
    ids = {kind: peer.session for kind, peer in peers.items()}
    publisher.publish(topic, "eligible", options={"eligible": [ids[names[1]], ids[names[2]]]})
    publisher.publish(topic, "exclude", options={"exclude": [ids[names[1]]]})
    publisher.publish(topic, "last")
    got = {kind: [] for kind in names[1:]}
    for kind in names[1:]:
        while not got[kind] or got[kind][-1] != "last":
            got[kind] += peers[kind].wait_for("event", subscription=topic)["args"]
    assert got[names[1]] == ["eligible", "last"]
    assert got[names[2]] == ["eligible", "exclude", "last"]
    assert all(got[kind] == ["exclude", "last"] for kind in names[3:])


def test_events_keep_their_order(peers):
    topic = f"{URI}.ordered"
    subscribers = [peers[kind] for kind in ("py-ws-json", "js-ws-msgpack", "py-raw-msgpack")]
    for peer in subscribers:
        peer.subscribe(topic)
    publisher = peers["js-ws-json"]
    pending = [publisher.begin(do="publish", uri=topic, args=[n], kwargs={},
                               options={"acknowledge": True}) for n in range(500)]
    for number in pending:
        publisher.finish(number)
    for peer in subscribers:
        got = [peer.wait_for("event", subscription=topic)["args"][0] for _ in range(500)]
        assert got == list(range(500))


def test_prefix_and_wildcard_subscriptions_carry_the_topic(peers):
    subscriber, publisher = peers["py-ws-msgpack"], peers["js-ws-json"]
    subscriber.subscribe(f"{URI}.house", match="prefix")
    subscriber.subscribe(f"{URI}..light", match="wildcard")
    publisher.publish(f"{URI}.house.light", 1)
    first, second = subscriber.wait_for("event"), subscriber.wait_for("event")
    assert {first["subscription"], second["subscription"]} == \
        {f"{URI}.house", f"{URI}..light"}
    assert first["topic"] == second["topic"] == f"{URI}.house.light"
    assert first["publication"] == second["publication"]
    publisher.publish(f"{URI}.garden.light", 2)
    assert subscriber.wait_for("event")["subscription"] == f"{URI}..light"
    publisher.publish(f"{URI}.household", 3)
    assert subscriber.wait_for("event")["subscription"] == f"{URI}.house"


def test_after_unsubscribe_nothing_comes(peers):
    subscriber, publisher = peers["py-ws-json"], peers["py-raw-msgpack"]
    topic = f"{URI}.left"
    subscription = subscriber.subscribe(topic)
    publisher.publish(topic, 1)
    assert subscriber.wait_for("event", subscription=topic)
    subscriber.unsubscribe(subscription)
    subscriber.subscribe(f"{URI}.marker")
    publisher.publish(topic, 2)
    publisher.publish(f"{URI}.marker")
    assert subscriber.wait_for("event")["subscription"] == f"{URI}.marker"


def test_prefix_and_wildcard_registrations_carry_the_procedure(peers):
    caller = peers["js-ws-json"]
    kinds = {"exact": "py-ws-json", "prefix": "py-ws-msgpack", "wildcard": "py-raw-msgpack"}
    given = {
        "exact": peers[kinds["exact"]].register(f"{URI}.shop.item.get", "who"),
        "prefix": peers[kinds["prefix"]].register(f"{URI}.shop.item", "who", match="prefix"),
        "wildcard": peers[kinds["wildcard"]].register(f"{URI}.shop..get", "who",
                                                      match="wildcard"),
    }
    try:
        for procedure, match in ((f"{URI}.shop.item.get", "exact"),
                                 (f"{URI}.shop.item.put", "prefix"),
                                 (f"{URI}.shop.cart.get", "wildcard")):
            who = caller.call(procedure)["args"][0]
            assert who["session"] == peers[kinds[match]].session, procedure
            assert who["procedure"] == procedure
        with pytest.raises(PeerError, match="no_such_procedure"):
            caller.call(f"{URI}.shop.cart.put")
    finally:
        for match, registration in given.items():
            peers[kinds[match]].unregister(registration)


def test_a_procedure_has_one_callee(peers):
    registration = peers["py-ws-json"].register(f"{URI}.single", "echo")
    with pytest.raises(PeerError) as caught:
        peers["js-ws-json"].register(f"{URI}.single", "echo")
    assert caught.value.uri == "wamp.error.procedure_already_exists"
    peers["py-ws-json"].unregister(registration)
    again = peers["js-ws-json"].register(f"{URI}.single", "echo")
    peers["js-ws-json"].unregister(again)


@pytest.mark.parametrize("invoke", ["roundrobin", "random", "first", "last"])
def test_shared_registrations_choose_by_their_policy(peers, invoke):
    uri = f"{URI}.shared.{invoke}"
    callees = [peers[kind] for kind in ("py-ws-json", "js-ws-msgpack", "py-raw-msgpack")]
    given = [callee.register(uri, "name", invoke=invoke) for callee in callees]
    caller = peers["js-raw-json"]
    answered = [caller.call(uri)["args"][0] for _ in range(30)]
    ids = [callee.session for callee in callees]
    if invoke == "roundrobin":
        assert sorted(answered[:3]) == sorted(ids) and answered[:3] * 10 == answered
    elif invoke == "random":
        assert set(answered) <= set(ids) and len(set(answered)) > 1
    else:
        assert set(answered) == {ids[0] if invoke == "first" else ids[-1]}
    for callee, registration in zip(callees, given):
        callee.unregister(registration)
    with pytest.raises(PeerError, match="no_such_procedure"):
        caller.call(uri)


def test_another_policy_is_refused(peers):
    uri = f"{URI}.shared.mixed"
    registration = peers["py-ws-json"].register(uri, "echo", invoke="roundrobin")
    with pytest.raises(PeerError) as caught:
        peers["js-ws-json"].register(uri, "echo", invoke="last")
    assert caught.value.uri.startswith("wamp.error.procedure_")
    peers["py-ws-json"].unregister(registration)


# Autobahn-js takes the ERROR that answers any other mode for a violation.
def test_a_cancelled_call_interrupts_its_callee(peers):
    callee, caller = peers["py-ws-json"], peers["js-ws-json"]
    registration = callee.register(f"{URI}.slow", "slow")
    number = caller.begin_call(f"{URI}.slow", 60)
    assert caller.call(f"{URI}.slow", 0, "behind it")["args"] == [["behind it"]]
    caller.do(do="cancel", call=number, options={"mode": "kill"})
    with pytest.raises(PeerError):
        caller.finish(number)
    callee.wait_for("interrupted")
    callee.unregister(registration)


# Autobahn-python names no mode, and then the caller is answered at once.
def test_a_call_cancelled_without_a_mode_is_over(peers):
    callee, caller = peers["py-ws-json"], peers["py-ws-msgpack"]
    registration = callee.register(f"{URI}.slow", "slow")
    number = caller.begin_call(f"{URI}.slow", 60)
    assert caller.call(f"{URI}.slow", 0, "behind it")["args"] == [["behind it"]]
    caller.do(do="cancel", call=number)
    with pytest.raises(PeerError):
        caller.finish(number)
    callee.unregister(registration)


def test_a_call_times_out(peers):
    callee, caller = peers["py-ws-msgpack"], peers["py-ws-json"]
    registration = callee.register(f"{URI}.sleepy", "slow")
    number = caller.begin_call(f"{URI}.sleepy", 60, options={"timeout": 200})
    with pytest.raises(PeerError) as caught:
        caller.finish(number)
    assert caught.value.uri == "wamp.error.timeout"
    callee.wait_for("interrupted")
    callee.unregister(registration)


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_callee_is_an_error_at_once(node, realm, peers, kind):
    callee = Peer(node, realm, kind)
    uri = f"{URI}.killed.{kind}"
    callee.register(uri, "slow")
    caller = peers["py-raw-msgpack"]
    number = caller.begin_call(uri, 60)
    # The call has arrived once a second one, behind it, has been answered.
    assert caller.call(uri, 0, "there")["args"] == [["there"]]
    callee.kill()
    with pytest.raises(PeerError) as caught:
        caller.finish(number)
    assert caught.value.uri == "wamp.error.canceled"
    with pytest.raises(PeerError, match="no_such_procedure"):
        caller.call(uri)


def test_a_thousand_calls_at_once(peers):
    callee, caller = peers["py-raw-msgpack"], peers["js-ws-json"]
    registration = callee.register(f"{URI}.many", "echo")
    numbers = [caller.begin_call(f"{URI}.many", n) for n in range(1000)]
    assert [caller.finish(number)["args"] for number in numbers] == [[n] for n in range(1000)]
    callee.unregister(registration)


def test_a_session_hello_again_after_goodbye(node, realm):
    with session(node, realm) as wire:
        first = wire.session
        wire.send(GOODBYE, {}, "wamp.close.close_realm")
        assert wire.receive()[0] == GOODBYE
        wire.join(realm)
        assert wire.session != first


def test_an_unknown_realm_is_refused_with_the_remedy(node):
    with RawSocket(node.rawsocket, "json") as wire:
        wire.send(HELLO, "com.example.none", ROLES)
        kind, details, reason = wire.receive()[:3]
        assert kind == ABORT and reason == "wamp.error.no_such_realm"
        assert "postern realm create com.example.none --open" in details["message"]


def test_the_public_port_speaks_rawsocket_too(node, realm):
    with RawSocket(node.gateway, "msgpack") as wire:
        wire.join(realm)


def test_the_admin_port_has_a_websocket_for_its_own_origin(node, realm):
    with WebSocket(node.admin, "json", headers=[f"Origin: http://{node.admin}"]) as wire:
        wire.join(realm)
    with pytest.raises(AssertionError):
        WebSocket(node.admin, "json", headers=["Origin: http://evil.example"])
