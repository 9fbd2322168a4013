"""Memory that idle connections hold in a node: HTTP after one request, others after
WELCOME."""
import base64
import json
import os
import socket
import struct
import time

from machine import Failed
from sides import REALM, as_msgpack

FIRST = 100  # the node's first connections also make its pools; they are not counted


def read_until(conn, end):
    got = b""
    while end not in got:
        part = conn.recv(65536)
        if not part:
            raise Failed(f"connection closed after {got[:200]!r}")
        got += part
    return got


def open_http(side, path):
    conn = socket.create_connection(("127.0.0.1", side.port), timeout=10)
    conn.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head, _, body = read_until(conn, b"\r\n\r\n").partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise Failed(f"{head[:200]!r}")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += conn.recv(65536)
    return conn


def open_pending(side, path):
    """A request that nobody answers yet."""
    conn = socket.create_connection(("127.0.0.1", side.port), timeout=10)
    conn.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return conn


def still_pending(conns):
    for conn in conns:
        conn.setblocking(False)
        try:
            raise Failed(f"a slow call was answered: {conn.recv(200)!r}")
        except BlockingIOError:
            pass


def open_rawsocket(side, _path):
    host, port = side.url.split("//")[1].split(":")
    conn = socket.create_connection((host, int(port)), timeout=10)
    conn.sendall(b"\x7f\xf2\0\0")
    if len(conn.recv(4, socket.MSG_WAITALL)) < 4:
        raise Failed("no RawSocket")
    hello = as_msgpack([1, REALM, {"roles": {"caller": {}, "subscriber": {}}}])
    conn.sendall(len(hello).to_bytes(4, "big") + hello)
    head = conn.recv(4, socket.MSG_WAITALL)
    welcome = conn.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
    if welcome[1:2] != b"\x02":
        raise Failed(f"no WELCOME but {welcome[:200]!r}")
    return conn


def open_websocket(side, _path):
    conn = socket.create_connection(("127.0.0.1", side.port), timeout=10)
    conn.sendall(("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode() + "\r\n"
                  "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n").encode())
    head, _, rest = read_until(conn, b"\r\n\r\n").partition(b"\r\n\r\n")
    if b" 101 " not in head:
        raise Failed(f"{head[:200]!r}")
    hello = json.dumps([1, REALM, {"roles": {"caller": {}, "subscriber": {}}}]).encode()
    # A mask of zeros is a mask: the text goes as it is.
    conn.sendall(struct.pack("!BBI", 0x81, 0x80 | len(hello), 0) + hello)
    if b"[2," not in rest:
        read_until(conn, b"[2,")
    return conn


def settled_rss(process):
    """Once it no longer changes: freed memory goes back, buffers shrink."""
    rss = process.rss_kib()
    for _ in range(20):
        time.sleep(0.1)
        before, rss = rss, process.rss_kib()
        if rss == before:
            break
    return rss


def kib_each(side, count, opener, path):
    conns = []
    try:
        conns += [opener(side, path) for _ in range(FIRST)]
        before = settled_rss(side.gateway)
        conns += [opener(side, path) for _ in range(count)]
        return (settled_rss(side.gateway) - before) / count
    finally:
        for conn in conns:
            conn.close()
