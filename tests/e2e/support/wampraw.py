"""WAMP by hand over sockets: for what a well-behaved client would never send.

A session here has no thread and no dispatcher: a test sends and receives message by message.
"""
import base64
import hashlib
import json
import os
import socket
import struct

import cbor2
import msgpack

from .patience import PATIENCE

HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT = \
    16, 17, 32, 33, 34, 35, 36
CALL, CANCEL, RESULT, REGISTER, REGISTERED, UNREGISTER, UNREGISTERED = \
    48, 49, 50, 64, 65, 66, 67
INVOCATION, INTERRUPT, YIELD = 68, 69, 70

VIOLATION = "wamp.error.protocol_violation"
ROLES = {"roles": {"caller": {"features": {"call_canceling": True}},
                   "callee": {"features": {"call_canceling": True}},
                   "publisher": {}, "subscriber": {}}}


class Closed(Exception):
    """The other end has closed the connection."""


def connect(address, timeout=PATIENCE / 2):
    """`address` is host:port or unix:path."""
    if address.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(address[5:])
        return sock
    host, port = address.rsplit(":", 1)
    sock = socket.create_connection((host, int(port)), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_exactly(sock, size):
    got = b""
    while len(got) < size:
        try:
            more = sock.recv(size - len(got))
        except ConnectionResetError:
            more = b""
        if not more:
            raise Closed
        got += more
    return got


def read_to_end(sock):
    """All that comes until the other end closes."""
    got = b""
    while True:
        try:
            more = sock.recv(65536)
        except ConnectionResetError:
            return got
        if not more:
            return got
        got += more


def binary_as_text(value):
    """Binary in JSON: NUL and base64."""
    return "\0" + base64.b64encode(value).decode()


class Wire:
    """What both transports share: messages as lists, and the few exchanges tests need."""

    def __init__(self, serializer):
        self.serializer = serializer
        self.requests = 0

    def encode(self, message):
        if self.serializer == "json":
            return json.dumps(message, default=binary_as_text).encode()
        return cbor2.dumps(message) if self.serializer == "cbor" else msgpack.packb(message)

    def decode(self, payload):
        if self.serializer == "json":
            return json.loads(payload)
        if self.serializer == "cbor":
            return cbor2.loads(payload)
        return msgpack.unpackb(payload, strict_map_key=False)

    def send(self, *message):
        self.send_payload(self.encode(list(message)))

    def receive(self):
        return self.decode(self.receive_payload())

    def join(self, realm, details=None):
        self.send(HELLO, realm, details or ROLES)
        welcome = self.receive()
        assert welcome[0] == WELCOME, welcome
        self.session = welcome[1]
        return self

    def ask(self, kind, *rest):
        """Sends a request with the next id and reads one message."""
        self.requests += 1
        self.send(kind, self.requests, *rest)
        return self.receive()

    def expect_abort(self, reason=VIOLATION):
        """An ABORT with that reason, then the end of the connection."""
        message = self.receive()
        assert message[0] == ABORT and message[2] == reason, message
        self.expect_end()

    def expect_end(self):
        """Nothing but the end of the connection, WAMP's own farewell aside."""
        try:
            while True:
                message = self.receive()
                assert message[0] in (ABORT, GOODBYE), message
        except (Closed, OSError) as end:
            assert not isinstance(end, TimeoutError), "the connection stays open"

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawSocket(Wire):
    """RawSocket: four octets of handshake, then frames."""

    IDS = {"json": 1, "msgpack": 2, "cbor": 3}

    def __init__(self, address, serializer="msgpack", length_exponent=24):
        super().__init__(serializer)
        self.socket = connect(address)
        self.socket.sendall(
            bytes([0x7F, (length_exponent - 9) << 4 | self.IDS[serializer], 0, 0]))
        reply = read_exactly(self.socket, 4)
        assert reply[0] == 0x7F and reply[1] & 15 == self.IDS[serializer], reply
        self.length_max = 1 << (9 + (reply[1] >> 4))

    def send_frame(self, kind, payload):
        self.socket.sendall(struct.pack(">I", kind << 24 | len(payload)) + payload)

    def send_payload(self, payload):
        self.send_frame(0, payload)

    def receive_frame(self):
        header = struct.unpack(">I", read_exactly(self.socket, 4))[0]
        return header >> 24, read_exactly(self.socket, header & 0xFFFFFF)

    def receive_payload(self):
        while True:
            kind, payload = self.receive_frame()
            if kind == 0:
                return payload
            if kind == 1:
                self.send_frame(2, payload)

    def hear_until_pong(self):
        """All messages that are here before the answer to a ping is."""
        heard = []
        self.send_frame(1, b"still there?")
        while True:
            kind, payload = self.receive_frame()
            if kind == 2:
                return heard
            if kind == 0:
                heard.append(self.decode(payload))


class WebSocket(Wire):
    """WebSocket: the upgrade, then masked frames out and plain ones in."""

    CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

    def __init__(self, address, serializer="json", wrap=None, path="/ws", headers=(), sock=None,
                 behind=None):
        """`sock` is connected already; the message `behind` goes out with the upgrade."""
        super().__init__(serializer)
        self.socket = sock or connect(address)
        if wrap:
            self.socket = wrap(self.socket)
        self.key = base64.b64encode(os.urandom(16)).decode()
        protocol = f"wamp.2.{serializer}"
        lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {self.key}",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {protocol}", *headers,
                 "", ""]
        more = b"" if behind is None else self.frame(self.kind(), self.encode(behind))
        self.socket.sendall("\r\n".join(lines).encode() + more)
        self.status, self.headers = self._read_answer(protocol)
        assert self.status == 101, self.status

    def _read_answer(self, protocol):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read_exactly(self.socket, 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        found = dict((n.lower(), v.strip()) for n, _, v in (r.partition(":") for r in rest if r))
        status = int(first.split()[1])
        if status == 101:
            wanted = hashlib.sha1((self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
            assert found["sec-websocket-accept"] == base64.b64encode(wanted.digest()).decode()
            assert found["sec-websocket-protocol"] == protocol
        return status, found

    def kind(self):
        return self.TEXT if self.serializer == "json" else self.BINARY

    @staticmethod
    def frame(opcode, payload, final=True, masked=True, claim=None):
        """`claim` is a length to announce instead of the real one."""
        size = len(payload) if claim is None else claim
        header = bytes([(0x80 if final else 0) | opcode])
        bit = 0x80 if masked else 0
        if size < 126:
            header += bytes([bit | size])
        elif size < 65536:
            header += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            header += bytes([bit | 127]) + struct.pack(">Q", size)
        # A mask of zeros is a mask.
        return header + (b"\0\0\0\0" if masked else b"") + payload

    def send_frame(self, *what, **options):
        self.socket.sendall(self.frame(*what, **options))

    def send_payload(self, payload):
        self.send_frame(self.kind(), payload)

    def receive_frame(self):
        first, second = read_exactly(self.socket, 2)
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", read_exactly(self.socket, 2))[0]
        elif size == 127:
            size = struct.unpack(">Q", read_exactly(self.socket, 8))[0]
        return first, read_exactly(self.socket, size)

    def receive_payload(self):
        whole = b""
        while True:
            first, payload = self.receive_frame()
            opcode = first & 15
            if opcode == self.CLOSE:
                self.close_code = struct.unpack(">H", payload[:2])[0] if payload else None
                raise Closed
            if opcode == self.PING:
                self.send_frame(self.PONG, payload)
            elif opcode != self.PONG:
                whole += payload
                if first & 0x80:
                    return whole

    def hear_until_pong(self):
        """All messages that are here before the answer to a ping is."""
        heard = []
        self.send_frame(self.PING, b"still there?")
        while True:
            first, payload = self.receive_frame()
            if first & 15 == self.PONG:
                return heard
            if first & 15 in (self.TEXT, self.BINARY):
                heard.append(self.decode(payload))


class HeldService:
    """A procedure whose calls are answered when the test says so, not when a time is up."""

    def __init__(self, node, realm, uri):
        self.wire = RawSocket(node.rawsocket).join(realm)
        assert self.wire.ask(REGISTER, {}, uri)[0] == REGISTERED

    def take(self, count=1):
        """Waits until that many calls have arrived; their ids. INTERRUPTs are read over."""
        ids = []
        while len(ids) < count:
            message = self.wire.receive()
            if message[0] == INVOCATION:
                ids.append(message[1])
        return ids

    def answer(self, ids):
        for one in ids:
            self.wire.send(YIELD, one, {}, [["done"]])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()


def session(node, realm, transport="raw", serializer="msgpack"):
    """A joined session by hand."""
    if transport == "raw":
        return RawSocket(node.rawsocket, serializer).join(realm)
    return WebSocket(node.gateway, serializer).join(realm)
