"""POST /try: a request to the node's own gateway as anybody would send it, and nothing else."""
import base64
import contextlib
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import oauth
from support.patience import PATIENCE, wait_until
from support.specs import static_spec
from support.wampraw import REGISTER, RawSocket

from test_listeners import free_port, make_certificate

AT_ONCE, MIB = 16, 1 << 20


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


def try_it(node, path="/tried/static", expected=200, **more):
    answer = node.ask_admin("POST", "/try", {"path": path, **more})
    assert answer.status == expected, answer.text
    told = answer.json()
    if expected != 200:
        return told
    assert set(told) - {"body", "body_base64"} == \
        {"status", "reason", "headers", "bytes", "truncated", "ms", "request_id"}
    assert ("body" in told) != ("body_base64" in told)
    return told


def headers_of(told):
    return {name.lower(): value for name, value in told["headers"]}


def operation(action, result, **more):
    return {"action": action, "response": {"on_result": result, "on_error": {}}, **more}


def spec(realm):
    """What there is to try: an answer, an echo of the request, redirects, and things that wait."""
    told = static_spec("tried", 42, realm)
    told["defaults"] = {"schemes": ["http", "https"]}
    version = told["versions"]["1"]
    echo = {"body": {"method": "{{request.method}}", "query": "{{request.query_string}}",
                     "host": "{{request.host}}", "agent": "{{request.headers |> get('x-mine', '')}}",
                     "length": "{{request.body_length}}", "peer": "{{request.peername}}"}}
    call = {"type": "wamp_call", "procedure": "com.tried.slow", "timeout": 60000}
    version["paths"].update({
        "/echo": {"accepts": ["*/*"], "provides": ["application/json", "application/msgpack"],
                  **{method: operation({"type": "static"}, echo)
                     for method in ("get", "put", "post", "delete")}},
        "/away": {"get": operation({"type": "static"}, {
            "status_code": 302, "headers": {"location": "/tried/static"}, "body": "gone"})},
        "/odd": {"get": operation({"type": "static"}, {
            "status_code": 400, "headers": {"content-type": "application/problem+json"},
            "body": {"request_id": {"no": ["text", 5]}}})},
        "/twice": {"post": operation({"type": "static"}, {
            "body": ["{{request.text}}", "{{request.text}}"]}), "accepts": ["*/*"]},
        "/slow": {"get": operation(call, {"body": "late"})},
    })
    return told


@pytest.fixture(scope="module")
def tried(node, realm):
    node.publish(spec(realm))
    return node


# --- what comes back ------------------------------------------------------------------------------

def test_the_answer_comes_with_status_headers_body_and_time(tried):
    told = try_it(tried)
    assert (told["status"], told["reason"]) == (200, "OK")
    assert json.loads(told["body"]) == {"answer": 42}
    assert told["bytes"] == len(told["body"]) and told["truncated"] is False
    assert 0 <= told["ms"] < 1000 * PATIENCE
    assert headers_of(told)["content-type"].startswith("application/json")


def test_a_refusal_of_the_gateway_is_an_answer_like_any_other(tried):
    told = try_it(tried, "/nobody/has/this")
    assert told["status"] == 404
    assert told["request_id"] == json.loads(told["body"])["request_id"]
    assert try_it(tried, "/tried/static", method="DELETE")["status"] == 405


def test_an_id_that_is_no_text_is_none(tried):
    told = try_it(tried, "/tried/odd")
    assert headers_of(told)["content-type"].startswith("application/problem+json")
    assert (told["status"], told["request_id"]) == (400, None)
    assert "text" in told["body"]


def test_it_is_sent_as_it_was_given(tried):
    for method in ("GET", "PUT", "POST"):
        told = json.loads(try_it(tried, "/tried/echo?a=1&b=%20%2F..", method=method,
                                 headers={"X-Mine": " ü, the value ", "Content-Type": "text/plain"},
                                 host="some.example:99", body="hällo")["body"])
        assert told["method"].upper() == method
        assert told["query"] == "a=1&b=%20%2F.."
        assert told["host"] == "some.example"
        assert told["agent"] == "ü, the value"


def test_head_has_no_body_and_options_is_no_other_method(tried):
    told = try_it(tried, method="HEAD")
    assert (told["status"], told["bytes"], told["body"]) == (200, 0, "")
    assert "GET" in headers_of(try_it(tried, method="OPTIONS"))["allow"]


def test_a_redirect_is_not_followed(tried):
    told = try_it(tried, "/tried/away")
    assert told["status"] == 302
    assert headers_of(told)["location"] == "/tried/static"


def test_bytes_go_and_come_as_base64(tried):
    packed = base64.b64encode(bytes(range(256))).decode()
    told = try_it(tried, "/tried/echo", method="POST", body_base64=packed,
                  headers={"Content-Type": "application/octet-stream"})
    assert told["status"] == 200
    told = try_it(tried, "/tried/echo", headers={"Accept": "application/msgpack"})
    assert b"\xa6method" in base64.b64decode(told["body_base64"])


def test_of_a_large_answer_a_mebibyte_is_kept_and_the_rest_counted(tried):
    half = MIB // 2 + 500
    told = try_it(tried, "/tried/twice", method="POST", body="x" * half)
    assert told["status"] == 200 and told["truncated"] is True
    assert told["bytes"] == 2 * half + len('["",""]')
    assert len(told["body"]) == MIB
    told = try_it(tried, "/tried/twice", method="POST", body="ü" * (half // 2))
    assert told["truncated"] is True
    assert set(told["body"]) == set('[",ü')  # no half of a character


# --- whose rights it has --------------------------------------------------------------------------

def test_it_has_the_rights_of_the_credentials_in_it_and_not_those_of_who_tries(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(oauth.security()))
    node = make_node(settings={"security.config_file": str(file)}).start()
    closed = static_spec("closed", 1, oauth.REALM)
    closed["defaults"] = {"security": {"type": "identity"}}
    master = static_spec("mastered", 1, "com.leapsight.bondy")
    master["defaults"] = {"security": {"type": "identity"}}
    for one in (closed, master):
        node.publish(one)
    # Not even where his own would do.
    assert try_it(node, "/mastered/static")["status"] == 401
    assert try_it(node, "/closed/static")["status"] == 401
    cookies = node.ask_admin("POST", "/try", {"path": "/mastered/static"},
                             headers={"Cookie": "__Host-postern=x"})
    assert cookies.json()["status"] == 401
    own = "Basic " + base64.b64encode(f"admin:{node.password}".encode()).decode()
    assert try_it(node, "/mastered/static", headers={"Authorization": own})["status"] == 200
    # A client's token, taken and used by the same way.
    form = {"Content-Type": "application/x-www-form-urlencoded",
            "Authorization": oauth.basic("narrow", oauth.SECRET)}
    told = try_it(node, f"/realms/{oauth.REALM}/oauth/token", method="POST", headers=form,
                  body="grant_type=client_credentials&scope=staff")
    assert told["status"] == 200, told
    token = json.loads(told["body"])["access_token"]
    assert try_it(node, "/closed/static",
                  headers={"Authorization": f"Bearer {token}"})["status"] == 200
    assert try_it(node, "/mastered/static",
                  headers={"Authorization": f"Bearer {token}"})["status"] in (400, 401)
    # None of it is told on.
    rows = [r for r in node.ask_admin("GET", "/audit").json()
            if r["action"] == "bondy.http_gateway.try"]
    assert f"POST /realms/{oauth.REALM}/oauth/token" in {r.get("target") for r in rows}
    for text in (json.dumps(rows), node.log_text()):
        assert token not in text and oauth.SECRET not in text and "client_credentials" not in text


def test_it_is_in_the_audit_without_query_headers_and_body(tried):
    try_it(tried, "/tried/echo?key=hunter2", method="POST", body="hunter2",
           headers={"X-Secret": "hunter2"})
    try_it(tried, "tried?hunter2", 400)
    rows = [r for r in tried.ask_admin("GET", "/audit?limit=2").json()]
    assert [(r["action"], r["outcome"], r.get("target")) for r in rows] == [
        ("bondy.http_gateway.try", "refused", None),
        ("bondy.http_gateway.try", "ok", "POST /tried/echo")]
    assert rows[0]["error"] == "wamp.error.invalid_argument"
    assert "hunter2" not in json.dumps(rows) and "hunter2" not in tried.log_text()


# --- what it is not -------------------------------------------------------------------------------

OURS = ["Host", "content-length", "Transfer-Encoding", "connection", "Keep-Alive", "upgrade", "TE",
        "Trailer", "Proxy-Connection", "proxy-authorization", "Expect"]


@pytest.mark.parametrize("bad", [
    *({"headers": {name: "1"}} for name in OURS),
    *({"headers": {"X-A": value}} for value in
      ("a\r\nX-B: c", "a\nb", "a\rb", "a\x01", "a\x7f", "x" * 20000, None, 1, ["a"], {})),
    *({"headers": {name: "v"}} for name in ("", "a b", "a:", "a\r\nb", "é", ":path", "n" * 200)),
    {"headers": {f"x-{i}": "v" for i in range(101)}}, {"headers": []}, {"headers": "a: b"},
    *({"method": method} for method in
      ("", "GET /x HTTP/1.1\r\n", "G T", "CONNECT", "trace", "M" * 40, 1, None, "GÉT")),
    *({"path": path} for path in
      ("", "x", "http://127.0.0.1/x", "//x y", "/a\r\nb", "/a b", "/#a", "/ü", "/\t", "*",
       "/" + "a" * 9000, 1, None)),
    *({"host": host} for host in
      ("", "a/b", "a b", "a\r\nX: y", "user@a", "é.example", "h" * 300, 1, None)),
    *({"scheme": scheme} for scheme in ("", "ftp", "HTTP", 1, None)),
    {"body": 1}, {"body": {}}, {"body_base64": "%"}, {"body_base64": "YQ"}, {"url": "http://x"},
    {"body": "a", "body_base64": "YQ=="}, {"no_such": 1},
], ids=lambda bad: ascii(bad)[:50])
def test_what_is_no_request_to_this_gateway_is_refused(tried, bad):
    told = try_it(tried, expected=400, **{"path": "/tried/static", **bad})
    assert told["code"] == "wamp.error.invalid_argument"
    assert "\\r\\n" not in json.dumps(told)


def test_a_nul_is_refused_wherever_it_is(tried):
    for body in ('{"path": "/a\\u0000b"}', '{"path": "/a", "headers": {"a": "b\\u0000c"}}',
                 '{"path": "/a", "headers": {"a\\u0000": "b"}}', '{"path": "/", "host": "a\\u0000"}'):
        assert tried.ask_admin("POST", "/try", body).status == 400, body


def test_a_body_beyond_a_mebibyte_is_refused(tried):
    for body in ({"body": "x" * (MIB + 1)},
                 {"body_base64": base64.b64encode(b"x" * (MIB + 1)).decode()}):
        assert try_it(tried, expected=413, method="POST", **body)["code"] == \
            "wamp.error.payload_size_exceeded"
    for body in ({"body": "x" * MIB}, {"body_base64": base64.b64encode(b"x" * MIB).decode()}):
        told = try_it(tried, "/tried/echo", method="POST", headers={"Content-Type": "text/plain"},
                      **body)
        assert told["status"] == 200


# --- how many, how long ---------------------------------------------------------------------------

def ask_slowly(node):
    """A try whose answer does not come; the connection."""
    host, port = node.admin.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=2 * PATIENCE)
    pair = base64.b64encode(f"admin:{node.password}".encode()).decode()
    connection.request("POST", "/try", json.dumps({"path": "/tried/slow"}),
                       {"Authorization": f"Basic {pair}"})
    return connection


def waiting(node):
    return node.metric("postern_wamp_invocations_open")


@pytest.fixture
def slow(make_node, realm):
    """A node whose /tried/slow is not answered."""
    node = make_node().start()
    node.create_open_realm(realm)
    node.publish(spec(realm))
    with contextlib.closing(RawSocket(node.rawsocket).join(realm)) as callee:
        callee.ask(REGISTER, {}, "com.tried.slow")
        yield node


def test_so_many_at_once_and_one_more_is_told_to_come_again(slow):
    with contextlib.ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.callback(ask_slowly(slow).close)
        wait_until(lambda: waiting(slow) == AT_ONCE, "all of them under way")
        answer = slow.ask_admin("POST", "/try", {"path": "/tried/static"})
        assert answer.status == 503
        assert answer.json()["code"] == "wamp.error.unavailable"
        assert int(answer.headers["retry-after"]) > 0
        assert slow.ask("GET", "/tried/static").status == 200  # nobody else waits for them
        begun = time.monotonic()
        assert slow.stop() == 0  # nor does the end of the node, for longer than it drains
        assert time.monotonic() - begun < 2 * PATIENCE


@pytest.mark.hangup
def test_who_hangs_up_gives_his_place_back(slow, front):
    if front == "mhd":
        pytest.skip("libmicrohttpd does not notice who hangs up")
    for _ in range(2):
        with contextlib.ExitStack() as stack:
            for _ in range(AT_ONCE):
                stack.callback(ask_slowly(slow).close)
            wait_until(lambda: waiting(slow) == AT_ONCE, "all of them under way")
        wait_until(lambda: waiting(slow) == 0, "none of them under way")
    wait_until(lambda: slow.ask_admin("POST", "/try", {"path": "/tried/static"}).status == 200,
               "a place")


def test_many_at_once_get_each_his_own_answer(tried):
    def one(number):
        told = try_it(tried, f"/tried/echo?n={number}")
        return json.loads(told["body"])["query"] == f"n={number}"
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(64)))


# --- which listener -------------------------------------------------------------------------------

def published(node, realm):
    node.create_open_realm(realm)
    node.publish(spec(realm))
    return node


def test_a_gateway_on_a_unix_socket_is_reached(make_node, realm, tmp_path):
    node = published(make_node(settings={"gateway.listen": f"unix:{tmp_path}/g"}).start(), realm)
    assert json.loads(try_it(node)["body"]) == {"answer": 42}


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::1]:0", "[::]:0"])
def test_a_gateway_on_any_address_is_reached(make_node, realm, address):
    node = published(make_node(settings={"gateway.listen": address}).start(), realm)
    assert json.loads(try_it(node)["body"]) == {"answer": 42}


@pytest.mark.parametrize("plain", ["", "127.0.0.1:0"])
def test_a_gateway_with_tls_is_reached(make_node, realm, tmp_path, plain):
    key, certificate = make_certificate(tmp_path, "node")
    node = published(make_node(settings={
        "gateway.listen": plain, "gateway.tls.listen": f"127.0.0.1:{free_port()}",
        "gateway.tls.certificate": str(certificate), "gateway.tls.key": str(key)}).start(), realm)
    secure = static_spec("secure", 1, realm)
    secure["defaults"] = {"schemes": ["https"]}
    node.publish(secure)
    assert try_it(node, "/tried/static")["status"] == 200
    told = try_it(node, "/secure/static", scheme="https", host="some.example")
    assert told["status"] == 200, told
    if plain:
        assert try_it(node, "/secure/static", scheme="http")["status"] != 200
    else:
        assert "gateway.listen" in try_it(node, expected=503, scheme="http")["detail"]


def test_a_gateway_behind_a_proxy_is_reached_where_this_machine_is_trusted(make_node, realm):
    node = published(make_node(settings={
        "gateway.proxy_protocol": "true", "gateway.trusted_proxies": "127.0.0.0/8"}).start(), realm)
    assert try_it(node)["status"] == 200


def test_a_gateway_that_is_off_says_so(make_node, tmp_path):
    node = make_node(settings={"gateway.listen": ""}).start()
    told = try_it(node, expected=503)
    assert told["code"] == "wamp.error.unavailable"
    assert "gateway.listen" in told["detail"]


def test_scheme_https_wants_a_listener_with_tls(tried):
    assert "gateway.tls.listen" in try_it(tried, expected=503, scheme="https")["detail"]
