"""Transports at their edges: unix sockets, limits, pings, peers that vanish, and what has ended
other routers: each with a node that must live on."""
import contextlib
import os
import signal
import socket
import stat
import struct
import threading

import pytest

from support.cli import postern
from support.patience import PATIENCE, wait_until
from support.peer import Peer
from support.wampraw import (CALL, EVENT, HELLO, INVOCATION, PUBLISH, REGISTER, REGISTERED,
                             RESULT, ROLES, SUBSCRIBE, SUBSCRIBED, UNREGISTER, UNREGISTERED,
                             WELCOME, YIELD, Closed, RawSocket, WebSocket, connect, read_exactly,
                             read_to_end, session)
from support.wsecho import BINARY, CONTINUATION, TEXT, Client, Echo, frame

REALM = "com.example.e2e"
URI = "com.example.e2e.edge"


# --- unix sockets ---------------------------------------------------------------------------------


@pytest.fixture
def local(make_node, tmp_path):
    """A node on unix sockets alone, but for the admin listener."""
    node = make_node(settings={"gateway.listen": f"unix:{tmp_path}/gateway",
                               "rawsocket.listen": f"unix:{tmp_path}/raw"})
    node.gateway_path, node.raw_path = tmp_path / "gateway", tmp_path / "raw"
    node.start()
    node.create_open_realm(REALM)
    return node


def test_client_libraries_meet_on_a_unix_socket(local, monkeypatch):
    monkeypatch.setattr(local, "url", lambda transport: f"rs://unix:{local.raw_path}")
    with Peer(local, REALM, "py-raw-msgpack") as callee, \
            Peer(local, REALM, "py-raw-msgpack") as caller:
        callee.register(f"{URI}.echo", "echo")
        assert caller.call(f"{URI}.echo", "x" * 100_000)["args"] == ["x" * 100_000]
    assert local.stop() == 0


def test_our_client_dials_a_unix_socket_with_both_transports(local):
    for url in (f"unix:{local.raw_path}", f"unix:{local.gateway_path}",
                f"ws+unix:{local.gateway_path}"):
        for serializer in ("json", "msgpack", "cbor"):
            done = postern("call", "a.b", "--url", url, "--realm", REALM, "--serializer",
                           serializer)
            assert "no service registered a.b" in done.stderr, (url, serializer, done.stderr)
    assert local.stop() == 0


def test_a_unix_socket_is_for_its_user_and_group(local):
    for path in (local.gateway_path, local.raw_path):
        mode = os.stat(path).st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    assert local.stop() == 0
    assert not local.gateway_path.exists() and not local.raw_path.exists()


def test_a_stale_socket_file_is_replaced_and_another_file_is_not(local):
    local.kill()
    assert local.raw_path.exists()
    local.restart()
    assert local.stop() == 0
    local.raw_path.write_text("mine")
    local.launch()
    assert local.wait() == 1
    assert "exists and is not a socket" in local.log_text()
    assert local.raw_path.read_text() == "mine"


# --- limits ---------------------------------------------------------------------------------------


def test_a_rawsocket_beyond_the_connections_is_told_so(make_node):
    node = make_node(settings={"limits.connections": "16"}).start()
    taken = []
    while len(taken) < 40:
        sock = connect(node.rawsocket)
        taken.append(sock)
        sock.sendall(b"\x7f\xf2\0\0")
        if read_exactly(sock, 4) == b"\x7f\x40\0\0":
            assert read_to_end(sock) == b""
            break
    assert 1 <= len(taken) - 1 <= 16
    for sock in taken:
        sock.close()
    assert node.stop() == 0


def test_a_million_fragments_are_bounded_and_quick():
    echo = Echo(1 << 20)
    with contextlib.closing(echo), Client(echo) as client:
        client.put(frame(TEXT, b"x", False) + frame(CONTINUATION, b"x", False) * 999_998 +
                   frame(CONTINUATION, b"x"))
        assert client.get() == (TEXT, b"x" * 1_000_000)
        # Without end, and with nothing in them: they take no memory.
        before = echo.rss_kib()
        client.put(frame(BINARY, b"x", False) + frame(CONTINUATION, b"", False) * 1_000_000 +
                   frame(CONTINUATION, b"y"))
        assert client.get() == (BINARY, b"xy")
        assert echo.rss_kib() - before < 8 * 1024
        # One octet too many, in pieces.
        client.put(frame(BINARY, b"x" * (1 << 20), False), frame(CONTINUATION, b"x", False))
        opcode, payload = client.get()
        assert (opcode, payload) == (8, struct.pack(">H", 1009))


def test_big_messages_and_big_fragments_come_back():
    echo = Echo(1 << 24)
    with contextlib.closing(echo):
        for size in (1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24):
            with Client(echo) as client:
                whole = os.urandom(1 << 12) * (size >> 12)
                client.put(frame(BINARY, whole))
                assert client.get() == (BINARY, whole)
                pieces = [whole[i:i + 64_000] for i in range(0, size, 64_000)]
                client.put(frame(BINARY, pieces[0], False),
                           *(frame(CONTINUATION, piece, False) for piece in pieces[1:]),
                           frame(CONTINUATION))
                assert client.get() == (BINARY, whole)


def test_who_sends_and_does_not_read_is_not_read_from():
    echo = Echo(1 << 20)
    with contextlib.closing(echo), Client(echo) as client:
        message = frame(BINARY, b"x" * 100_000)
        client.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            for _ in range(2000):
                client.put(message)
        assert echo.rss_kib() < 400 * 1024
        with Client(echo) as other:
            other.put(frame(TEXT, b"and the others?"))
            assert other.get() == (TEXT, b"and the others?")


# --- peers that vanish ----------------------------------------------------------------------------


@pytest.fixture
def pinging(make_node):
    node = make_node(settings={"wamp.ping_interval": "300ms", "wamp.ping_timeout": "300ms",
                               "wamp.ping_attempts": "3",
                               "wamp.rawsocket_pings": "true"}).start()
    node.create_open_realm(REALM)
    return node


def pings_until_the_end(wire, ping):
    count = 0
    with contextlib.suppress(Closed):
        while True:
            first, _ = wire.receive_frame()
            assert first == ping
            count += 1
    return count


@pytest.mark.parametrize("transport,ping", [("ws", 0x89), ("raw", 1)])
def test_a_half_open_connection_is_found_after_its_attempts(pinging, transport, ping):
    with session(pinging, REALM, transport, "msgpack") as wire:
        wire.ask(REGISTER, {}, f"{URI}.vanished")
        assert pings_until_the_end(wire, ping) == 3
    with session(pinging, REALM) as watch:  # what the vanished held is free
        answer = watch.ask(REGISTER, {}, f"{URI}.vanished")
        assert answer[0] == REGISTERED, answer
    assert pinging.stop() == 0


@pytest.mark.parametrize("transport", ["ws", "raw"])
def test_who_answers_pings_stays(pinging, transport):
    with session(pinging, REALM, transport, "msgpack") as wire:
        for _ in range(8):
            first, payload = wire.receive_frame()
            assert first in (0x89, 1)
            wire.send_frame(wire.PONG if transport == "ws" else 2, payload)
        assert wire.ask(SUBSCRIBE, {}, URI)[0] == SUBSCRIBED
    assert pinging.stop() == 0


@pytest.mark.parametrize("kind", ["py-raw-msgpack", "py-ws-json", "js-raw-json"])
def test_kill_9_of_a_callee_under_load_and_its_name_is_free_at_once(node, realm, kind):
    with contextlib.ExitStack() as stack:
        callee = Peer(node, realm, kind)
        callee.register(f"{URI}.loaded", "slow")
        callers = [stack.enter_context(session(node, realm)) for _ in range(4)]
        for caller in callers:
            for _ in range(50):
                caller.requests += 1
                caller.send(CALL, caller.requests, {}, f"{URI}.loaded", [60])
            assert caller.ask(SUBSCRIBE, {}, URI)[0] == SUBSCRIBED  # so the calls are under way
        heir = stack.enter_context(session(node, realm))
        os.kill(callee.process.pid, signal.SIGKILL)
        callee.process.wait()
        answer = heir.ask(REGISTER, {}, f"{URI}.loaded")
        assert answer[0] == REGISTERED, answer
        for caller in callers:
            errors = [caller.receive() for _ in range(50)]
            assert {error[4] for error in errors} == {"wamp.error.canceled"}, errors[0]
            assert {error[2] for error in errors} == set(range(1, 51))
        callers[0].requests += 1
        callers[0].send(CALL, callers[0].requests, {}, f"{URI}.loaded", ["new"])
        invocation = heir.receive()
        assert invocation[0] == INVOCATION and invocation[2] == answer[2]
        heir.send(YIELD, invocation[1], {}, ["done"])
        assert callers[0].receive()[:2] == [RESULT, 52]
        callee.leave()


def registered(wire, uri):
    answer = wire.ask(REGISTER, {}, uri)
    if answer[0] == REGISTERED:
        return answer
    assert answer[4] == "wamp.error.procedure_already_exists", answer
    return None


def test_a_procedure_is_free_as_soon_as_its_callee_has_hung_up(node, realm):
    """The end of the one connection and the first words of the other come at the same time."""
    with session(node, realm) as heir:
        for _ in range(100):
            with session(node, realm) as callee:
                assert callee.ask(REGISTER, {}, f"{URI}.passed_on")[0] == REGISTERED
            answer = heir.ask(REGISTER, {}, f"{URI}.passed_on")
            assert answer[0] == REGISTERED, answer
            assert heir.ask(UNREGISTER, answer[2])[0] == UNREGISTERED


def test_a_subscriber_that_vanishes_amid_events_hurts_nobody(node, realm):
    for _ in range(10):
        with session(node, realm) as eager, session(node, realm) as source:
            lazy = session(node, realm)
            for wire in (eager, lazy):
                wire.ask(SUBSCRIBE, {}, f"{URI}.amid")
            for n in range(50):
                source.requests += 1
                source.send(PUBLISH, source.requests, {}, f"{URI}.amid", [n, "x" * 20_000])
            # Reset, with output under way.
            lazy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            lazy.close()
            assert [eager.receive()[4][0] for _ in range(50)] == list(range(50))


# --- what ended other routers ---------------------------------------------------------------------


@pytest.mark.parametrize("transport,serializer", [("raw", "msgpack"), ("ws", "json")])
def test_connections_that_come_and_go_at_any_moment(node, realm, transport, serializer):
    """Cut at every step of the way in: none of them takes a new session with it."""
    steps = (lambda wire: None,
             lambda wire: wire.send(HELLO, realm, ROLES),
             lambda wire: wire.send(HELLO, "com.example.no.such.realm", ROLES),
             lambda wire: wire.join(realm),
             lambda wire: wire.join(realm).send(REGISTER, 1, {}, f"{URI}.coming"),
             lambda wire: wire.join(realm).send_payload(b"[]"),
             lambda wire: wire.join(realm).send(CALL, 1, {}, "wamp.session.count"))

    def rounds():
        for n in range(60):
            make = RawSocket if transport == "raw" else WebSocket
            address = node.rawsocket if transport == "raw" else node.gateway
            with make(address, serializer) as wire:
                steps[n % len(steps)](wire)

    threads = [threading.Thread(target=rounds) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        with session(node, realm, transport, serializer) as wire:
            assert wire.ask(SUBSCRIBE, {}, f"{URI}.steady")[0] == SUBSCRIBED
    for thread in threads:
        thread.join(PATIENCE)
    with session(node, realm) as wire:
        wait_until(lambda: registered(wire, f"{URI}.coming"), "all registrations gone")


def test_an_abort_reaches_one_that_has_writes_pending(node, realm):
    with session(node, realm) as source, session(node, realm) as bad:
        bad.ask(SUBSCRIBE, {}, f"{URI}.pending")
        sent = node.metric("postern_wamp_events_total")
        for n in range(20):
            source.ask(PUBLISH, {"acknowledge": True}, f"{URI}.pending", [n, "x" * 50_000])
        # Its worker may be another one, which hears of a publication after it is acknowledged.
        wait_until(lambda: node.metric("postern_wamp_events_total") >= sent + 20, "all events out")
        bad.send_payload(b"\x90")
        events = [bad.receive() for _ in range(20)]
        assert [event[4][0] for event in events] == list(range(20))
        bad.expect_abort()
        assert {event[0] for event in events} == {EVENT}


def test_the_close_code_says_why(make_node):
    node = make_node().start()
    node.create_open_realm(REALM)
    with session(node, REALM, "ws", "json") as polite, session(node, REALM, "ws", "json") as rude, \
            session(node, REALM, "ws", "json") as last, \
            WebSocket(node.gateway, "json") as waiting:
        polite.send(6, {}, "wamp.close.close_realm")
        assert polite.receive()[0] == 6
        rude.send_payload(b"{}")
        rude.expect_abort()
        assert rude.close_code == 1002
        node.process.terminate()
        for wire in (last, waiting):
            wire.expect_end()
            assert wire.close_code == 1001
    assert node.wait() == 0


def test_an_upgrade_with_secrets_leaves_none_in_the_log(make_node):
    node = make_node(settings={"log.level": "debug"}).start()
    node.create_open_realm(REALM)
    with WebSocket(node.gateway, "json", headers=["Authorization: Bearer s3cr3t-token",
                                                  "Cookie: ticket=s3cr3t-ticket"]) as wire:
        wire.send(HELLO, REALM, ROLES)
        assert wire.receive()[0] == WELCOME
    for _ in range(2):
        with contextlib.suppress(AssertionError):
            WebSocket(node.gateway, "nothing", headers=["Authorization: Bearer s3cr3t-token"])
    assert node.stop() == 0
    assert "s3cr3t" not in node.log_text()
