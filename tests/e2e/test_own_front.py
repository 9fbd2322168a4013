"""What only our own HTTP front sees: bytes that libmicrohttpd hides, slow and vanished clients."""
import json
import re

import pytest

from support.patience import wait_until
from support.specs import text_of
from support.wampraw import (CALL, ERROR, HELLO, ROLES, WELCOME, WebSocket, connect,
                             read_to_end)
from test_http_refusals import exchange, post, read_answer, request

pytestmark = pytest.mark.strict


@pytest.fixture(scope="module", autouse=True)
def service(node, peers):
    node.publish(text_of("probe.json"))
    peers["py-raw-msgpack"].register("com.example.e2e.echo", "echo")


HIDDEN = {
    "bare LF after the request line": b"GET /probe/status HTTP/1.1\nHost: a\r\n\r\n",
    "bare LF after a header": b"GET /probe/status HTTP/1.1\r\nHost: a\nX-B: c\r\n\r\n",
    "bare LF at the end": b"GET /probe/status HTTP/1.1\r\nHost: a\r\n\n",
    "a folded header": request("GET", "/probe/status", "X-A: b\r\n c"),
    "a fold before the first header": b"GET /probe/status HTTP/1.1\r\n Host: a\r\n\r\n",
    "NUL in a value": request("GET", "/probe/status", "X-A: a\0b"),
    "NUL in a name": request("GET", "/probe/status", "X\0A: b"),
    "CR in a value": request("GET", "/probe/status", "X-A: a\rb"),
    "NUL in the target": request("GET", "/probe/\0status"),
    "NUL in the method": request("G\0T"),
    "space before the colon": request("GET", "/probe/status", "X-A : b"),
    "a header without a colon": request("GET", "/probe/status", "nonsense"),
    "a header without a name": request("GET", "/probe/status", ": b"),
    "two spaces in the request line": b"GET  /probe/status HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab in the request line": b"GET\t/probe/status HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space behind the version": b"GET /probe/status HTTP/1.1 \r\nHost: a\r\n\r\n",
    "no version": b"GET /probe/status\r\nHost: a\r\n\r\n",
    "a version in lower case": request(version="http/1.1"),
    "no host": request(host=None),
    "signed length": post("Content-Length: +2"),
    "length list": post("Content-Length: 2, 2"),
    "empty length": post("Content-Length: "),
    "chunk size in words": post("Transfer-Encoding: chunked", body=b"two\r\n{}\r\n0\r\n\r\n"),
    "chunk size signed": post("Transfer-Encoding: chunked", body=b"+2\r\n{}\r\n0\r\n\r\n"),
    "chunk size beyond 64 bits": post("Transfer-Encoding: chunked",
                                      body=b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    "chunk longer than it says": post("Transfer-Encoding: chunked",
                                      body=b"2\r\n{}x\r\n0\r\n\r\n"),
    "bare LF after a chunk size": post("Transfer-Encoding: chunked",
                                       body=b"2\n{}\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_what_a_library_would_mend_is_400(node, case):
    status, headers, body = exchange(node, HIDDEN[case])
    assert status == 400, (status, body)
    assert headers["content-type"].startswith("application/problem+json")
    assert headers["connection"].lower() == "close"
    assert json.loads(body)["status"] == 400


def test_nothing_behind_a_refused_request_is_answered(node):
    for case in HIDDEN:
        with connect(node.gateway) as sock:
            sock.sendall(HIDDEN[case] + request("GET", "/probe/status"))
            assert len(re.findall(rb"HTTP/1\.1 \d{3} ", read_to_end(sock))) == 1, case


def test_limits_are_told_as_problems(node):
    for status, wire in ((414, request("GET", "/probe/request/" + "a" * 9000)),
                         (431, request("GET", "/probe/status", "X-Large: " + "a" * 40_000))):
        got, headers, body = exchange(node, wire)
        assert got == status
        assert headers["content-type"].startswith("application/problem+json")
        assert json.loads(body)["status"] == status


def test_headers_within_the_limit_are_fine(node):
    got, _, _ = exchange(node, request("GET", "/probe/status", "X-Large: " + "a" * 30_000))
    assert got == 202
    got, _, _ = exchange(
        node, request("GET", "/probe/status", *[f"X-{n}: {'b' * 200}" for n in range(90)]))
    assert got == 202


def test_trailers_and_chunk_extensions_are_read_over(node):
    body = b'4;name="value"\r\n{"a"\r\n3\r\n:1}\r\n0\r\nX-Trailer: yes\r\n\r\n'
    with connect(node.gateway) as sock:
        for _ in range(2):
            sock.sendall(post("Transfer-Encoding: chunked", body=body))
            assert read_answer(sock)[2] == b'{"a":1}'


def test_a_head_that_does_not_come_is_408(make_node):
    own = make_node(settings={"http.header_timeout": "300ms"}).start()
    with connect(own.gateway) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        assert read_answer(sock)[0] == 408
    with connect(own.gateway) as sock:  # one byte now and then does not help
        sock.settimeout(0.05)

        def given_up():
            try:
                sock.sendall(b"G")
                return sock.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_until(given_up, "the end of a connection that trickles")
    assert own.stop() == 0


def test_a_body_that_does_not_come_is_408(make_node, realm):
    own = make_node().start()
    own.create_open_realm(realm)
    own.publish(text_of("probe.json"))
    assert own.stop() == 0
    own.settings["http.body_timeout"] = "300ms"  # not for the administration above
    own.restart()
    with connect(own.gateway) as sock:
        sock.sendall(post("Content-Length: 100", body=b"{"))
        assert read_answer(sock)[0] == 408
    assert own.stop() == 0


def test_an_idle_connection_is_closed_in_silence(make_node):
    own = make_node(settings={"http.idle_timeout": "1500ms"}).start()
    with connect(own.gateway) as sock:
        sock.sendall(request("GET", "/nothing"))
        assert read_answer(sock)[0] == 404
        assert read_to_end(sock) == b""
    assert own.stop() == 0


@pytest.mark.hangup
def test_a_client_that_hangs_up_cancels_its_call_at_once(node, peer):
    service = peer("py-ws-json")
    service.register("com.example.e2e.slow", "slow")
    with connect(node.gateway) as sock:
        sock.sendall(request("GET", "/probe/slow/60"))
        wait_until(lambda: node.metric("postern_wamp_calls_open") == 1, "the call on its way")
    service.wait_for("interrupted")
    wait_until(lambda: node.metric("postern_wamp_calls_open") == 0, "the callee's last word")


def test_leading_empty_lines_are_read_over(node):
    assert exchange(node, b"\r\n\r\n" + request("GET", "/probe/status"))[0] in (202, 400)


def test_http_1_0_is_answered_and_closed(node):
    with connect(node.gateway) as sock:
        sock.sendall(b"GET /probe/status HTTP/1.0\r\n\r\n")
        assert b" 202 " in read_to_end(sock)


# --- a WebSocket on a connection that has spoken HTTP before --------------------------------------


def test_a_kept_alive_connection_may_become_a_websocket(node, realm):
    sock = connect(node.gateway)
    for _ in range(3):
        sock.sendall(request("GET", "/probe/status"))
        assert read_answer(sock)[0] == 202
    with WebSocket(node.gateway, sock=sock).join(realm) as wire:
        assert wire.ask(CALL, {}, "com.example.e2e.echo", ["late"])[3] == ["late"]


@pytest.mark.parametrize("serializer", ["json", "msgpack"])
def test_an_upgrade_behind_pipelined_requests_waits_its_turn(node, realm, serializer):
    sock = connect(node.gateway)
    body = b'{"before":"the upgrade"}'
    sock.sendall((post(f"Content-Length: {len(body)}", body=body) * 10)
                 + request("GET", "/ws"))  # no upgrade: its answer tells that the others came first
    for _ in range(10):
        assert read_answer(sock)[2] == body
    assert read_answer(sock)[0] == 426
    assert read_to_end(sock) == b""
    sock.close()

    sock = Reader(connect(node.gateway), post(f"Content-Length: {len(body)}", body=body) * 10)
    with WebSocket(node.gateway, serializer, sock=sock, behind=[HELLO, realm, ROLES]) as wire:
        assert sock.answers == [body] * 10
        assert wire.receive()[0] == WELCOME
        assert wire.ask(CALL, {}, "com.example.e2e.nothing")[:2] == [ERROR, CALL]
        assert wire.ask(CALL, {}, "com.example.e2e.echo", ["x" * 300_000])[3] == ["x" * 300_000]


class Reader:
    """A socket that puts requests before the first bytes sent, and takes their answers first."""

    def __init__(self, sock, before):
        self.sock, self.before, self.answers = sock, before, []

    def sendall(self, data):
        self.sock.sendall(self.before + data)
        for _ in range(self.before.count(b"HTTP/1.1\r\n")):
            self.answers.append(read_answer(self.sock)[2])
        self.before = b""

    def __getattr__(self, name):
        return getattr(self.sock, name)


def test_only_a_get_of_the_websocket_path_leaves_http(node):
    with connect(node.gateway) as sock:
        for method, target in (("POST", "/ws"), ("GET", "/ws/"), ("GET", "/wsx"), ("GET", "/x/ws")):
            sock.sendall(request(method, target, "Upgrade: websocket", "Connection: Upgrade"))
            assert read_answer(sock)[0] == 404, (method, target)
        sock.sendall(request("GET", "/ws"))
        assert read_answer(sock)[0] == 426


def test_a_refused_upgrade_gives_its_connection_back(node):
    before = node.fd_count()
    for _ in range(30):
        with connect(node.gateway) as sock:
            sock.sendall(request("GET", "/probe/status") + request("GET", "/ws"))
            assert read_answer(sock)[0] == 202
            assert read_answer(sock)[0] == 426
    wait_until(lambda: node.fd_count() <= before + 2, "the descriptors of connections gone")
