"""ws-echo (tests/support), and a client for it that sends frames byte by byte as it is told."""
import os
import socket
import struct
import subprocess

import pytest

from .patience import PATIENCE
from .places import find_program
from .wampraw import WebSocket

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", final=True, rsv=0, masked=True, long_form=False):
    """One frame of a client."""
    size = len(payload)
    header = bytes([(0x80 if final else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if size < 126 and not long_form:
        header += bytes([bit | size])
    elif size < 65536:
        header += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        header += bytes([bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return header + payload
    mask = os.urandom(4)
    repeated = (mask * (size // 4 + 1))[:size]
    whole = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return header + mask + whole.to_bytes(size, "big")


def close_frame(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


class Echo:
    """The process."""

    def __init__(self, message_max=1 << 24):
        program = find_program().parent / "tests" / "ws-echo"
        if not program.exists():
            pytest.skip("no ws-echo beside the program")
        self.process = subprocess.Popen([program, "127.0.0.1:0", str(message_max)],
                                        stdout=subprocess.PIPE, text=True)
        word, self.address = self.process.stdout.readline().split()
        assert word == "ready"

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def close(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self.process.stdout.close()


class Client(WebSocket):
    """Its socket, and what comes back as (opcode, payload): messages whole, control frames as
    they stand between them."""

    def __init__(self, echo):
        super().__init__(echo.address, "json")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def put(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def get(self):
        kind, whole = None, b""
        while True:
            first, payload = self.receive_frame()
            opcode = first & 15
            assert first & 0x70 == 0
            if opcode & 8:
                assert first & 0x80 and len(payload) < 126
                return opcode, payload
            assert (kind is None) == (opcode != CONTINUATION)
            kind = kind if kind is not None else opcode
            whole += payload
            if first & 0x80:
                return kind, whole
