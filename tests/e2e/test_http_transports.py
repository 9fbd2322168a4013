"""WAMP over HTTP: long-poll and SSE, on both fronts, with workers that do not share a thread."""
import http.client
import json
import threading
import time

import pytest

from support.node import pause
from support.patience import PATIENCE, wait_until
from support.tunnel import EventStream, HalfReceive, LongPoll, Sse
from support.wampraw import (ABORT, CALL, EVENT, GOODBYE, HELLO, INVOCATION, PUBLISH, PUBLISHED,
                             REGISTER, REGISTERED, RESULT, ROLES, SUBSCRIBE, SUBSCRIBED, VIOLATION,
                             WELCOME, YIELD, session)

PROTOCOLS = ["wamp.2.json", "wamp.2.msgpack", "wamp.2.cbor", "wamp.2.json.batched",
             "wamp.2.msgpack.batched", "wamp.2.cbor.batched"]


@pytest.fixture(scope="module", params=["h1", "mhd"])
def front(request):
    return request.param


def open_tunnel(node, kind):
    return Sse(node).listen() if kind == "sse" else LongPoll(node, kind)


KINDS = PROTOCOLS + ["sse"]


# --- whole sessions -----------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
def test_a_caller_and_a_callee_far_apart_talk(node, realm, kind):
    uri = f"com.example.http.{kind}"
    with session(node, realm) as callee:
        assert callee.ask(REGISTER, {}, uri)[0] == REGISTERED
        caller = open_tunnel(node, kind).join(realm)
        caller.send(CALL, 1, {}, uri, ["žluťoučký \U0001f40e"], {"deep": [[[1.5, None]]]})
        invocation = callee.receive()
        assert invocation[0] == INVOCATION
        callee.send(YIELD, invocation[1], {}, *invocation[4:])
        result = caller.receive()
        assert result[0] == RESULT
        assert result[3:] == [["žluťoučký \U0001f40e"], {"deep": [[[1.5, None]]]}]
        caller.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_callee_over_http_answers_calls(node, realm, kind):
    uri = f"com.example.http.callee.{kind}"
    callee = open_tunnel(node, kind).join(realm)
    assert callee.ask(REGISTER, {}, uri)[0] == REGISTERED
    with session(node, realm, "ws", "json") as caller:
        for number in range(1, 6):
            caller.send(CALL, number, {}, uri, [number])
        for _ in range(5):
            invocation = callee.receive()
            callee.send(YIELD, invocation[1], {}, [invocation[4][0] * 2])
        answers = [caller.receive() for _ in range(5)]
        assert sorted(a[3][0] for a in answers) == [2, 4, 6, 8, 10]
    callee.close()


@pytest.mark.parametrize("kind", KINDS)
def test_events_come_in_order_and_none_is_missing(node, realm, kind):
    topic = f"com.example.http.topic.{kind}"
    subscriber = open_tunnel(node, kind).join(realm)
    assert subscriber.ask(SUBSCRIBE, {}, topic)[0] == SUBSCRIBED
    with session(node, realm) as publisher:
        for number in range(1, 201):
            publisher.send(PUBLISH, number, {}, topic, [number])
    got = [subscriber.receive() for _ in range(200)]
    assert [m[0] for m in got] == [EVENT] * 200
    assert [m[4][0] for m in got] == list(range(1, 201))
    subscriber.close()


@pytest.mark.parametrize("kind", KINDS)
def test_goodbye_is_answered_and_a_new_session_may_follow(node, realm, kind):
    tunnel = open_tunnel(node, kind).join(realm)
    first = tunnel.session
    tunnel.send(GOODBYE, {}, "wamp.close.normal")
    assert tunnel.receive()[0] == GOODBYE
    assert tunnel.join(realm).session != first
    tunnel.close()


def test_a_batch_may_carry_several_messages_both_ways(node, realm):
    for protocol in PROTOCOLS[3:]:
        tunnel = LongPoll(node, protocol).join(realm)
        body = b"".join(tunnel.frame(tunnel.encode(m)) for m in
                        ([SUBSCRIBE, 1, {}, "com.example.http.a"],
                         [SUBSCRIBE, 2, {}, "com.example.http.b"]))
        assert tunnel.post("send", body).status == 202
        answer = tunnel.post("receive")
        assert [tunnel.decode(p)[:2] for p in tunnel.unframe(answer.body)] == \
            [[SUBSCRIBED, 1], [SUBSCRIBED, 2]]
        tunnel.close()


def test_a_plain_receive_gives_one_message_at_a_time(node, realm):
    tunnel = LongPoll(node).join(realm)
    for number in (1, 2):
        tunnel.send(SUBSCRIBE, number, {}, f"com.example.http.single{number}")
    for number in (1, 2):
        answer = tunnel.post("receive")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()[:2] == [SUBSCRIBED, number]
    tunnel.close()


def test_a_tunnel_is_found_from_every_worker(node, realm):
    """Connections are spread over the workers; transports are where they were opened."""
    tunnels = [LongPoll(node) for _ in range(12)]
    assert {t.id[:2] for t in tunnels} == {"00", "01"}
    for tunnel in tunnels:
        tunnel.join(realm)
        tunnel.close()


def test_json_with_line_ends_is_one_event(node, realm):
    sse = Sse(node).listen().join(realm)
    assert sse.ask(SUBSCRIBE, {}, "com.example.http.lines")[0] == SUBSCRIBED
    with session(node, realm, "ws", "json") as publisher:
        publisher.send_payload(
            b'[16,1,{},"com.example.http.lines",[1,\n\r\n{"a\\n":\r"b"}]]')
    event = sse.receive()
    assert event[4] == [1, {"a\n": "b"}]
    sse.close()


# --- the ends of it ------------------------------------------------------------------------------

def test_a_poll_without_messages_ends_with_204(make_node):
    node = make_node(settings={"wamp.longpoll.poll_timeout": "200ms"})
    with node:
        node.create_open_realm("com.example.e2e")
        tunnel = LongPoll(node).join("com.example.e2e")
        began = time.monotonic()
        answer = tunnel.post("receive")
        assert answer.status == 204 and answer.body == b""
        assert time.monotonic() - began >= 0.2
        tunnel.close()


def test_close_ends_session_and_transport(node, realm):
    tunnel = LongPoll(node).join(realm)
    parked = HalfReceive(node, tunnel.path("receive"))
    assert tunnel.close().status == 202
    assert parked.status() in (204, 404)  # 404 when the close was faster
    for what in ("send", "receive", "close"):
        answer = tunnel.post(what, b"[]")
        assert answer.status == 404 and answer.json() == {"error": "transport_not_found"}


def test_close_ends_an_event_stream(node, realm):
    sse = Sse(node).listen().join(realm)
    assert sse.post("close").status == 202
    assert sse.stream.next() == ("transport_error", "session_terminated")
    assert sse.stream.next() is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_words_are_still_to_be_had(node, kind):
    tunnel = open_tunnel(node, kind)
    tunnel.send(HELLO, "com.example.no_such_realm", ROLES)
    abort = tunnel.receive()
    assert abort[0] == ABORT and abort[2] == "wamp.error.no_such_realm"
    if kind == "sse":
        assert tunnel.stream.next() == ("transport_error", "session_terminated")
    wait_until(lambda: tunnel.post("send", tunnel.frame(b"[]")).status == 404, "the end")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_hello_opens_a_session(node, kind):
    tunnel = open_tunnel(node, kind)
    tunnel.send(CALL, 1, {}, "com.example.echo")
    abort = tunnel.receive()
    assert abort[0] == ABORT and abort[2] == VIOLATION


def test_a_transport_without_hello_is_ended(make_node):
    node = make_node(settings={"wamp.hello_timeout": "200ms"})
    with node:
        tunnel = LongPoll(node)
        abort = tunnel.receive()
        assert abort[0] == ABORT and abort[2] == "wamp.error.timeout"


def test_idle_and_old_transports_end(make_node):
    node = make_node(settings={"wamp.http.idle_timeout": "1s"})
    with node:
        node.create_open_realm("com.example.e2e")
        tunnel = LongPoll(node).join("com.example.e2e")
        wait_until(lambda: node.metric("postern_transport_connections", transport="longpoll") == 0,
                   "the idle transport is gone")
        assert tunnel.post("receive").status == 404
    node = make_node("second", settings={"wamp.http.transport_ttl": "1s"})
    with node:
        node.create_open_realm("com.example.e2e")
        sse = Sse(node).listen().join("com.example.e2e")
        goodbye = sse.receive()
        assert goodbye[0] == GOODBYE and goodbye[2] == "wamp.close.normal"
        assert sse.stream.next() == ("transport_error", "session_terminated")


def test_a_stop_says_goodbye(make_node):
    node = make_node()
    with node:
        node.create_open_realm("com.example.e2e")
        sse = Sse(node).listen().join("com.example.e2e")
        poll = LongPoll(node, "wamp.2.json.batched").join("com.example.e2e")
        got = []
        thread = threading.Thread(target=lambda: got.append(poll.receive()))
        thread.start()
        pause(0.2)
        assert node.stop() == 0
        goodbye = sse.receive()
        assert goodbye[0] == GOODBYE and goodbye[2] == "wamp.close.system_shutdown"
        thread.join(PATIENCE)
        assert got[0][0] == GOODBYE


def test_event_streams_are_kept_alive(make_node):
    node = make_node(settings={"wamp.sse.keepalive": "100ms"})
    with node:
        node.create_open_realm("com.example.e2e")
        sse = Sse(node).listen().join("com.example.e2e")
        assert sse.ask(SUBSCRIBE, {}, "com.example.later")[0] == SUBSCRIBED
        pause(0.5)
        with session(node, "com.example.e2e") as publisher:
            publisher.send(PUBLISH, 1, {}, "com.example.later", [])
            assert sse.receive()[0] == EVENT
        assert ": keepalive" in sse.stream.comments
        sse.close()


# --- receiving twice, hanging up ------------------------------------------------------------------

def test_a_second_receive_ends_the_first(node, realm):
    tunnel = LongPoll(node).join(realm)
    first = HalfReceive(node, tunnel.path("receive"))
    pause(0.2)
    second = HalfReceive(node, tunnel.path("receive"))
    assert first.status() == 409
    tunnel.send(SUBSCRIBE, 1, {}, "com.example.http.second")
    assert second.status() == 200
    tunnel.close()


def test_a_second_stream_ends_the_first(node, realm):
    sse = Sse(node).listen().join(realm)
    second = EventStream(node, sse.path("receive"))
    assert second.status == 200
    assert sse.stream.next() == ("transport_error", "receive_replaced")
    assert sse.stream.next() is None
    sse.send(SUBSCRIBE, 1, {}, "com.example.http.second")
    event, data = second.next()
    assert event == "wamp" and json.loads(data)[0] == SUBSCRIBED
    second.close()
    sse.close()


def test_two_clients_that_steal_from_each_other_lose_nothing(node, realm):
    tunnel = LongPoll(node).join(realm)
    assert tunnel.ask(SUBSCRIBE, {}, "com.example.http.stolen")[0] == SUBSCRIBED
    got, lock = [], threading.Lock()

    def steal():
        while len(got) < 60:
            answer = tunnel.post("receive")
            if answer.status == 200:
                with lock:
                    got.append(answer.json()[4][0])

    thieves = [threading.Thread(target=steal, daemon=True) for _ in range(2)]
    for thief in thieves:
        thief.start()
    with session(node, realm) as publisher:
        for number in range(1, 61):
            publisher.send(PUBLISH, number, {}, "com.example.http.stolen", [number])
        wait_until(lambda: len(got) >= 60, "all events")
    assert sorted(got) == list(range(1, 61))
    tunnel.close()  # which ends the last poll
    for thief in thieves:
        thief.join(PATIENCE)


def test_what_a_client_that_hung_up_did_not_get_stays(node, realm, front):
    if front == "mhd":
        pytest.skip("libmicrohttpd does not notice that a waiting client leaves")
    tunnel = LongPoll(node).join(realm)
    assert tunnel.ask(SUBSCRIBE, {}, "com.example.http.kept")[0] == SUBSCRIBED
    with session(node, realm) as publisher:
        for number in range(1, 6):
            half = HalfReceive(node, tunnel.path("receive"))
            pause(0.05)
            half.hang_up()
            pause(0.3)
            publisher.send(PUBLISH, number, {"acknowledge": True}, "com.example.http.kept",
                           [number])
            assert publisher.receive()[0] == PUBLISHED
            assert tunnel.receive()[4] == [number]
    tunnel.close()


def test_a_stream_may_be_taken_up_again(node, realm, front):
    if front == "mhd":
        pytest.skip("libmicrohttpd does not notice that a waiting client leaves")
    sse = Sse(node).listen().join(realm)
    assert sse.ask(SUBSCRIBE, {}, "com.example.http.again")[0] == SUBSCRIBED
    sse.stream.close()
    pause(0.3)
    with session(node, realm) as publisher:
        publisher.send(PUBLISH, 1, {"acknowledge": True}, "com.example.http.again", ["kept"])
        assert publisher.receive()[0] == PUBLISHED
    sse.listen()
    assert sse.receive()[4] == ["kept"]
    sse.close()


# --- limits -----------------------------------------------------------------------------------------

def test_events_that_nobody_fetches_are_dropped_oldest_first(make_node):
    node = make_node(settings={"wamp.http.queue_messages": "10"})
    with node:
        node.create_open_realm("com.example.e2e")
        tunnel = LongPoll(node).join("com.example.e2e")
        assert tunnel.ask(SUBSCRIBE, {}, "com.example.many")[0] == SUBSCRIBED
        with session(node, "com.example.e2e") as publisher:
            for number in range(1, 51):
                publisher.send(PUBLISH, number, {"acknowledge": True}, "com.example.many",
                               [number])
                assert publisher.receive()[0] == PUBLISHED
        wait_until(lambda: node.metric("postern_tunnel_events_dropped_total",
                                       transport="longpoll") == 40, "40 events dropped")
        assert [tunnel.receive()[4][0] for _ in range(10)] == list(range(41, 51))
        tunnel.close()


def test_answers_that_nobody_fetches_are_not_dropped(make_node):
    """The client is not read on while its answers wait, and nothing of them is lost."""
    node = make_node(settings={"wamp.http.queue_messages": "10"})
    with node:
        node.create_open_realm("com.example.e2e")
        tunnel = LongPoll(node, "wamp.2.json.batched").join("com.example.e2e")
        senders = [threading.Thread(target=tunnel.send, daemon=True,
                                    args=(SUBSCRIBE, number, {}, f"com.example.t{number}"))
                   for number in range(1, 31)]
        for sender in senders:
            sender.start()
        got = [tunnel.receive() for _ in range(30)]
        assert sorted(m[1] for m in got) == list(range(1, 31))
        for sender in senders:
            sender.join(PATIENCE)
        tunnel.close()


def test_a_message_that_waits_too_long(make_node):
    node = make_node(settings={"wamp.http.message_ttl": "1s"})
    with node:
        node.create_open_realm("com.example.e2e")
        tunnel = LongPoll(node).join("com.example.e2e")
        assert tunnel.ask(SUBSCRIBE, {}, "com.example.old")[0] == SUBSCRIBED
        with session(node, "com.example.e2e") as publisher:
            publisher.send(PUBLISH, 1, {}, "com.example.old", [])
        wait_until(lambda: node.metric("postern_tunnel_events_dropped_total") == 1, "it is dropped")
        tunnel.send(SUBSCRIBE, 2, {}, "com.example.answer")
        wait_until(lambda: "wamp.close.overflow" in node.log_text(), "the session is closed")
        assert tunnel.receive()[0] == SUBSCRIBED
        goodbye = tunnel.receive()
        assert goodbye[0] == GOODBYE and goodbye[2] == "wamp.close.overflow"


def test_only_so_many_transports(make_node):
    node = make_node(settings={"wamp.http.transports": "3"})
    with node:
        tunnels = [LongPoll(node) for _ in range(3)]
        answer = node.ask("POST", "/wamp/sse/open", {"protocols": ["wamp.2.json.sse"]})
        assert answer.status == 503 and answer.json() == {"error": "too_many_transports"}
        assert "retry-after" in answer.headers
        tunnels[0].close()
        LongPoll(node)


def test_large_messages_pass_whole(node, realm):
    text = "x" * 3_000_000
    for kind in ("wamp.2.json", "wamp.2.msgpack.batched", "sse"):
        tunnel = open_tunnel(node, kind).join(realm)
        with session(node, realm) as other:
            other.ask(SUBSCRIBE, {}, "com.example.http.large")
            tunnel.ask(SUBSCRIBE, {}, "com.example.http.large")
            tunnel.send(PUBLISH, 2, {}, "com.example.http.large", [text])
            assert other.receive()[4] == [text]
            other.send(PUBLISH, 2, {}, "com.example.http.large", [text])
            assert tunnel.receive()[4] == [text]
        tunnel.close()


# --- what is refused --------------------------------------------------------------------------------

@pytest.mark.parametrize("body, error", [
    (b"", "invalid_json"),
    (b"{", "invalid_json"),
    (b"[]", "invalid_json"),
    (b'{"protocols":["wamp.2.json"]', "invalid_json"),
    (b"\xff\xfe", "invalid_json"),
    (b"[" * 5000, "invalid_json"),
    (b"{}", "no_supported_protocol"),
    (b'{"protocols":"wamp.2.json"}', "no_supported_protocol"),
    (b'{"protocols":[]}', "no_supported_protocol"),
    (b'{"protocols":[1,null,{},["wamp.2.json"],"wamp.2.bert"]}', "no_supported_protocol"),
])
def test_an_open_that_makes_no_sense(node, body, error):
    answer = node.ask("POST", "/wamp/longpoll/open", body)
    assert answer.status == 400
    assert answer.json()["error"] == error
    if error == "no_supported_protocol":
        assert set(PROTOCOLS) <= set(answer.json()["supported"])


def test_the_first_protocol_that_is_known_is_taken(node):
    answer = node.ask("POST", "/wamp/longpoll/open",
                      {"protocols": ["wamp.9", "wamp.2.msgpack", "wamp.2.json"]})
    assert answer.json()["protocol"] == "wamp.2.msgpack"


@pytest.mark.parametrize("name", ["", "0", "00", "g" * 42, "ff" + "0" * 40, "00" + "0" * 40,
                                  "00" + "A" * 40, "0" * 43, "0" * 4000, "..", "%00", "*"])
def test_names_that_are_none(node, name):
    for method, path in (("POST", f"/wamp/longpoll/{name}/receive"),
                         ("POST", f"/wamp/longpoll/{name}/send"),
                         ("POST", f"/wamp/longpoll/{name}/close"),
                         ("GET", f"/wamp/sse/{name}/receive")):
        answer = node.ask(method, path)
        assert answer.status == 404, answer.text
        assert answer.json()["error"] == "transport_not_found"


def test_one_kind_of_transport_is_not_the_other(node):
    tunnel = LongPoll(node)
    assert node.ask("GET", f"/wamp/sse/{tunnel.id}/receive").status == 404
    assert node.ask("POST", f"/wamp/sse/{tunnel.id}/close").status == 404
    assert tunnel.close().status == 202


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/wamp/", 404), ("GET", "/wamp/longpoll", 404), ("POST", "/wamp/longpoll/", 404),
    ("POST", "/wamp/longpoll/open/", 404), ("POST", "/wamp/other/open", 404),
    ("POST", "/wamp/longpoll/open/send/x", 404), ("GET", "/wamp/longpoll/open", 405),
    ("PUT", "/wamp/sse/open", 405), ("POST", "//wamp/longpoll/open", 404),
    ("POST", "/%77amp/longpoll/open", 404), ("POST", "/wamp", 404),
])
def test_other_paths_and_methods(node, method, path, status):
    assert node.ask(method, path).status == status


def test_a_query_is_ignored(node):
    answer = node.ask("POST", "/wamp/longpoll/open?x=382913", {"protocols": ["wamp.2.json"]})
    assert answer.status == 200


@pytest.mark.parametrize("protocol, body, error", [
    ("wamp.2.json", b"", "invalid_json"),
    ("wamp.2.json", b"[1", "invalid_json"),
    ("wamp.2.json", b"nonsense", "invalid_json"),
    ("wamp.2.json", b"\x93\x01", "invalid_json"),
    ("wamp.2.msgpack", b"[1,2]", "invalid_message"),
    ("wamp.2.msgpack", b"\xc1", "invalid_message"),
    ("wamp.2.cbor", b"\xff", "invalid_message"),
    ("wamp.2.json.batched", b"", "invalid_json"),
    ("wamp.2.json.batched", b"[1,2]", "invalid_json"),
    ("wamp.2.msgpack.batched", b"", "invalid_message"),
    ("wamp.2.msgpack.batched", b"\0\0", "invalid_message"),
    ("wamp.2.msgpack.batched", b"\xff\xff\xff\xff\x90", "invalid_message"),
])
def test_what_is_no_message_is_400_and_a_violation(node, realm, protocol, body, error):
    tunnel = LongPoll(node, protocol).join(realm)
    answer = tunnel.post("send", body)
    assert answer.status == 400 and answer.json() == {"error": error}
    abort = tunnel.receive()
    assert abort[0] == ABORT and abort[2] == VIOLATION


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png",
                                  "multipart/form-data; boundary=x"])
def test_content_types_do_not_matter(node, realm, kind):
    tunnel = LongPoll(node, headers={"Content-Type": kind})
    hello = json.dumps([HELLO, realm, ROLES])
    assert tunnel.post("send", hello, headers={"Content-Type": kind}).status == 202
    assert tunnel.receive()[0] == WELCOME
    tunnel.close()


def test_bodies_are_bounded(make_node):
    node = make_node(settings={"wamp.message_max": "64k"})
    with node:
        node.create_open_realm("com.example.e2e")
        tunnel = LongPoll(node).join("com.example.e2e")
        assert tunnel.post("send", b"[" + b" " * 70_000 + b"]").status == 413
        assert node.ask("POST", "/wamp/longpoll/open", b" " * 70_000).status == 413
        host, port = node.gateway.rsplit(":", 1)
        chunked = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        chunked.request("POST", tunnel.path("send"), body=(b" " * 10_000 for _ in range(8)),
                        encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        assert chunked.getresponse().status == 413
        chunked.close()
        assert tunnel.ask(SUBSCRIBE, {}, "com.example.still")[0] == SUBSCRIBED
        tunnel.close()


def test_events_are_not_for_who_does_not_accept_them(node):
    sse = Sse(node)
    assert node.ask("GET", sse.path("receive"), headers={"Accept": "text/html"}).status == 406
    assert sse.listen().stream.status == 200
    sse.close()


def test_an_open_with_credentials_is_a_transport_as_any_other(node, realm):
    for headers in ({"Authorization": "Bearer abc"}, {"Authorization": "Basic YTpi"},
                    {"Authorization": "Bearer " + "x" * 3000, "Cookie": "a=b"}):
        tunnel = LongPoll(node, headers=headers)
        tunnel.send(HELLO, realm, {**ROLES, "authmethods": ["anonymous"]})
        assert tunnel.receive()[0] == WELCOME
        tunnel.close()


def test_a_cookie_gives_no_rights(node, realm):
    tunnel = LongPoll(node, headers={"Cookie": "ticket=abc"})
    tunnel.send(HELLO, realm, {**ROLES, "authmethods": ["cookie"], "authid": "alice"})
    assert tunnel.receive()[0] == ABORT


def test_transports_are_no_secret_of_the_log(node, realm):
    tunnel = LongPoll(node).join(realm)
    tunnel.close()
    assert tunnel.id[2:] not in node.log_text()


# --- browsers ----------------------------------------------------------------------------------------

def test_pages_of_any_origin_may_by_default(node):
    page = {"Origin": "https://page.example"}
    answer = node.ask("OPTIONS", "/wamp/longpoll/open",
                      headers={**page, "Access-Control-Request-Method": "POST"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    opened = node.ask("POST", "/wamp/longpoll/open", {"protocols": ["wamp.2.json"]}, headers=page)
    assert opened.headers["access-control-allow-origin"] == "*"


def test_pages_of_listed_origins_alone(make_node):
    node = make_node(settings={"wamp.origins": "https://page.example"})
    with node:
        for path in ("/wamp/longpoll/open", "/wamp/sse/open"):
            answer = node.ask("POST", path, {"protocols": ["wamp.2.json"]},
                              headers={"Origin": "https://page.example"})
            assert answer.status == 200
            assert answer.headers["access-control-allow-origin"] == "https://page.example"
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["vary"] == "origin"
            answer = node.ask("POST", path, {"protocols": ["wamp.2.json"]},
                              headers={"Origin": "https://evil.example"})
            assert answer.status == 403 and answer.json() == {"error": "origin_not_allowed"}
            assert "access-control-allow-origin" not in answer.headers
            assert node.ask("OPTIONS", path, headers={"Origin": "null"}).status == 403


# --- a client that is not ours -------------------------------------------------------------------------

def test_autobahn_js_over_longpoll(node, realm, peer, peers):
    js = peer("js-longpoll")
    peers["py-ws-json"].register("com.example.http.py", "echo")
    assert js.call("com.example.http.py", 1, "é", a=[2])["kwargs"] == {"a": [2]}
    js.register("com.example.http.js", "echo")
    assert peers["py-raw-msgpack"].call("com.example.http.js", 7)["args"] == [7]
    js.subscribe("com.example.http.ev")
    peers["py-ws-json"].publish("com.example.http.ev", "hello")
    assert js.wait_for("event")["args"] == ["hello"]
