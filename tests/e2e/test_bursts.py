"""Bursts of events: a subscriber that reads gets all of them, one that does not holds nobody up."""
import struct
import threading

import pytest

from support.patience import PATIENCE, wait_until
from support.wampraw import EVENT, PUBLISH, SUBSCRIBE, SUBSCRIBED, RawSocket, WebSocket

TOPIC = "com.example.e2e.burst"
BURST = 100_000
CHUNK = 500
WIRES = {"rawsocket": (RawSocket, "rawsocket", "msgpack"), "websocket": (WebSocket, "gateway", "json")}


@pytest.fixture
def tight_node(make_node, realm):
    """A queue that a burst fills a hundred times over."""
    with make_node(settings={"wamp.queue_max": "1m", "wamp.message_max": "256k"}) as node:
        node.create_open_realm(realm)
        yield node


class Buffered:
    """A socket that is read in large pieces."""

    def __init__(self, sock):
        self.socket = sock
        self.file = sock.makefile("rb", 1 << 20)

    def recv(self, size):
        return self.file.read(size)

    def __getattr__(self, name):
        return getattr(self.socket, name)


def open_wire(node, kind, realm):
    make, address, serializer = WIRES[kind]
    wire = make(getattr(node, address), serializer).join(realm)
    wire.socket.settimeout(4 * PATIENCE)
    return wire


def subscriber(node, kind, realm):
    wire = open_wire(node, kind, realm)
    assert wire.ask(SUBSCRIBE, {}, TOPIC)[0] == SUBSCRIBED
    wire.socket = Buffered(wire.socket)
    return wire


def framed(wire, payload):
    if isinstance(wire, RawSocket):
        return struct.pack(">I", len(payload)) + payload
    return wire.frame(wire.kind(), payload)


class Publisher(threading.Thread):
    """Numbered events as fast as the socket takes them."""

    def __init__(self, wire, count, text):
        super().__init__(daemon=True)
        self.wire, self.count, self.text = wire, count, text
        self.start()

    def run(self):
        for start in range(0, self.count, CHUNK):
            self.wire.socket.sendall(b"".join(
                framed(self.wire, self.wire.encode([PUBLISH, n + 1, {}, TOPIC, [n, self.text]]))
                for n in range(start, min(start + CHUNK, self.count))))


def hear_all(wire, count):
    for n in range(count):
        event = wire.receive()
        assert event[0] == EVENT and event[4][0] == n, (n, event[:4])


@pytest.mark.parametrize("kind", WIRES)
def test_a_burst_of_small_events_arrives_whole_and_in_order(node, realm, kind):
    with subscriber(node, kind, realm) as reader, open_wire(node, kind, realm) as writer:
        publisher = Publisher(writer, BURST, "x" * 20)
        hear_all(reader, BURST)
        publisher.join(PATIENCE)


@pytest.mark.parametrize("kind", WIRES)
def test_a_burst_larger_than_the_queue_arrives_whole_and_in_order(tight_node, realm, kind):
    with subscriber(tight_node, kind, realm) as reader, \
            open_wire(tight_node, kind, realm) as writer:
        publisher = Publisher(writer, BURST, "x" * 1000)
        hear_all(reader, BURST)
        publisher.join(PATIENCE)
    assert tight_node.metric("postern_wamp_overflows_total") == 0


@pytest.mark.parametrize("kind", WIRES)
def test_a_subscriber_that_does_not_read_is_closed_and_its_neighbour_gets_all(
        tight_node, realm, kind):
    count = 20_000
    with open_wire(tight_node, kind, realm) as dead, \
            subscriber(tight_node, kind, realm) as reader, \
            open_wire(tight_node, kind, realm) as writer:
        assert dead.ask(SUBSCRIBE, {}, TOPIC)[0] == SUBSCRIBED
        Publisher(writer, count, "x" * 1000)
        hear_all(reader, count)
        wait_until(lambda: tight_node.metric("postern_wamp_overflows_total") == 1,
                   "the one that does not read is closed")
