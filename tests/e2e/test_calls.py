"""HTTP requests that become calls: what templates make of them and of their answers."""
import math

import msgpack
import pytest

from support.peer import KINDS
from support.specs import static_spec, text_of


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


@pytest.fixture(scope="module", autouse=True)
def service(node, peers):
    node.publish(text_of("probe.json"))
    callee = peers["py-raw-msgpack"]
    callee.register("com.example.e2e.echo", "echo")
    callee.register("com.example.e2e.fail", "fail")
    for kind, peer in peers.items():
        peer.register(f"com.example.e2e.via.{kind}", "echo")


VALUES = [0, -1, 1.5, "text", "", "ünïcödé \U0001F600", "quote\" back\\ slash/ \b\f\n\r\t \u0001",
          None, True, [], {}, [[[[[]]]]], {"a": {"b": {"c": [1, {"d": None}]}}},
          2**53, -(2**53), 1e-300, [None] * 100, {"": ""}, "a\u0000b", 2**31, -(2**31) - 1]
LARGE = [2**63 - 1, -(2**63), 2**64 - 1]  # JavaScript has no such numbers
MSGPACK = {"Content-Type": "application/msgpack"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_json_body_comes_back_as_it_was(node, kind):
    for value in VALUES + (LARGE if kind.startswith("py") else []):
        answer = node.ask("POST", f"/probe/via/{kind}", {"value": value})
        assert answer.status == 200, (value, answer.text)
        assert answer.json() == {"value": value}


@pytest.mark.parametrize("kind", KINDS)
def test_a_msgpack_body_comes_back_as_json_and_as_msgpack(node, kind):
    for value in VALUES + (LARGE if kind.startswith("py") else []):
        body = msgpack.packb({"value": value})
        as_json = node.ask("POST", f"/probe/via/{kind}", body, MSGPACK)
        assert as_json.status == 200, (value, as_json.text)
        assert as_json.json() == {"value": value}
        packed = node.ask("POST", f"/probe/via/{kind}", body,
                          {**MSGPACK, "Accept": "application/msgpack"})
        assert packed.headers["content-type"] == "application/msgpack"
        assert msgpack.unpackb(packed.body) == {"value": value}


def test_binary_comes_back_as_binary(node):
    body = msgpack.packb({"value": bytes(range(256))})
    packed = node.ask("POST", "/probe/echo", body, {**MSGPACK, "Accept": "application/msgpack"})
    assert msgpack.unpackb(packed.body) == {"value": bytes(range(256))}


@pytest.mark.parametrize("kind", ["py-raw-msgpack", "js-ws-json"])  # autobahn-python takes 1 MiB
def test_a_large_body_travels(node, kind):
    body = {"text": "x" * 3_000_000, "list": list(range(50_000))}
    answer = node.ask("POST", f"/probe/via/{kind}", body)
    assert answer.status == 200 and answer.json() == body


def test_chunked_bodies_are_bodies(node):
    pieces = [b'{"va', b'lue":', b' [1, 2]', b"}"]
    answer = node.ask("POST", "/probe/echo", iter(pieces),
                      {"Content-Type": "application/json"})
    assert answer.json() == {"value": [1, 2]}


def test_the_request_in_templates(node):
    answer = node.ask("GET", "/probe/request/J%C3%B6rg%20B?n=12&flag&a=b%26c+d",
                      headers={"X-Agent": "e2e"})
    assert answer.status == 200, answer.text
    body = answer.json()
    assert body["args"] == ["Jörg B", {"n": "12", "flag": True, "a": "b&c d"}, 7]
    assert body["last"] == 7 and body["count"] == 3
    kwargs = body["kwargs"]
    assert kwargs["method"] == "get" and kwargs["scheme"] == "http"
    assert kwargs["host"] == "127.0.0.1"
    assert kwargs["query"] == "n=12&flag&a=b%26c+d"
    assert kwargs["peer"].startswith("127.0.0.1:")
    assert kwargs["agent"] == "e2e"
    assert kwargs["plain"] == "Hello Jörg B"
    assert kwargs["quoted"] == "<Jörg B> get"
    assert kwargs["number"] == 12
    assert kwargs["literal"] == [1, 2.5, None, True, {"deep": "Jörg B"}]
    assert answer.headers["x-fixed"] == "yes"
    assert node.ask("GET", "/probe/request/x").json()["kwargs"]["number"] == 5


def test_request_data_is_never_evaluated(node):
    text = "{{status_codes}} {{request.path}} {{"
    answer = node.ask("POST", "/probe/injected", {"text": text})
    assert answer.json() == {"text": text}
    named = node.ask("GET", "/probe/request/%7B%7Brequest.path%7D%7D")
    assert named.json()["args"][0] == "{{request.path}}"


def test_a_result_cannot_split_headers(node):
    answer = node.ask("POST", "/probe/injected", {"text": "a\r\nset-cookie: x=1"})
    assert answer.status == 200
    assert "set-cookie" not in answer.headers and "x-text" not in answer.headers


def test_constraints_choose_the_route(node):
    assert node.ask("GET", "/probe/number/007").json() == {"number": 7}
    assert node.ask("GET", "/probe/number/seven").json() == {"word": "seven"}
    assert node.ask("GET", "/probe/number/1234567890").json() == {"word": "1234567890"}
    assert node.ask("GET", "/probe/number/7x").json() == {"word": "7x"}


def test_a_hopeless_constraint_does_not_stop_the_node(node):
    spec = static_spec("backtrack", 1, path="/:x")
    spec["versions"]["1"]["paths"]["/:x"]["constraints"] = {"x": "(a+)+b"}
    node.publish(spec)
    assert node.ask("GET", "/backtrack/" + "a" * 2000).status in (400, 404)
    assert node.ask("GET", "/backtrack/aab").status == 200


def test_the_rest_of_a_path(node):
    assert node.ask("GET", "/probe/rest/a/b/c").json() == {"path": "/probe/rest/a/b/c"}


def test_the_status_of_each_method(node):
    assert node.ask("PUT", "/probe/echo", {"a": 1}).status == 200
    empty = node.ask("PATCH", "/probe/echo", {"a": 1})
    assert (empty.status, empty.body) == (204, b"")
    assert node.ask("GET", "/probe/status").status == 202


def test_a_form_is_wrapped(node):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = node.ask("POST", "/probe/form", "a=1&b=2", kind)
    assert answer.status == 200, answer.text
    assert answer.json() == {"type": "application/x-www-form-urlencoded", "content": "a=1&b=2"}


DEFAULTS = {
    "wamp.error.timeout": 504, "bondy.error.timeout": 504,
    "wamp.error.no_such_procedure": 503, "wamp.error.no_eligible_callee": 503,
    "wamp.error.unavailable": 503, "wamp.error.no_available_callee": 503,
    "wamp.error.canceled": 502, "bondy.error.bad_gateway": 502,
    "wamp.error.network_failure": 502,
    "wamp.error.not_authorized": 403, "wamp.error.authorization_failed": 403,
    "bondy.error.not_found": 404, "wamp.error.no_such_realm": 404,
    "wamp.error.no_such_session": 404, "wamp.error.no_such_registration": 404,
    "wamp.error.no_such_subscription": 404,
    "bondy.error.already_exists": 409, "bondy.error.active_users": 409,
    "bondy.error.inconsistency_error": 409, "wamp.error.procedure_already_exists": 409,
    "wamp.error.invalid_argument": 400, "wamp.error.invalid_uri": 400,
    "wamp.error.option_not_allowed": 400, "bondy.error.missing_required_value": 400,
    "bondy.error.invalid_value": 400, "bondy.error.no_such_groups": 400,
    "bondy.error.no_such_users": 400, "bondy.error.unknown_user": 400,
    "wamp.error.payload_size_exceeded": 413,
    "bondy.error.too_many_requests": 429,
    "com.example.error.anything": 500,
}


@pytest.mark.parametrize("uri", DEFAULTS)
def test_an_error_has_its_status(node, uri):
    plain = node.ask("GET", f"/probe/fail/{uri}")
    assert plain.status == DEFAULTS[uri], plain.text
    assert plain.headers["content-type"].startswith("application/problem+json")
    assert plain.json()["code"] == uri
    assert plain.json()["detail"] == "what went wrong"
    assert ("retry-after" in plain.headers) == (plain.status in (429, 503))
    mapped = node.ask("GET", f"/probe/mapped/{uri}")
    assert mapped.status == DEFAULTS[uri], mapped.text
    assert mapped.headers["x-error"] == uri
    assert mapped.json() == {"uri": uri, "args": ["what went wrong"], "kwargs": {"k": 1}}


def test_the_specs_own_status_codes_win(node):
    assert node.ask("GET", "/probe/mapped/com.example.error.teapot").status == 418


def test_numbers_keep_their_kind(node):
    text = '{"i": 1, "f": 1.0, "e": 1e3, "big": 12345678901234567890, "neg": -0.5}'
    answer = node.ask("POST", "/probe/echo", text, {"Content-Type": "application/json"})
    body = answer.json()
    assert isinstance(body["i"], int) and isinstance(body["f"], float)
    assert body["big"] == 12345678901234567890
    assert math.isclose(body["neg"], -0.5)
