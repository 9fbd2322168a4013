"""When services, clients or the time fail: what HTTP clients are told."""
import contextlib
import json
import subprocess
import threading
import time

import pytest

from support.cli import curl
from support.patience import PATIENCE, wait_until
from support.peer import KINDS
from support.specs import text_of
from support.wampraw import (CALL, ERROR, INTERRUPT, INVOCATION, REGISTER, REGISTERED, YIELD,
                             HeldService, connect, session)


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


@pytest.fixture(scope="module", autouse=True)
def published(node):
    node.publish(text_of("probe.json"))


@pytest.fixture
def slow(node, realm):
    """The service behind /probe/slow, answering when it is told to."""
    with HeldService(node, realm, "com.example.e2e.slow") as service:
        yield service


class Background:
    """A request on a thread of its own."""

    def __init__(self, node, path):
        self.answer = None
        self.thread = threading.Thread(target=self._run, args=(node, path))
        self.thread.start()

    def _run(self, node, path):
        self.answer = node.ask("GET", path)

    def finish(self):
        self.thread.join(PATIENCE)
        assert self.answer is not None, "no answer"
        return self.answer


def open_calls(node):
    return node.metric("postern_wamp_calls_open")


def test_nobody_registered_is_503_with_retry_after(node):
    answer = node.ask("GET", "/probe/absent")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1
    problem = answer.json()
    assert problem["code"] == "wamp.error.no_such_procedure"
    assert problem["detail"] == "no service registered com.example.e2e.absent"


@pytest.mark.parametrize("kind", ["py-ws-json", "js-ws-json"])
def test_a_service_comes_and_goes(node, peer, kind):
    service = peer(kind)
    service.register("com.example.e2e.absent", "echo")
    assert node.ask("GET", "/probe/absent").status == 200
    service.leave()
    wait_until(lambda: node.ask("GET", "/probe/absent").status == 503, "the 503")


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_killed_mid_call_is_502_at_once(node, peer, kind):
    service = peer(kind)
    service.register("com.example.e2e.slow", "slow")
    waiting = Background(node, "/probe/slow/600")
    wait_until(lambda: open_calls(node) == 1, "the call on its way")
    assert node.ask("GET", "/probe/slow/0").status == 200  # behind it, so the first has arrived
    service.kill()
    answer = waiting.finish()
    assert answer.status == 502, answer.text
    assert answer.json()["code"] == "wamp.error.canceled"
    assert node.ask("GET", "/probe/slow/0").status == 503
    wait_until(lambda: open_calls(node) == 0, "the end of the calls")


def test_a_slow_service_is_504_in_time_and_interrupted(node, peer):
    service = peer("py-ws-json")
    service.register("com.example.e2e.slow", "slow")
    began = time.monotonic()
    answer = node.ask("GET", "/probe/hasty/600")
    assert answer.status == 504, answer.text
    assert time.monotonic() - began > 0.15
    assert answer.json()["code"] == "wamp.error.timeout"
    service.wait_for("interrupted")
    assert node.ask("GET", "/probe/slow/0").json() == ["done"]


def test_a_service_that_answers_after_the_deadline_is_not_heard(node, realm):
    with session(node, realm) as service:
        service.ask(REGISTER, {}, "com.example.e2e.slow")
        assert node.ask("GET", "/probe/hasty/30").status == 504
        invocation = service.receive()
        assert invocation[0] == INVOCATION
        assert service.receive()[:2] == [INTERRUPT, invocation[1]]
        service.send(YIELD, invocation[1], {}, ["late"])
        assert service.ask(REGISTER, {}, "com.example.e2e.other")[0] == REGISTERED


def test_clients_gone_before_the_answer_leave_nothing(node, slow):
    before = node.fd_count()
    url = f"http://{node.gateway}/probe/slow/1"
    clients = [subprocess.Popen(["curl", "-s", url], stdout=subprocess.DEVNULL)
               for _ in range(10)]
    calls = slow.take(10)
    for client in clients:
        client.kill()
        client.wait()
    slow.answer(calls)
    wait_until(lambda: open_calls(node) == 0, "the end of the calls")
    wait_until(lambda: node.fd_count() <= before + 1, "the connections gone")
    waiting = Background(node, "/probe/slow/0")
    slow.answer(slow.take())
    assert waiting.finish().json() == ["done"]


def test_a_client_gone_while_its_body_comes(node):
    with connect(node.gateway) as sock:
        sock.sendall(b"POST /probe/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100000\r\n\r\n{")
    assert node.ask("GET", "/probe/status").status == 202


def test_a_client_that_does_not_read_its_answer(node, peer):
    service = peer("py-raw-msgpack")
    service.register("com.example.e2e.echo", "echo")
    body = json.dumps({"text": "x" * 2_000_000}).encode()
    with connect(node.gateway) as sock:
        sock.sendall(b"POST /probe/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        for _ in range(20):
            assert node.ask("GET", "/probe/status").status == 202


def test_answers_of_nonsense_are_dropped(node, realm):
    # A callee that breaks the protocol in the middle of a call is gone, and so is the call.
    with session(node, realm) as service:
        service.ask(REGISTER, {}, "com.example.e2e.slow")
        waiting = Background(node, "/probe/slow/14")
        invocation = service.receive()
        service.send(YIELD, invocation[1], {}, "no list")
        assert waiting.finish().status == 502
        service.expect_abort()


def test_a_hostile_result_is_refused_whole(node, realm):
    # Valid framing around a payload that is a bomb: args claim four billion elements.
    with session(node, realm) as service:
        service.ask(REGISTER, {}, "com.example.e2e.slow")
        waiting = Background(node, "/probe/slow/14")
        invocation = service.receive()
        service.send_payload(b"\x94\x46" + service.encode(invocation[1]) +
                             b"\x80\xdd\xff\xff\xff\xff")
        assert waiting.finish().status == 502
        service.expect_abort()


def test_an_error_uri_that_is_no_uri_is_a_violation(node, realm):
    with session(node, realm) as service:
        service.ask(REGISTER, {}, "com.example.e2e.slow")
        waiting = Background(node, "/probe/slow/14")
        invocation = service.receive()
        service.send(ERROR, INVOCATION, invocation[1], {}, "evil\r\nset-cookie: a=b")
        answer = waiting.finish()
        assert answer.status in (500, 502)
        assert "set-cookie" not in answer.headers


def test_many_at_once(node, peer):
    service = peer("py-raw-msgpack")
    service.register("com.example.e2e.slow", "slow")
    waiting = [Background(node, "/probe/slow/0.2") for _ in range(50)]
    assert all(one.finish().json() == ["done"] for one in waiting)


def test_publishing_a_spec_does_not_disturb_calls(node, slow):
    waiting = [Background(node, "/probe/slow/0") for _ in range(10)]
    calls = slow.take(10)
    spec = json.loads(text_of("probe.json"))
    for n in range(5):
        spec["meta"] = {"n": n}
        node.publish(spec)
    assert node.ask_admin("DELETE", "/api_specs/com.example.probe").status == 204
    assert node.ask("GET", "/probe/slow/0").status == 404
    slow.answer(calls)
    assert all(one.finish().json() == ["done"] for one in waiting)
    node.publish(text_of("probe.json"))


@pytest.fixture
def draining(make_node, realm):
    """Makes a node with one open request: (node, its service, the call, who waits for it)."""
    with contextlib.ExitStack() as stack:
        def make(drain_timeout):
            own = make_node(settings={"node.drain_timeout": drain_timeout}).start()
            own.create_open_realm(realm)
            own.publish(text_of("probe.json"))
            service = stack.enter_context(HeldService(own, realm, "com.example.e2e.slow"))
            waiting = Background(own, "/probe/slow/0")
            return own, service, service.take(), waiting
        yield make


def refuses_connections(node):
    try:
        connect(node.gateway).close()
        return False
    except OSError:
        return True


def begin_to_drain(node):
    """Until the last thing that draining begins with has happened."""
    node.process.terminate()
    wait_until(lambda: refuses_connections(node), "the draining")


def test_sigterm_lets_open_requests_finish(draining):
    own, service, call, waiting = draining("10m")
    begin_to_drain(own)
    service.answer(call)
    answer = waiting.finish()
    assert answer.status == 200 and answer.json() == ["done"], answer.text
    assert answer.headers.get("connection", "").lower() == "close"
    assert own.wait() == 0


def test_what_outlasts_the_drain_is_503(draining):
    own, _, _, waiting = draining("300ms")
    own.process.terminate()
    answer = waiting.finish()
    assert answer.status == 503, answer.text
    assert own.wait() == 0


def test_while_draining_nobody_new_is_let_in(draining):
    own, service, call, waiting = draining("10m")
    with connect(own.admin) as admin:
        admin.sendall(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n")
        assert admin.recv(4096).startswith(b"HTTP/1.1 204")
        begin_to_drain(own)
        admin.sendall(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n")
        assert admin.recv(4096).startswith(b"HTTP/1.1 503")
        service.answer(call)
        assert waiting.finish().status == 200
        assert own.wait() == 0


def test_a_second_signal_skips_the_waiting(draining):
    own, _, _, waiting = draining("10m")
    own.process.terminate()
    wait_until(lambda: "stopping" in own.log_text(), "the draining")
    own.process.terminate()
    assert waiting.finish().status == 503
    assert own.wait() == 0


def test_curl_sees_what_python_sees(node):
    done = curl(f"http://{node.gateway}/probe/status")
    assert done.stdout == '{"ok":true}\n202', done


def test_calls_of_sessions_that_end_are_not_answered_elsewhere(node, realm):
    # A session id or request id used again must not get somebody else's late answer.
    with session(node, realm) as service:
        service.ask(REGISTER, {}, "com.example.e2e.slow")
        for n in range(1, 20):
            with session(node, realm) as caller:
                caller.send(CALL, 1, {}, "com.example.e2e.slow", [n])
                invocation = service.receive()
                while invocation[0] == INTERRUPT:
                    invocation = service.receive()
                if n % 2:
                    continue  # leaves at once
                service.send(YIELD, invocation[1], {}, [n])
                assert caller.receive()[3] == [n]
