"""What is no good request, byte by byte: each is refused, and the node goes on."""
import json
import socket

import pytest

from support.patience import PATIENCE, wait_until
from support.specs import text_of
from support.wampraw import Closed, connect, read_exactly, read_to_end


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


@pytest.fixture(scope="module", autouse=True)
def service(node, peers):
    node.publish(text_of("probe.json"))
    peers["py-raw-msgpack"].register("com.example.e2e.echo", "echo")
    yield
    # Whatever was sent, everybody else is still served.
    assert node.ask("POST", "/probe/echo", {"still": "here"}).json() == {"still": "here"}


def exchange(node, request):
    """Sends bytes, reads one answer: (status, headers, body), status None for a mere hang-up."""
    with connect(node.gateway) as sock:
        return send_and_read(sock, request)


def send_and_read(sock, request):
    try:
        sock.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was answered before all was sent
    try:
        return read_answer(sock)
    except Closed:
        return None, {}, b""


def read_answer(sock):
    """One answer; the connection may stay open."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(sock, 1)
    status, headers = parse(head)
    return status, headers, read_exactly(sock, int(headers.get("content-length", 0)))


def parse(head):
    lines = head.decode("latin-1").split("\r\n")
    assert lines[0].startswith("HTTP/1.1 "), head
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return int(lines[0].split()[1]), headers


def request(method="GET", target="/probe/status", *lines, body=b"", version="HTTP/1.1",
            host="Host: localhost"):
    head = [f"{method} {target} {version}"] + ([host] if host else []) + list(lines)
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


JSON = "Content-Type: application/json"


def post(*lines, body=b"{}", target="/probe/echo", kind=JSON):
    return request("POST", target, *([kind] if kind else []), *lines, body=body)


def length(body):
    return f"Content-Length: {len(body)}"


MALFORMED = {
    "two lengths": post("Content-Length: 2", "Content-Length: 2"),
    "two different lengths": post("Content-Length: 2", "Content-Length: 3"),
    "length and encoding": post("Content-Length: 2", "Transfer-Encoding: chunked",
                                body=b"2\r\n{}\r\n0\r\n\r\n"),
    "encoding and length": post("Transfer-Encoding: chunked", "Content-Length: 2",
                                body=b"2\r\n{}\r\n0\r\n\r\n"),
    "unknown encoding": post("Transfer-Encoding: gzip", body=b"{}"),
    "encoding list": post("Transfer-Encoding: gzip, chunked", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "two encodings": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
                          body=b"2\r\n{}\r\n0\r\n\r\n"),
    "encoding in HTTP/1.0": request("POST", "/probe/echo", JSON, "Transfer-Encoding: chunked",
                                    body=b"2\r\n{}\r\n0\r\n\r\n", version="HTTP/1.0"),
    "underscore twin": post("Content_Length: 2", "Content-Length: 2"),
    "two hosts": request("GET", "/probe/status", "Host: other"),
    "empty host": request(host="Host: "),
    "host with a slash": request(host="Host: a/b"),
    "host with a user": request(host="Host: a@b"),
    "host port not a number": request(host="Host: a:b"),
    "host port too large": request(host="Host: a:99999"),
    "method no token": request("GE(T"),
    "header name no token": request("GET", "/probe/status", "Bad(Name: x"),
    "control in a value": request("GET", "/probe/status", "X-A: a\x01b"),
    "delete in a value": request("GET", "/probe/status", "X-A: a\x7fb"),
    "target without slash": request("GET", "probe/status"),
    "fragment in the target": request("GET", "/probe/status#x"),
    "backslash in the target": request("GET", "/probe\\status"),
    "byte above 127 in the target": request("GET", "/probe/\xe9"),
    "control in the target": request("GET", "/probe/\x01"),
    "encoded slash": request("GET", "/probe/request/a%2Fb"),
    "encoded slash in lower case": request("GET", "/probe/request/a%2fb"),
    "encoded backslash": request("GET", "/probe/request/a%5Cb"),
    "encoded NUL": request("GET", "/probe/request/a%00b"),
    "encoded newline": request("GET", "/probe/request/a%0Ab"),
    "dot segment": request("GET", "/probe/./status"),
    "double dot segment": request("GET", "/probe/x/../status"),
    "dots at the end": request("GET", "/probe/status/.."),
    "encoded dots": request("GET", "/probe/%2e%2E/status"),
    "half an escape": request("GET", "/probe/request/a%2"),
    "no hex in an escape": request("GET", "/probe/request/a%zzb"),
    "a parameter that is no UTF-8": request("GET", "/probe/request/%FF"),
    "a query that is no UTF-8": request("GET", "/probe/request/a?x=%FF"),
    "half an escape in the query": request("GET", "/probe/request/a?x=%f"),
}


# What libmicrohttpd refuses before anybody else can, in its own words.
MALFORMED_EARLY = {
    "negative length": post("Content-Length: -1"),
    "signed length": post("Content-Length: +2"),
    "length in hex": post("Content-Length: 0x2"),
    "length list": post("Content-Length: 2, 2"),
    "empty length": post("Content-Length: "),
    "length beyond 64 bits": post("Content-Length: 99999999999999999999999"),
    "no host": request(host=None),
}


@pytest.mark.parametrize("case", MALFORMED_EARLY)
def test_a_request_malformed_at_its_root_is_refused(node, case, front):
    status, headers, body = exchange(node, MALFORMED_EARLY[case])
    if front == "mhd" and status == 413:
        return  # of a length that it could not count
    assert status == 400, (status, body)
    assert headers["connection"].lower() == "close"


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_is_400(node, case):
    status, headers, body = exchange(node, MALFORMED[case])
    assert status == 400, (status, body)
    assert headers["content-type"].startswith("application/problem+json"), headers
    assert json.loads(body)["status"] == 400


NOT_HTTP = {
    "no version": b"GET /probe/status\r\nHost: a\r\n\r\n",
    "a line of noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 looks like TLS\r\n\r\n",
    "only spaces": b"    \r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": request(version="HTTP/9.9"),
    "a header without a colon": request("GET", "/probe/status", "nonsense"),
    "space before the colon": request("GET", "/probe/status", "X-A : b"),
}


@pytest.mark.parametrize("case", NOT_HTTP)
def test_what_is_not_http_is_refused(node, case):
    # The library's own words for some of these; never a success, never a crash.
    status, _, body = exchange(node, NOT_HTTP[case])
    assert status is None or 400 <= status <= 505, (status, body)


def test_a_request_smuggled_behind_a_refused_one_is_not_answered(node):
    hidden = request("GET", "/probe/status", "X-Hidden: yes")
    for first in ("two lengths", "length and encoding", "unknown encoding"):
        with connect(node.gateway) as sock:
            sock.sendall(MALFORMED[first] + hidden)
            assert read_to_end(sock).count(b"HTTP/1.1 ") == 1, first


def test_a_uri_too_long_is_414(node):
    status, _, _ = exchange(node, request("GET", "/probe/request/" + "a" * 9000))
    assert status == 414


def test_headers_too_large_are_431(node):
    status, _, _ = exchange(node, request("GET", "/probe/status", "X-Large: " + "a" * 70_000))
    assert status == 431
    status, _, _ = exchange(
        node, request("GET", "/probe/status", *[f"X-{n}: {n}" for n in range(150)]))
    assert status == 431


def test_a_body_too_large_is_413_before_it_is_read(node):
    with connect(node.gateway) as sock:
        sock.sendall(post("Content-Length: 1001", body=b"", target="/probe/small"))
        status, headers, _ = read_answer(sock)  # not one byte of the body was sent
        assert status == 413
        assert headers["connection"] == "close"
    with connect(node.gateway) as sock:
        sock.sendall(post("Content-Length: 900000000000", body=b""))
        assert read_answer(sock)[0] == 413


def test_expect_100_continue_is_refused_before_the_body(node):
    with connect(node.gateway) as sock:
        sock.sendall(post("Content-Length: 5000", "Expect: 100-continue", body=b"",
                          target="/probe/small"))
        assert read_answer(sock)[0] == 413
    with connect(node.gateway) as sock:
        sock.sendall(post("Content-Length: 2", "Expect: 100-continue", body=b""))
        assert read_answer(sock)[0] == 100
        sock.sendall(b"{}")
        assert read_answer(sock)[0] == 200


def test_a_chunked_body_too_large_is_413(node):
    chunk = b"200\r\n" + b"1" * 512 + b"\r\n"
    status, _, _ = exchange(node, post("Transfer-Encoding: chunked", target="/probe/small",
                                       body=chunk * 3 + b"0\r\n\r\n"))
    assert status == 413


def test_a_body_exactly_at_the_limit_is_taken(node):
    body = b'"' + b"x" * 998 + b'"'
    assert exchange(node, post(length(body), body=body, target="/probe/small"))[0] == 200


UNDECODABLE = {
    "half an object": (b'{"a": 1', 1, 8),
    "second line": (b'{\n  "a": nope\n}', 2, 8),
    "trailing comma": (b"[1, 2,]", 1, 7),
    "two values": (b"{} {}", 1, 4),
    "no UTF-8": (b'{"a": "\xff"}', 1, 8),
    "a lone surrogate": (b'["\\ud800"]', 1, None),
    "a leading zero": (b"[01]", 1, None),
    "a comment": (b"[1 /* x */]", 1, 4),
    "only a minus": (b"[-]", 1, None),
}


@pytest.mark.parametrize("case", UNDECODABLE)
def test_an_undecodable_body_is_400_with_its_place(node, case):
    body, line, column = UNDECODABLE[case]
    status, headers, answer = exchange(node, post(length(body), body=body))
    assert status == 400, answer
    problem = json.loads(answer)
    assert problem["code"] == "bondy.error.invalid_data"
    assert f"line {line}, column " in problem["detail"]
    if column is not None:
        assert f"line {line}, column {column} " in problem["detail"], problem["detail"]


MSGPACK_BOMBS = {
    "array of 4 billion": b"\xdd\xff\xff\xff\xff",
    "map of 4 billion": b"\xdf\xff\xff\xff\xff",
    "string of 4 GiB": b"\xdb\xff\xff\xff\xff",
    "bin of 4 GiB": b"\xc6\xff\xff\xff\xff",
    "ext of 4 GiB": b"\xc9\xff\xff\xff\xff\x01",
    "depth": b"\x91" * 100_000 + b"\xc0",
    "arrays in arrays": b"\xdd\x00\xff\xff\xff" * 50,
    "never used byte": b"\xc1",
    "half a float": b"\xcb\x00",
    "two values": b"\x01\x02",
    "string that is no UTF-8": b"\xa1\xff",
}


@pytest.mark.parametrize("case", MSGPACK_BOMBS)
def test_a_msgpack_bomb_is_400_and_costs_nothing(node, case):
    body = MSGPACK_BOMBS[case]
    before = node.rss_kib()
    for _ in range(5):
        status, _, answer = exchange(node, post(length(body), body=body,
                                                kind="Content-Type: application/msgpack"))
        assert status == 400, answer
    assert node.rss_kib() - before < 32 * 1024


def test_a_json_bomb_is_400_and_costs_nothing(node):
    before = node.rss_kib()
    for body in (b"[" * 1_000_000, b'{"a":' * 300_000, b"[" * 2000 + b"]" * 2000):
        assert exchange(node, post(length(body), body=body))[0] == 400
    assert node.rss_kib() - before < 64 * 1024


def test_an_unknown_media_type_is_415(node):
    for kind in ("Content-Type: text/xml", "Content-Type: nonsense", None):
        status, _, answer = exchange(node, post(length(b"<a/>"), body=b"<a/>", kind=kind))
        assert status == 415, (kind, answer)
    body = b"\x80"
    assert exchange(node, post(length(body), body=body, target="/probe/json",
                               kind="Content-Type: application/msgpack"))[0] == 415


def test_what_cannot_be_provided_is_406(node):
    for accept in ("text/html", "image/*", "application/json;q=0"):
        status, _, _ = exchange(node, post(f"Accept: {accept}", length(b"{}"), body=b"{}",
                                           target="/probe/json"))
        assert status == 406, accept
    for accept in ("*/*", "application/*", "text/html, */*;q=0.1"):
        status, _, _ = exchange(node, post(f"Accept: {accept}", length(b"{}"), body=b"{}",
                                           target="/probe/json"))
        assert status == 200, accept


def test_an_unknown_path_is_404(node):
    for target in ("/", "/nothing", "/probe", "/probe/", "/probe/echo/more", "/PROBE/status"):
        status, headers, _ = exchange(node, request("GET", target))
        assert status == 404, target
        assert headers["content-type"].startswith("application/problem+json")


def test_empty_segments_count_for_nothing(node):
    for target in ("//probe/status", "/probe//status", "/probe/status/"):
        assert exchange(node, request("GET", target))[0] == 202, target


def test_a_wrong_method_is_405_with_allow(node):
    for method in ("GET", "DELETE", "BREW", "TRACE", "PROPFIND", "get"):
        status, headers, _ = exchange(node, request(method, "/probe/echo"))
        assert status == 405, method
        assert {"POST", "PUT", "PATCH"} <= set(headers["allow"].split(", ")), headers
    assert exchange(node, request("CONNECT", "localhost:80"))[0] in (400, 404, 405, 501)


def test_the_admin_listener_is_as_strict(node):
    for case in ("two lengths", "length and encoding", "two hosts", "encoded NUL", "dot segment"):
        with connect(node.admin) as sock:
            assert send_and_read(sock, MALFORMED[case])[0] == 400, case


def test_a_silent_connection_is_closed(make_node):
    own = make_node(settings={"net.first_byte_timeout": "300ms"}).start()
    with connect(own.gateway) as sock:
        sock.settimeout(PATIENCE)
        assert sock.recv(1) == b""


def test_pipelined_requests_are_answered_in_order(node):
    bodies = [json.dumps({"n": n}).encode() for n in range(20)]
    with connect(node.gateway) as sock:
        sock.sendall(b"".join(post(length(b), body=b) for b in bodies))
        assert [read_answer(sock)[2] for _ in bodies] == \
            [json.dumps({"n": n}, separators=(",", ":")).encode() for n in range(20)]


def test_a_request_byte_by_byte(node):
    body = b'{"slow":true}'
    with connect(node.gateway) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(length(body), body=body):
            sock.sendall(bytes([byte]))
        assert read_answer(sock)[2] == body


def test_hang_ups_in_the_middle_leave_nothing_behind(make_node):
    # libmicrohttpd may see the end of a connection only when its time is up.
    own = make_node(settings={"http.idle_timeout": "1s", "http.header_timeout": "1s",
                              "http.body_timeout": "1s"}).start()
    before = own.fd_count()
    whole = post("Content-Length: 1000", body=b"{" + b" " * 500)
    for cut in (1, 5, 20, 60, len(whole)):
        for _ in range(5):
            with connect(own.gateway) as sock:
                sock.sendall(whole[:cut])
    wait_until(lambda: own.fd_count() <= before + 2, "the descriptors of connections gone")
