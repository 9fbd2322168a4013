"""Bounds that the configuration sets: reached, told, and left again."""
import select
import signal
import threading

import pytest

from support.patience import PATIENCE, wait_until
from support.specs import text_of
from support.wampraw import (ABORT, CALL, ERROR, HELLO, REGISTER, REGISTERED, ROLES, SUBSCRIBE,
                             SUBSCRIBED, UNREGISTER, UNREGISTERED, Closed, HeldService, RawSocket,
                             connect, session)

URI = "com.example.e2e"


@pytest.fixture
def limited(make_node, realm):
    def make(**settings):
        node = make_node(settings={key.replace("__", "."): value
                                   for key, value in settings.items()}).start()
        node.create_open_realm(realm)
        return node
    return make


def test_sessions_are_bounded(limited, realm):
    node = limited(limits__sessions="3")
    wires = [session(node, realm) for _ in range(3)]
    with RawSocket(node.rawsocket) as late:
        late.send(HELLO, realm, ROLES)
        answer = late.receive()
        assert answer[0] == ABORT and answer[2] == "wamp.error.unavailable", answer
    for wire in wires:
        wire.close()
    wait_until(lambda: node.metric("postern_wamp_sessions") == 0, "the sessions gone")
    session(node, realm).close()
    assert node.stop() == 0


def test_registrations_and_subscriptions_of_a_session_are_bounded(limited, realm):
    node = limited(limits__registrations_per_session="3", limits__subscriptions_per_session="3")
    with session(node, realm) as wire, session(node, realm) as other:
        given = [wire.ask(REGISTER, {}, f"{URI}.{n}") for n in range(3)]
        assert all(answer[0] == REGISTERED for answer in given)
        assert wire.ask(REGISTER, {}, f"{URI}.more")[0] == ERROR
        assert [wire.ask(SUBSCRIBE, {}, f"{URI}.{n}")[0] for n in range(3)] == [SUBSCRIBED] * 3
        assert wire.ask(SUBSCRIBE, {}, f"{URI}.more")[0] == ERROR
        assert other.ask(REGISTER, {}, f"{URI}.more")[0] == REGISTERED
        assert wire.ask(UNREGISTER, given[0][2])[0] == UNREGISTERED
        assert wire.ask(REGISTER, {}, f"{URI}.again")[0] == REGISTERED
    assert node.stop() == 0


def test_calls_of_a_session_are_bounded(limited, realm):
    node = limited(limits__calls_per_session="5")
    with session(node, realm) as callee, session(node, realm) as caller:
        callee.ask(REGISTER, {}, f"{URI}.held")
        for n in range(1, 6):
            caller.send(CALL, n, {}, f"{URI}.held")
        caller.requests = 5
        answer = caller.ask(CALL, {}, f"{URI}.held")
        assert answer[:3] == [ERROR, CALL, 6], answer
    assert node.stop() == 0


def answers(sock):
    """Whether a request on it is answered; a connection beyond the limit is closed or reset."""
    try:
        sock.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        return sock.recv(100).startswith(b"HTTP/1.1 404")
    except (ConnectionResetError, BrokenPipeError):
        return False


def has_room(node):
    with connect(node.gateway) as sock:
        return answers(sock)


def test_connections_are_bounded(limited):
    node = limited(limits__connections="16")
    socks = [connect(node.gateway) for _ in range(40)]
    try:
        served = sum(answers(sock) for sock in socks)
        assert 8 <= served <= 16, served
    finally:
        for sock in socks:
            sock.close()
    # The node learns of the closed ones when it gets to them; until then there is no room.
    wait_until(lambda: has_room(node), "room again")
    assert node.stop() == 0


def test_requests_waiting_for_an_answer_are_bounded(limited, realm):
    node = limited(limits__parked_requests="4", node__workers="1")
    node.publish(text_of("probe.json"))
    with HeldService(node, realm, f"{URI}.slow") as service:
        socks = [connect(node.gateway, PATIENCE) for _ in range(12)]
        for sock in socks:
            sock.sendall(b"GET /probe/slow/0 HTTP/1.1\r\nHost: a\r\n\r\n")
        calls = service.take(4)
        wait_until(lambda: len(select.select(socks, [], [], 0)[0]) == 8, "eight refusals")
        service.answer(calls)
        statuses = [int(sock.recv(4096).split()[1]) for sock in socks]
        assert sorted(statuses) == [200] * 4 + [503] * 8, statuses
        for sock in socks:
            sock.close()
        waiting = threading.Thread(target=lambda: service.answer(service.take()))
        waiting.start()
        assert node.ask("GET", "/probe/slow/0").status == 200
        waiting.join()
    assert node.stop() == 0


def stays(node, realm):
    """Whether a session in which HELLO came at once is still there; on a machine that stalls it
    may not have come at once."""
    try:
        with session(node, realm) as wire:
            return wire.ask(SUBSCRIBE, {}, f"{URI}.stay")[0] == SUBSCRIBED
    except (Closed, OSError):
        return False


def test_a_connection_without_a_session_is_not_kept(limited, realm):
    node = limited(wamp__hello_timeout="1500ms", wamp__handshake_timeout="1500ms",
                   http__header_timeout="1500ms")
    with RawSocket(node.rawsocket) as wire:
        wire.expect_end()
    with connect(node.rawsocket) as sock:
        sock.sendall(b"\x7f\xf2")
        assert sock.recv(10) == b""
    with connect(node.gateway) as sock:
        sock.sendall(b"GET /ws HTTP/1.1\r\nHost: a\r\n")
        sock.recv(1000)
    wait_until(lambda: stays(node, realm), "a session that may stay")
    assert node.stop() == 0


def test_a_call_waits_no_longer_than_the_node_allows(limited, realm):
    node = limited(wamp__call_timeout="200ms", wamp__call_timeout_max="400ms")
    with session(node, realm) as callee, session(node, realm) as caller:
        callee.ask(REGISTER, {}, f"{URI}.held")
        for options in ({}, {"timeout": 60_000}):
            answer = caller.ask(CALL, options, f"{URI}.held")
            assert answer[4] == "wamp.error.timeout", answer
    assert node.stop() == 0


def test_sighup_takes_live_settings_from_the_file(make_node, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("log: {level: info}\n")
    node = make_node(arguments=["-c", str(file)]).start()
    assert node.ask("GET", "/nothing").status == 404
    assert '"level":"debug"' not in node.log_text()
    file.write_text("log: {level: debug}\n")
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: node.ask("GET", "/nothing") and '"level":"debug"' in node.log_text(),
               "lines of level debug")
    file.write_text("log: {level: nonsense}\n")
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "refused" in node.log_text() or "log.level" in node.log_text(),
               "the refusal")
    assert node.ask("GET", "/nothing").status == 404
    assert node.stop() == 0
