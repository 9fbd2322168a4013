"""WAMP that no well-behaved client speaks, on both transports: ABORT, and the node goes on."""
import json
import struct

import pytest

from support.patience import wait_until
from support.wampraw import (CALL, CANCEL, ERROR, EVENT, GOODBYE, HELLO, INTERRUPT,
                             INVOCATION, PUBLISH, REGISTER, REGISTERED, RESULT, ROLES,
                             SUBSCRIBE, SUBSCRIBED, UNREGISTER, UNREGISTERED, UNSUBSCRIBE,
                             UNSUBSCRIBED, WELCOME, YIELD, Closed, RawSocket, WebSocket, connect,
                             read_exactly, read_to_end, session)

WIRES = [("raw", "msgpack"), ("raw", "json"), ("ws", "json"), ("ws", "msgpack"),
         ("raw", "cbor"), ("ws", "cbor")]
URI = "com.example.e2e"


@pytest.fixture(params=WIRES, ids=lambda wire: "-".join(wire))
def opened(request, node):
    """A connection without a session."""
    transport, serializer = request.param
    if transport == "raw":
        wire = RawSocket(node.rawsocket, serializer)
    else:
        wire = WebSocket(node.gateway, serializer)
    with wire:
        yield wire


@pytest.fixture
def joined(opened, realm):
    return opened.join(realm)


@pytest.fixture(autouse=True)
def node_lives_on(node, realm):
    yield
    with session(node, realm) as wire:
        assert wire.ask(SUBSCRIBE, {}, f"{URI}.alive")[0] == SUBSCRIBED


BEFORE_WELCOME = {
    "a call": [CALL, 1, {}, f"{URI}.x"],
    "a subscription": [SUBSCRIBE, 1, {}, f"{URI}.x"],
    "a registration": [REGISTER, 1, {}, f"{URI}.x"],
    "a publication": [PUBLISH, 1, {}, f"{URI}.x"],
    "a yield": [YIELD, 1, {}],
    "a goodbye": [GOODBYE, {}, "wamp.close.close_realm"],
    "a welcome": [WELCOME, 1, {}],
    "an empty list": [],
    "an unknown type": [99, 1, {}],
    "hello without a realm": [HELLO],
    "hello without details": [HELLO, "com.example.e2e"],
    "hello with a number for a realm": [HELLO, 1, {}],
    "hello with a list for details": [HELLO, "com.example.e2e", []],
    "hello with too much": [HELLO, "com.example.e2e", ROLES, 1],
}


@pytest.mark.parametrize("case", BEFORE_WELCOME)
def test_before_welcome_is_a_violation(opened, case):
    opened.send(*BEFORE_WELCOME[case])
    opened.expect_abort()


IN_SESSION = {
    "an empty list": [],
    "no list": {"type": CALL},
    "a number": 48,
    "a string": "CALL",
    "nothing": None,
    "a type of words": ["CALL", 1, {}, f"{URI}.x"],
    "a negative type": [-1, 1],
    "a fraction for a type": [1.5, 1],
    "an unknown type": [99, 1, {}],
    "a huge type": [2**40, 1, {}],
    "hello twice": [HELLO, "com.example.e2e", ROLES],
    "a welcome": [WELCOME, 1, {}],
    "a result": [RESULT, 1, {}],
    "an event": [EVENT, 1, 1, {}],
    "an invocation": [INVOCATION, 1, 1, {}],
    "an interrupt": [INTERRUPT, 1, {}],
    "a registered": [REGISTERED, 1, 1],
    "a call without a procedure": [CALL, 1, {}],
    "a call without options": [CALL, 1],
    "a call with too much": [CALL, 1, {}, f"{URI}.x", [], {}, 1],
    "a call with a word for an id": [CALL, "1", {}, f"{URI}.x"],
    "a call with id zero": [CALL, 0, {}, f"{URI}.x"],
    "a call with a negative id": [CALL, -1, {}, f"{URI}.x"],
    "a call with an id beyond 2^53": [CALL, 2**53 + 1, {}, f"{URI}.x"],
    "a call with a list for options": [CALL, 1, [], f"{URI}.x"],
    "a call with a number for a procedure": [CALL, 1, {}, 7],
    "a call with a map for arguments": [CALL, 1, {}, f"{URI}.x", {}],
    "a call with a list for keywords": [CALL, 1, {}, f"{URI}.x", [], []],
    "a subscription without a topic": [SUBSCRIBE, 1, {}],
    "a publication without a topic": [PUBLISH, 1, {}],
    "an unsubscription of words": [UNSUBSCRIBE, 1, "all"],
    "a yield never asked for": [YIELD, 77, {}],
    "an error for a yield never asked for": [ERROR, INVOCATION, 77, {}, "com.example.error"],
    "an error for a call": [ERROR, CALL, 1, {}, "com.example.error"],
    "an error without a reason": [ERROR, INVOCATION, 1, {}],
    "a goodbye without a reason": [GOODBYE, {}],
}


@pytest.mark.parametrize("case", IN_SESSION)
def test_in_a_session_it_is_a_violation(joined, case):
    joined.send_payload(joined.encode(IN_SESSION[case]))
    joined.expect_abort()


UNDECODABLE = {
    "json": [b"", b"[", b"[48,1,{},\"x\"", b"[48,1,{},\"x\"] []", b"\xff\xfe",
             b"[48,1,{},\"\xff\"]", b"[" * 100_000, b"[48,1,{},\"x\",[" + b"[" * 100_000,
             b"[48,1,{\"a\":NaN},\"x\"]",
             b"[48,1,{},\"x\",[01]]", b"\0"],
    "msgpack": [b"", b"\x94\x30\x01\x80", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
                b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xc1",
                b"\x95\x30\x01\x80\xa1x\xdd\xff\xff\xff\xff",
                b"\x96\x30\x01\x80\xa1x\x90\xdf\xff\xff\xff\xff",
                b"\x95\x30\x01\x80\xa1x\x91\xdb\xff\xff\xff\xff",
                b"\x95\x30\x01\x80\xa1x" + b"\x91" * 100_000 + b"\xc0",
                b"\x94\x30\x01\x80\xa1\xff", b"\x94\x30\x01\x80\xa1x\x90"],
    "cbor": [b"", b"\x84\x18\x30\x01\xa0", b"\x9a\xff\xff\xff\xff", b"\xba\xff\xff\xff\xff",
             b"\x9b" + b"\xff" * 8, b"\x7b" + b"\xff" * 8, b"\x5a\xff\xff\xff\xff", b"\xff", b"\x1c",
             b"\x9f\x18\x30\x01\xa0\x61x", b"\x84\x18\x30\x01\xbf\x61x\xff\x61x",
             b"\x85\x18\x30\x01\xa0\x61x\x81\x3b" + b"\xff" * 8,
             b"\x85\x18\x30\x01\xa0\x61x" + b"\x81" * 100_000 + b"\xf6",
             b"\x85\x18\x30\x01\xa0\x61x" + b"\x9f" * 100_000,
             b"\x85\x18\x30\x01\xa0\x61x\x81" + b"\xc1" * 100_000,
             b"\x84\x18\x30\x01\xa0\x61\xff", b"\x84\x18\x30\x01\xa0\x61x\x80"],
}


def test_what_cannot_be_decoded_is_a_violation_and_costs_nothing(node, realm):
    before = node.rss_kib()
    for transport, serializer in WIRES:
        for payload in UNDECODABLE[serializer]:
            with session(node, realm, transport, serializer) as wire:
                wire.send_payload(payload)
                if (transport, serializer) == ("ws", "json") and b"\xff" in payload:
                    wire.expect_end()  # no WebSocket text (RFC 6455, 8.1): no WAMP about it
                    assert wire.close_code == 1007
                    continue
                try:
                    wire.expect_abort()
                except Closed as end:
                    raise AssertionError(f"{transport} {serializer} {payload[:20]!r}: "
                                         "closed without ABORT") from end
    assert node.rss_kib() - before < 64 * 1024


def test_a_violation_ends_registrations_and_subscriptions(node, realm):
    with session(node, realm) as bad, session(node, realm) as good:
        assert bad.ask(REGISTER, {}, f"{URI}.doomed")[0] == REGISTERED
        bad.send_payload(b"\x90")
        bad.expect_abort()
        assert good.ask(CALL, {}, f"{URI}.doomed")[:2] == [ERROR, CALL]
        assert good.ask(REGISTER, {}, f"{URI}.doomed")[0] == REGISTERED


# --- RawSocket ------------------------------------------------------------------------------------

HANDSHAKES = {
    "serializer nought": (b"\x7f\xf0\x00\x00", 1),
    "serializer unknown": (b"\x7f\xff\x00\x00", 1),
    "reserved bits": (b"\x7f\xf2\x00\x01", 3),
}


@pytest.mark.parametrize("case", HANDSHAKES)
def test_a_rawsocket_handshake_is_refused_with_its_reason(node, case):
    octets, fault = HANDSHAKES[case]
    with connect(node.rawsocket) as sock:
        sock.sendall(octets)
        answer = read_to_end(sock)
    assert answer == bytes([0x7F, fault << 4, 0, 0])


def test_a_bad_magic_is_hung_up_on(node):
    for octets in (b"\x7e\xf2\x00\x00", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\0"):
        with connect(node.rawsocket) as sock:
            sock.sendall(octets)
            assert read_to_end(sock) == b""


def test_a_frame_too_long_is_refused_by_its_header(make_node, realm):
    own = make_node(settings={"wamp.message_max": "64k"}).start()
    own.create_open_realm(realm)
    with RawSocket(own.rawsocket, "msgpack") as wire:
        assert wire.length_max == 65536
        wire.join(realm)
        wire.socket.sendall(struct.pack(">I", 65537))
        wire.expect_end()
    with session(own, realm, "ws", "json") as wire:
        wire.send_frame(wire.TEXT, b"x" * 100_000)
        wire.expect_end()
    with session(own, realm, "ws", "json") as wire:
        for _ in range(4):
            wire.send_frame(wire.TEXT if _ == 0 else wire.CONTINUATION, b"[" * 30_000, final=False)
        wire.expect_end()


@pytest.mark.parametrize("first", [3, 4, 5, 6, 7, 0x10, 0x80, 0xF0, 9], ids=hex)
def test_a_reserved_frame_type_ends_the_connection(node, realm, first):
    with session(node, realm) as wire:
        wire.socket.sendall(bytes([first, 0, 0, 1]) + b"x")
        wire.expect_end()


def test_a_claimed_16_mib_frame_costs_nothing_before_it_comes(node, realm):
    before = node.rss_kib()
    wires = [session(node, realm) for _ in range(20)]
    for wire in wires:
        wire.socket.sendall(struct.pack(">I", 0xFFFFFF) + b"\x94")
    with session(node, realm) as other:
        other.ask(SUBSCRIBE, {}, f"{URI}.z")
    assert node.rss_kib() - before < 32 * 1024
    for wire in wires:
        wire.close()


def test_a_rawsocket_ping_is_answered_with_its_bytes(node, realm):
    with session(node, realm) as wire:
        wire.send_frame(1, b"are you there")
        assert wire.receive_frame() == (2, b"are you there")


def test_no_frame_is_longer_than_the_client_takes(node, realm):
    with RawSocket(node.rawsocket, "msgpack", length_exponent=9) as small, \
            session(node, realm) as other:
        small.join(realm)
        assert small.ask(SUBSCRIBE, {}, f"{URI}.large")[0] == SUBSCRIBED
        assert small.ask(REGISTER, {}, f"{URI}.large")[0] == REGISTERED
        other.ask(PUBLISH, {"acknowledge": True}, f"{URI}.large", ["x" * 3000])
        answer = other.ask(CALL, {}, f"{URI}.large", ["x" * 3000])
        assert answer[:2] == [ERROR, CALL], answer
        assert answer[4] in ("wamp.error.payload_size_exceeded", "wamp.error.unavailable")
        other.ask(PUBLISH, {"acknowledge": True}, f"{URI}.large", ["small"])
        event = small.receive()
        assert event[0] == EVENT and event[4] == ["small"]


def test_bytes_one_by_one(node, realm):
    with RawSocket(node.rawsocket, "json") as wire:
        payload = wire.encode([HELLO, realm, ROLES])
        for byte in struct.pack(">I", len(payload)) + payload:
            wire.socket.sendall(bytes([byte]))
        assert wire.receive()[0] == WELCOME


# --- WebSocket ------------------------------------------------------------------------------------


def upgrade(node, *lines, method="GET", path="/ws"):
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    head = [f"{method} {path} HTTP/1.1", f"Host: {node.gateway}", *lines]
    head += [] if any("Key" in line for line in lines) else [key]
    with connect(node.gateway) as sock:
        sock.sendall("\r\n".join(head + ["", ""]).encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += read_exactly(sock, 1)
    return int(answer.split()[1])


UPGRADE = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]


def test_an_upgrade_wants_a_known_subprotocol(node):
    assert upgrade(node, *UPGRADE, "Sec-WebSocket-Protocol: wamp.2.json") == 101
    assert upgrade(node, *UPGRADE, "Sec-WebSocket-Protocol: chat, wamp.2.msgpack") == 101
    assert upgrade(node, *UPGRADE, "Sec-WebSocket-Protocol: wamp.2.ubjson") == 400
    assert upgrade(node, *UPGRADE) == 400


def test_a_get_without_an_upgrade_is_426(node):
    assert upgrade(node) == 426


def test_an_old_version_or_a_missing_key_is_refused(node):
    protocol = "Sec-WebSocket-Protocol: wamp.2.json"
    assert upgrade(node, "Upgrade: websocket", "Connection: Upgrade",
                   "Sec-WebSocket-Version: 8", protocol) in (400, 426)
    assert upgrade(node, *UPGRADE, "Sec-WebSocket-Key: short", protocol) == 400


def test_frames_against_the_rules_end_the_connection(node, realm):
    cases = {
        "not masked": lambda w: w.send_frame(w.TEXT, b"[]", masked=False),
        "reserved opcode": lambda w: w.send_frame(3, b"x"),
        "reserved bit": lambda w: w.socket.sendall(b"\xc1\x80\0\0\0\0"),
        "long ping": lambda w: w.send_frame(w.PING, b"x" * 126),
        "ping in pieces": lambda w: w.send_frame(w.PING, b"x", final=False),
        "continuation of nothing": lambda w: w.send_frame(w.CONTINUATION, b"x"),
        "text that is no UTF-8": lambda w: w.send_frame(w.TEXT, b"\xff\xfe"),
        "length of 63 bits": lambda w: w.send_frame(w.TEXT, b"x", claim=2**63 - 1),
        "length of 64 bits": lambda w: w.send_frame(w.TEXT, b"x", claim=2**64 - 1),
    }
    before = node.rss_kib()
    for case, send in cases.items():
        with session(node, realm, "ws", "json") as wire:
            send(wire)
            try:
                wire.expect_end()
            except AssertionError as wrong:
                raise AssertionError(case) from wrong
    assert node.rss_kib() - before < 32 * 1024


def test_a_message_in_pieces_is_one_message(node, realm):
    with session(node, realm, "ws", "json") as wire:
        whole = json.dumps([SUBSCRIBE, 1, {}, f"{URI}.pieces"]).encode()
        wire.send_frame(wire.TEXT, whole[:5], final=False)
        wire.send_frame(wire.PING, b"between")
        wire.send_frame(wire.CONTINUATION, whole[5:9], final=False)
        wire.send_frame(wire.CONTINUATION, whole[9:])
        assert wire.receive()[0] == SUBSCRIBED


# --- rules that routers get wrong -----------------------------------------------------------------


def test_ids_of_others_cannot_be_taken_down(node, realm):
    with session(node, realm) as mine, session(node, realm) as other:
        registration = mine.ask(REGISTER, {}, f"{URI}.mine")[2]
        subscription = mine.ask(SUBSCRIBE, {}, f"{URI}.mine")[2]
        assert other.ask(UNREGISTER, registration)[4] == "wamp.error.no_such_registration"
        assert other.ask(UNSUBSCRIBE, subscription)[4] == "wamp.error.no_such_subscription"
        assert mine.ask(UNREGISTER, registration)[0] == UNREGISTERED
        assert mine.ask(UNREGISTER, registration)[4] == "wamp.error.no_such_registration"
        assert mine.ask(UNSUBSCRIBE, subscription)[0] == UNSUBSCRIBED


def test_subscribing_twice_gives_the_same_id_and_one_event(node, realm):
    with session(node, realm) as mine, session(node, realm) as other:
        first = mine.ask(SUBSCRIBE, {}, f"{URI}.twice")[2]
        assert mine.ask(SUBSCRIBE, {}, f"{URI}.twice")[2] == first
        other.ask(PUBLISH, {"acknowledge": True}, f"{URI}.twice", [1])
        other.ask(PUBLISH, {"acknowledge": True}, f"{URI}.twice", [2])
        assert [mine.receive()[4], mine.receive()[4]] == [[1], [2]]
        assert mine.ask(UNSUBSCRIBE, first)[0] == UNSUBSCRIBED


def test_wamp_uris_are_not_for_clients(node, realm):
    with session(node, realm) as wire:
        assert wire.ask(REGISTER, {}, "wamp.session.count")[0] == ERROR
        answer = wire.ask(PUBLISH, {"acknowledge": True}, "wamp.session.on_join", [{}])
        assert answer[0] == ERROR


def test_a_refused_publication_without_acknowledge_is_silent(node, realm):
    with session(node, realm) as wire:
        wire.requests += 1
        wire.send(PUBLISH, wire.requests, {}, "wamp.session.on_join", [{}])
        wire.requests += 1
        wire.send(PUBLISH, wire.requests, {}, "not a uri", [{}])
        assert wire.ask(SUBSCRIBE, {}, f"{URI}.silent")[0] == SUBSCRIBED


def test_invalid_uris_are_errors(node, realm):
    with session(node, realm) as wire:
        for uri in ("", "a b", "com..example", ".com", "com.", "com.#x", "com.exam\nple"):
            for kind in (SUBSCRIBE, REGISTER):
                answer = wire.ask(kind, {}, uri)
                assert answer[0] == ERROR and answer[4] == "wamp.error.invalid_uri", (kind, uri)


def test_eligible_nobody_reaches_nobody(node, realm):
    with session(node, realm) as mine, session(node, realm) as other:
        mine.ask(SUBSCRIBE, {}, f"{URI}.nobody")
        other.ask(PUBLISH, {"acknowledge": True, "eligible": []}, f"{URI}.nobody", ["none"])
        other.ask(PUBLISH, {"acknowledge": True}, f"{URI}.nobody", ["all"])
        assert mine.receive()[4] == ["all"]


def call_in_flight(callee, caller, uri):
    """A call that has arrived at its callee: (invocation id, call id)."""
    callee.ask(REGISTER, {}, uri)
    caller.requests += 1
    caller.send(CALL, caller.requests, {}, uri)
    invocation = callee.receive()
    assert invocation[0] == INVOCATION
    return invocation[1], caller.requests


def test_cancel_skip_answers_at_once_without_an_interrupt(node, realm):
    with session(node, realm) as callee, session(node, realm) as caller:
        invocation, call = call_in_flight(callee, caller, f"{URI}.skip")
        caller.send(CANCEL, call, {"mode": "skip"})
        answer = caller.receive()
        assert answer[:3] == [ERROR, CALL, call] and answer[4] == "wamp.error.canceled"
        callee.send(YIELD, invocation, {}, ["late"])  # discarded, no violation
        assert callee.ask(SUBSCRIBE, {}, f"{URI}.a")[0] == SUBSCRIBED
        assert caller.ask(SUBSCRIBE, {}, f"{URI}.a")[0] == SUBSCRIBED


def test_cancel_kill_waits_for_the_callee(node, realm):
    with session(node, realm) as callee, session(node, realm) as caller:
        invocation, call = call_in_flight(callee, caller, f"{URI}.kill")
        caller.send(CANCEL, call, {"mode": "kill"})
        interrupt = callee.receive()
        assert interrupt[:2] == [INTERRUPT, invocation]
        callee.send(ERROR, INVOCATION, invocation, {}, "com.example.error.stopped", ["so far"])
        answer = caller.receive()
        assert answer[:3] == [ERROR, CALL, call]
        assert answer[4:] == ["com.example.error.stopped", ["so far"]]


def test_cancel_killnowait_does_both(node, realm):
    with session(node, realm) as callee, session(node, realm) as caller:
        invocation, call = call_in_flight(callee, caller, f"{URI}.killnowait")
        caller.send(CANCEL, call, {"mode": "killnowait"})
        assert caller.receive()[4] == "wamp.error.canceled"
        assert callee.receive()[:2] == [INTERRUPT, invocation]
        callee.send(YIELD, invocation, {}, ["late"])
        assert callee.ask(SUBSCRIBE, {}, f"{URI}.b")[0] == SUBSCRIBED
        caller.send(CANCEL, call, {})  # of a call that is over: nothing happens
        assert caller.ask(SUBSCRIBE, {}, f"{URI}.b")[0] == SUBSCRIBED


def test_a_caller_that_leaves_interrupts_its_callee(node, realm):
    with session(node, realm) as callee:
        with session(node, realm) as caller:
            invocation, _ = call_in_flight(callee, caller, f"{URI}.leaver")
        assert callee.receive()[:2] == [INTERRUPT, invocation]
        callee.send(YIELD, invocation, {}, ["nobody listens"])
        assert callee.ask(SUBSCRIBE, {}, f"{URI}.c")[0] == SUBSCRIBED


def test_a_callee_that_unregisters_still_answers(node, realm):
    with session(node, realm) as callee, session(node, realm) as caller:
        registration = callee.ask(REGISTER, {}, f"{URI}.last")[2]
        caller.requests += 1
        caller.send(CALL, caller.requests, {}, f"{URI}.last")
        invocation = callee.receive()[1]
        assert callee.ask(UNREGISTER, registration)[0] == UNREGISTERED
        callee.send(YIELD, invocation, {}, ["done"])
        assert caller.receive() == [RESULT, caller.requests, {}, ["done"]]


def test_a_callee_that_says_goodbye_mid_call_is_an_error_at_once(node, realm):
    with session(node, realm) as callee, session(node, realm) as caller:
        _, call = call_in_flight(callee, caller, f"{URI}.goodbye")
        callee.send(GOODBYE, {}, "wamp.close.close_realm")
        assert caller.receive()[:5] == [ERROR, CALL, call, {}, "wamp.error.canceled"]
        assert callee.receive()[0] == GOODBYE


def test_invocation_ids_count_up_from_one(node, realm):
    with session(node, realm) as callee, session(node, realm) as caller:
        callee.ask(REGISTER, {}, f"{URI}.counted")
        for expected in range(1, 6):
            caller.requests += 1
            caller.send(CALL, caller.requests, {}, f"{URI}.counted")
            assert callee.receive()[1] == expected
            callee.send(YIELD, expected, {})
            assert caller.receive()[0] == RESULT


def test_payloads_of_one_serializer_are_forwarded_byte_by_byte(node, realm):
    # Numbers that a double cannot hold, odd spellings, binary as text.
    strange = '[9007199254740993,1.10,1E2,"\\u0000AQI=","\\u00e9",{"b":1,"a":2}]'
    with session(node, realm, "ws", "json") as callee, \
            session(node, realm, "raw", "json") as caller:
        callee.ask(REGISTER, {}, f"{URI}.bytes")
        caller.send_payload(f'[48,1,{{}},"{URI}.bytes",{strange}]'.encode())
        payload = callee.receive_payload()
        assert strange.encode() in payload, payload
        invocation = json.loads(payload)[1]
        callee.send_payload(f'[70,{invocation},{{}},{strange}]'.encode())
        assert strange.encode() in caller.receive_payload()


def test_binary_crosses_serializers(node, realm):
    with session(node, realm, "ws", "json") as text, session(node, realm) as binary:
        text.ask(SUBSCRIBE, {}, f"{URI}.bin")
        binary.ask(SUBSCRIBE, {}, f"{URI}.bin")
        binary.ask(PUBLISH, {"acknowledge": True}, f"{URI}.bin", [b"\x01\x02"])
        assert text.receive()[4] == ["\0AQI="]
        text.ask(PUBLISH, {"acknowledge": True}, f"{URI}.bin", ["\0AQI="])
        assert binary.receive()[4] == [b"\x01\x02"]


def test_a_subscriber_that_does_not_read_is_closed_and_hurts_nobody(make_node, realm):
    own = make_node(settings={"wamp.queue_max": "256k", "wamp.message_max": "128k"}).start()
    own.create_open_realm(realm)
    with session(own, realm) as lazy, session(own, realm) as eager, session(own, realm) as source:
        lazy.ask(SUBSCRIBE, {}, f"{URI}.flood")
        eager.ask(SUBSCRIBE, {}, f"{URI}.flood")
        for n in range(300):
            source.ask(PUBLISH, {"acknowledge": True}, f"{URI}.flood", [n, "x" * 60_000])
            assert eager.receive()[4][0] == n
        wait_until(lambda: "overflow" in own.log_text(), "the end of the lazy one")
    assert own.rss_kib() < 600 * 1024


def test_a_hundred_sessions_come_and_go(node, realm):
    fds = node.fd_count()
    wires = [session(node, realm, *WIRES[n % len(WIRES)]) for n in range(100)]
    assert len({wire.session for wire in wires}) == 100
    wait_until(lambda: node.metric("postern_wamp_sessions") == 100, "a hundred, and no older one")
    for wire in wires:
        wire.close()
    wait_until(lambda: node.fd_count() <= fds + 2, "the connections gone")
    wait_until(lambda: node.metric("postern_wamp_sessions") == 0, "no sessions in the metrics")
