"""WebSocket (RFC 6455) as suites for it test it: ws-echo under a table of conversations.

A row says what is sent, what must come back, and how it ends: with a closing handshake of that
code, or OPEN, which goes on to show that the connection still works.
"""
import struct

import pytest

from support.wampraw import Closed
from support.wsecho import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Client, Echo, close_frame,
                            frame)

OPEN = "open"


@pytest.fixture(scope="module", name="echo")
def echo_program():
    echo = Echo()
    yield echo
    echo.close()


def octets(data, size=1):
    return [data[i:i + size] for i in range(0, len(data), size)]


def text(data, final=True):
    return frame(TEXT, data, final)


def more(data, final=False):
    return frame(CONTINUATION, data, final)


def last(data):
    return more(data, True)


HELLO = "Hello-µ@ßöäüàá-UTF-8!!".encode()
KAPPA = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"

CASES = {}


def case(name, send, back, end=OPEN):
    assert name not in CASES
    CASES[name] = (send, back, end)


for size in (0, 1, 125, 126, 127, 128, 65535, 65536):
    case(f"text of {size}", [text(b"*" * size)], [(TEXT, b"*" * size)])
    case(f"binary of {size}", [frame(BINARY, b"\xfe" * size)], [(BINARY, b"\xfe" * size)])
case("text in chops of 997", octets(text(b"*" * 65536), 997), [(TEXT, b"*" * 65536)])
case("a length in more octets than it needs", [frame(TEXT, b"abc", long_form=True)],
     [], {1002})

case("ping of nothing", [frame(PING)], [(PONG, b"")])
case("ping with text", [frame(PING, b"Hello, world!")], [(PONG, b"Hello, world!")])
case("ping with what is no text", [frame(PING, b"\0\xff\xfe\xfd\xfc\xfb\0\xff")],
     [(PONG, b"\0\xff\xfe\xfd\xfc\xfb\0\xff")])
case("ping of 125", [frame(PING, b"\xfe" * 125)], [(PONG, b"\xfe" * 125)])
case("ping octet by octet", octets(frame(PING, b"\xfe" * 125)), [(PONG, b"\xfe" * 125)])
case("ping of 126", [frame(PING, b"\xfe" * 126)], [], {1002})
case("pong unasked", [frame(PONG)], [])
case("pong unasked with a payload, then a ping", [frame(PONG, b"unsolicited"), frame(PING, b"p")],
     [(PONG, b"p")])
case("ten pings at once", [b"".join(frame(PING, b"payload-%d" % i) for i in range(10))],
     [(PONG, b"payload-%d" % i) for i in range(10)])
case("ten pings octet by octet",
     octets(b"".join(frame(PING, b"payload-%d" % i) for i in range(10))),
     [(PONG, b"payload-%d" % i) for i in range(10)])

for rsv in range(1, 8):
    case(f"reserved bits {rsv} in a text", [text(HELLO), frame(TEXT, HELLO, rsv=rsv)],
         [(TEXT, HELLO)], {1002})
    case(f"reserved bits {rsv} in a ping", [frame(PING, b"x", rsv=rsv)], [], {1002})
case("reserved bits in a continuation", [text(b"a", False), frame(CONTINUATION, b"b", rsv=4)], [],
     {1002})
case("reserved bits octet by octet", octets(frame(TEXT, b"x", rsv=4)), [], {1002})
for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    case(f"reserved opcode {opcode}", [frame(opcode)], [], {1002})
    case(f"reserved opcode {opcode} after a text", [text(HELLO) + frame(opcode, b"x") + text(b"y")],
         [(TEXT, HELLO)], {1002})
case("not masked", [frame(TEXT, b"x", masked=False)], [], {1002})
case("not masked and empty", [frame(TEXT, b"", masked=False)], [], {1002})
case("ping not masked", [frame(PING, b"x", masked=False)], [], {1002})
case("close not masked", [frame(CLOSE, b"\x03\xe8", masked=False)], [], {1002})

case("ping in pieces", [frame(PING, b"a", False), last(b"b")], [], {1002})
case("pong in pieces", [frame(PONG, b"a", False), last(b"b")], [], {1002})
case("close in pieces", [frame(CLOSE, b"\x03", False), last(b"\xe8")], [], {1002})
case("text in two", [text(b"one", False), last(b"two")], [(TEXT, b"onetwo")])
case("text in two, octet by octet", octets(text(b"one", False) + last(b"two")),
     [(TEXT, b"onetwo")])
case("binary in two", [frame(BINARY, b"\xff", False), last(b"\xfe")], [(BINARY, b"\xff\xfe")])
case("a ping between", [text(b"one", False), frame(PING, b"ping"), last(b"two")],
     [(PONG, b"ping"), (TEXT, b"onetwo")])
case("a ping between, all at once", [text(b"one", False) + frame(PING, b"ping") + last(b"two")],
     [(PONG, b"ping"), (TEXT, b"onetwo")])
case("pings and pongs between five",
     [text(b"1", False), frame(PING, b"p"), more(b"2"), more(b"3"), frame(PONG, b"x"),
      frame(PING, b"q"), more(b"4"), last(b"5")],
     [(PONG, b"p"), (PONG, b"q"), (TEXT, b"12345")])
case("continuation of nothing", [last(b"x"), text(b"y")], [], {1002})
case("unfinished continuation of nothing", [more(b"x"), text(b"y")], [], {1002})
case("continuation after a whole message", [text(b"a"), last(b"b")], [(TEXT, b"a")], {1002})
case("text within a text", [text(b"a", False), text(b"b")], [], {1002})
case("binary within a text", [text(b"a", False), frame(BINARY, b"b")], [], {1002})
case("text begun within a text", [text(b"a", False), text(b"b", False), last(b"c")], [], {1002})
case("continuations of nothing and of text",
     [more(b"a"), text(b"b", False), last(b"c")], [], {1002})
case("nothing at all in three pieces", [text(b"", False), more(b""), last(b"")], [(TEXT, b"")])
case("something between two nothings", [text(b"", False), more(b"middle"), last(b"")],
     [(TEXT, b"middle")])

GOOD_TEXT = {
    "words": HELLO, "greek": KAPPA, "two octets": b"\xc2\x80", "end of two": b"\xdf\xbf",
    "three octets": b"\xe0\xa0\x80", "end of three": b"\xef\xbf\xbf",
    "before the surrogates": b"\xed\x9f\xbf", "behind the surrogates": b"\xee\x80\x80",
    "replacement": b"\xef\xbf\xbd", "four octets": b"\xf0\x90\x80\x80",
    "the last": b"\xf4\x8f\xbf\xbf", "noncharacters": b"\xef\xbf\xbe\xf0\x9f\xbf\xbe", "nul": b"\0",
}
BAD_TEXT = {
    "a surrogate": KAPPA + b"\xed\xa0\x80edited", "the last surrogate": b"\xed\xbf\xbf",
    "too high": KAPPA + b"\xf4\x90\x80\x80edited", "far too high": b"\xf7\xbf\xbf\xbf",
    "five octets": b"\xf8\x88\x80\x80\x80", "six octets": b"\xfc\x84\x80\x80\x80\x80",
    "overlong slash": b"\xc0\xaf", "overlong in three": b"\xe0\x80\xaf",
    "overlong in four": b"\xf0\x80\x80\xaf", "a lone continuation": b"\x80",
    "two lone continuations": b"\x80\xbf", "a start alone": b"\xc3 ", "fe": b"\xfe", "ff": b"\xff",
    "cut short in two": b"\xce", "cut short in three": b"\xe1\xbd", "cut short in four": b"\xf0\x9f\xbf",
    "cut by text": b"\xe1\xbdx\xb9",
}
for name, data in GOOD_TEXT.items():
    case(f"utf-8, {name}", [text(data)], [(TEXT, data)])
    case(f"utf-8, {name}, an octet a piece",
         [text(b"", False), *(more(octet) for octet in octets(data)), last(b"")], [(TEXT, data)])
for name, data in BAD_TEXT.items():
    case(f"no utf-8, {name}", [text(data)], [], {1007})
    case(f"no utf-8, {name}, in a long text", [text(b"x" * 5000 + data)], [], {1007})
    case(f"no utf-8, {name}, an octet a piece",
         [text(b"", False), *(more(octet) for octet in octets(data)), last(b"")], [], {1007})
    case(f"binary may be {name}", [frame(BINARY, data)], [(BINARY, data)])
# Refused as soon as it can be known, not with the end of the message.
case("no utf-8, known by the first of many pieces", [text(KAPPA + b"\xf4\x90", False)], [], {1007})
case("no utf-8, known by the second piece", [text(KAPPA + b"\xf4", False), more(b"\x90")], [],
     {1007})
case("no utf-8, known by a piece that ends right",
     [text(b"\xce", False), more(b"\xba\xc0"), frame(PING, b"p")], [], {1007})
case("utf-8 cut by a ping", [text(b"\xce", False), frame(PING, b"\xff"), last(b"\xba")],
     [(PONG, b"\xff"), (TEXT, b"\xce\xba")])

case("close with 1000", [close_frame(1000)], [], {1000})
case("close with 1000, octet by octet", octets(close_frame(1000, b"bye")), [], {1000})
case("close without a code", [frame(CLOSE)], [], {None, 1000})
case("close with half a code", [frame(CLOSE, b"\x03")], [], {1002})
case("close with the longest reason", [close_frame(1000, b"*" * 123)], [], {1000})
case("close with too long a reason", [close_frame(1000, b"*" * 124)], [], {1002})
case("close with a reason that is no utf-8", [close_frame(1000, KAPPA + b"\xed\xa0\x80")], [],
     {1007, 1002})
case("close twice", [close_frame(1000) + close_frame(1000)], [], {1000})
case("a ping behind the close", [close_frame(1000) + frame(PING, b"x")], [], {1000})
case("a text behind the close", [close_frame(1000) + text(b"x")], [], {1000})
case("a text before the close", [text(b"x") + close_frame(1000)], [(TEXT, b"x")], {1000})
case("close within a message", [text(b"half", False), close_frame(1000)], [], {1000})
for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
    case(f"close with good code {code}", [close_frame(code, b"why")], [], {code})
for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    case(f"close with bad code {code}", [close_frame(code, b"why")], [], {1002})


def ended_with(client):
    """The code of the close frame that comes next, after which the stream ends."""
    opcode, payload = client.get()
    assert opcode == CLOSE, (opcode, payload[:40])
    assert len(payload) != 1
    code = struct.unpack(">H", payload[:2])[0] if payload else None
    payload[2:].decode()
    try:
        client.put(frame(CLOSE, payload[:2]))
        client.get()
    except (Closed, BrokenPipeError, ConnectionResetError):
        return code
    raise AssertionError("something comes after the close")


@pytest.mark.parametrize("name", CASES)
def test_conversation(echo, name):
    send, back, end = CASES[name]
    with Client(echo) as client:
        try:
            client.put(*send)
        except (BrokenPipeError, ConnectionResetError):
            assert end != OPEN
        for expected in back:
            assert client.get() == expected
        if end != OPEN:
            assert ended_with(client) in end
            return
        client.put(text(b"still there?"))
        assert client.get() == (TEXT, b"still there?")
        client.put(close_frame(1000))
        assert ended_with(client) == 1000
