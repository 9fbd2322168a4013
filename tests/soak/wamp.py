"""A small WAMP peer on asyncio: RawSocket or WebSocket, any serializer, polite or not."""
import asyncio
import base64
import itertools
import json
import os
import socket
import struct

import cbor2
import msgpack

HELLO, WELCOME, ABORT, GOODBYE, ERROR = 1, 2, 3, 6, 8
PUBLISH, PUBLISHED = 16, 17
SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT = 32, 33, 34, 35, 36
CALL, CANCEL, RESULT, REGISTER, REGISTERED, UNREGISTER, UNREGISTERED = 48, 49, 50, 64, 65, 66, 67
INVOCATION, INTERRUPT, YIELD = 68, 69, 70

ROLES = {"roles": {
    "caller": {"features": {"call_canceling": True, "call_timeout": True,
                            "progressive_call_results": True,
                            "progressive_call_invocations": True}},
    "callee": {"features": {"call_canceling": True, "shared_registration": True,
                            "progressive_call_results": True,
                            "progressive_call_invocations": True}},
    "publisher": {"features": {"subscriber_blackwhite_listing": True}},
    "subscriber": {"features": {"pattern_based_subscription": True}}}}

KINDS = list(itertools.product(("raw", "ws"), ("json", "msgpack", "cbor")))
SERIALIZERS = {"json": 1, "msgpack": 2, "cbor": 3}
CODE = {"json": (lambda m: json.dumps(m).encode(), json.loads),
        "msgpack": (msgpack.packb, lambda b: msgpack.unpackb(b, strict_map_key=False)),
        "cbor": (cbor2.dumps, cbor2.loads)}


class Lost(Exception):
    """The connection or the session is over."""


class WampError(Exception):
    def __init__(self, message):
        super().__init__(message[4])
        self.uri = message[4]


async def dial(host, port, tls=None, receive_buffer=None):
    """A connected pair of streams."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        name = "localhost" if tls else None
        return await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=name,
                                             limit=receive_buffer or 2**18)
    except BaseException:
        sock.close()
        raise


def reset(writer):
    """Ends the connection with an RST."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Wire:
    """Messages on a connection."""

    def __init__(self, reader, writer, kind):
        self.reader, self.writer = reader, writer
        self.transport, self.serializer = kind
        self.parts = []  # of a fragmented message
        self.encode, self.decode = CODE[self.serializer]

    async def shake(self):
        if self.transport == "raw":
            self.writer.write(bytes([0x7F, 0xF0 | SERIALIZERS[self.serializer], 0, 0]))
            answer = await self.reader.readexactly(4)
            if answer[0] != 0x7F or answer[1] & 15 != SERIALIZERS[self.serializer]:
                raise Lost(f"handshake answered {answer.hex()}")
            return
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write((f"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                           f"Sec-WebSocket-Version: 13\r\n"
                           f"Sec-WebSocket-Protocol: wamp.2.{self.serializer}\r\n\r\n").encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise Lost(f"upgrade answered {head[:60]!r}")

    def frame(self, message):
        return self.frame_bytes(self.encode(message))

    def frame_bytes(self, body, kind=None):
        if self.transport == "raw":
            return struct.pack("!I", (kind or 0) << 24 | len(body)) + body
        if kind is None:
            kind = 1 if self.serializer == "json" else 2
        if len(body) < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | len(body))
        elif len(body) < 65536:
            head = struct.pack("!BBH", 0x80 | kind, 0xFE, len(body))
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 0xFF, len(body))
        return head + bytes(4) + body  # a mask of zeros

    def send(self, message):
        if self.writer.transport.is_closing():
            raise Lost("closed")
        self.writer.write(self.frame(message))

    async def receive(self):
        while True:
            last, kind, body = await self._frame()
            if self.transport == "raw":
                if kind == 0:
                    return self.decode(body)
                if kind == 1:
                    self.writer.write(self.frame_bytes(body, 2))
            elif kind <= 2:
                self.parts.append(body)
                if last:
                    whole, self.parts = b"".join(self.parts), []
                    return self.decode(whole)
            elif kind == 9:
                self.writer.write(self.frame_bytes(body, 10))
            elif kind == 8:
                raise Lost("close frame")

    async def _frame(self):
        if self.transport == "raw":
            head = struct.unpack("!I", await self.reader.readexactly(4))[0]
            return True, head >> 24, await self.reader.readexactly(head & 0xFFFFFF)
        first, size = await self.reader.readexactly(2)
        if size == 126:
            size = struct.unpack("!H", await self.reader.readexactly(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", await self.reader.readexactly(8))[0]
        return first >= 0x80, first & 15, await self.reader.readexactly(size)


class Peer:
    """A joined session. What comes unasked goes to on_invocation(peer, message), on_interrupt and
    on_event; answers find the request that they are for."""

    def __init__(self, wire):
        self.wire = wire
        self.waiting = {}
        self.subscriptions = set()
        self.leaving = {}  # UNSUBSCRIBE's request -> subscription
        self.ids = itertools.count(1)
        self.on_invocation = self.on_interrupt = self.on_event = None
        self.ended = None
        self.task = None
        self.session = None

    @classmethod
    async def join(cls, address, realm, kind, tls=None, receive_buffer=None):
        reader, writer = await dial(*address, tls=tls, receive_buffer=receive_buffer)
        peer = cls(Wire(reader, writer, kind))
        try:
            await peer.wire.shake()
            peer.wire.send([HELLO, realm, ROLES])
            answer = await peer.wire.receive()
            if answer[0] != WELCOME:
                raise Lost(f"HELLO answered {answer}")
            peer.session = answer[1]
        except BaseException:
            writer.transport.abort()
            raise
        peer.task = asyncio.ensure_future(peer._read())
        return peer

    async def _read(self):
        try:
            while True:
                self._take(await self.wire.receive())
        except (Lost, OSError, asyncio.IncompleteReadError) as lost:
            self.ended = lost
        except Exception as unexpected:
            self.ended = unexpected
            raise
        finally:
            self.ended = self.ended or Lost("stopped")
            for future in self.waiting.values():
                if not future.done():
                    future.set_exception(Lost(str(self.ended)))
                    future.exception()
            self.waiting.clear()

    def _take(self, message):
        kind = message[0]
        if kind == INVOCATION:
            if self.on_invocation:
                self.on_invocation(self, message)
        elif kind == INTERRUPT:
            if self.on_interrupt:
                self.on_interrupt(self, message)
        elif kind == EVENT:
            if self.on_event:
                self.on_event(self, message)
        elif kind == RESULT and message[2].get("progress"):
            pass
        elif kind in (ABORT, GOODBYE):
            self.ended = Lost(f"{message}")
            future = self.waiting.pop(GOODBYE, None)
            if future:
                future.set_result(message)
            else:
                raise self.ended
        else:
            request = message[2] if kind == ERROR else message[1]
            future = self.waiting.pop(request, None)
            if future is None:
                raise AssertionError(f"an answer to nothing: {message[:5]}")
            if kind == SUBSCRIBED:
                self.subscriptions.add(message[2])
            elif kind == UNSUBSCRIBED:
                self.subscriptions.discard(self.leaving.pop(request))
            if future.done():
                return
            if kind == ERROR:
                future.set_exception(WampError(message))
                future.exception()
            else:
                future.set_result(message)

    def ask(self, kind, *rest):
        """Sends [kind, id, *rest]; (id, future of the answer)."""
        if self.ended:
            raise Lost(str(self.ended))
        request = next(self.ids)
        future = asyncio.get_running_loop().create_future()
        self.waiting[request] = future
        self.wire.send([kind, request, *rest])
        return request, future

    def call(self, uri, args, **options):
        return self.ask(CALL, options, uri, args)

    async def register(self, uri, **options):
        return (await self.ask(REGISTER, options, uri)[1])[2]

    async def subscribe(self, uri, **options):
        return (await self.ask(SUBSCRIBE, options, uri)[1])[2]

    async def unsubscribe(self, subscription):
        request, future = self.ask(UNSUBSCRIBE, subscription)
        self.leaving[request] = subscription
        await future

    async def leave(self):
        """The polite end."""
        if self.ended:
            raise Lost(str(self.ended))
        future = asyncio.get_running_loop().create_future()
        self.waiting[GOODBYE] = future
        self.wire.send([GOODBYE, {}, "wamp.close.close_realm"])
        await future
        self.close()

    def close(self):
        if self.task:
            self.task.cancel()
        self.wire.writer.close()

    def reset(self):
        if self.task:
            self.task.cancel()
        reset(self.wire.writer)
