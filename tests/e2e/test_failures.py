"""When services, clients or the time fail: what HTTP clients are told."""
import json
import subprocess
import threading
import time

import pytest

from support.cli import curl
from support.node import ask
from support.patience import PATIENCE, wait_until
from support.peer import KINDS
from support.specs import text_of
from support.wampraw import (CALL, ERROR, INTERRUPT, INVOCATION, REGISTER, REGISTERED, YIELD,
                             connect, session)


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


@pytest.fixture(scope="module", autouse=True)
def published(node):
    node.publish(text_of("probe.json"))


class Background:
    """A request on a thread of its own."""

    def __init__(self, node, path):
        self.answer = None
        self.took = None
        self.thread = threading.Thread(target=self._run, args=(node, path))
        self.thread.start()

    def _run(self, node, path):
        began = time.monotonic()
        self.answer = node.ask("GET", path)
        self.took = time.monotonic() - began

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
    waiting = Background(node, "/probe/slow/14")
    wait_until(lambda: open_calls(node) == 1, "the call on its way")
    assert node.ask("GET", "/probe/slow/0").status == 200  # behind it, so the first has arrived
    service.kill()
    answer = waiting.finish()
    assert answer.status == 502, answer.text
    assert waiting.took < 10
    assert answer.json()["code"] == "wamp.error.canceled"
    assert node.ask("GET", "/probe/slow/0").status == 503
    assert open_calls(node) == 0


def test_a_slow_service_is_504_in_time_and_interrupted(node, peer):
    service = peer("py-ws-json")
    service.register("com.example.e2e.slow", "slow")
    began = time.monotonic()
    answer = node.ask("GET", "/probe/hasty/30")
    assert answer.status == 504, answer.text
    assert 0.15 < time.monotonic() - began < 10
    assert answer.json()["code"] == "wamp.error.timeout"
    service.wait_for("interrupted")
    assert node.ask("GET", "/probe/hasty/0").json() == ["done"]


def test_a_service_that_answers_after_the_deadline_is_not_heard(node, realm):
    with session(node, realm) as service:
        service.ask(REGISTER, {}, "com.example.e2e.slow")
        assert node.ask("GET", "/probe/hasty/30").status == 504
        invocation = service.receive()
        assert invocation[0] == INVOCATION
        assert service.receive()[:2] == [INTERRUPT, invocation[1]]
        service.send(YIELD, invocation[1], {}, ["late"])
        assert service.ask(REGISTER, {}, "com.example.e2e.other")[0] == REGISTERED


def test_clients_gone_before_the_answer_leave_nothing(node, peer):
    service = peer("py-raw-msgpack")
    service.register("com.example.e2e.slow", "slow")
    before = node.fd_count()
    url = f"http://{node.gateway}/probe/slow/1"
    clients = [subprocess.Popen(["curl", "-s", url], stdout=subprocess.DEVNULL)
               for _ in range(10)]
    wait_until(lambda: open_calls(node) == 10, "ten calls on their way")
    for client in clients:
        client.kill()
        client.wait()
    wait_until(lambda: open_calls(node) == 0, "the end of the calls")
    wait_until(lambda: node.fd_count() <= before + 1, "the connections gone")
    assert node.ask("GET", "/probe/slow/0").json() == ["done"]


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
    assert max(one.took for one in waiting) < 10


def test_publishing_a_spec_does_not_disturb_calls(node, peer):
    service = peer("py-raw-msgpack")
    service.register("com.example.e2e.slow", "slow")
    waiting = [Background(node, "/probe/slow/0.5") for _ in range(10)]
    wait_until(lambda: open_calls(node) == 10, "ten calls on their way")
    spec = json.loads(text_of("probe.json"))
    for n in range(5):
        spec["meta"] = {"n": n}
        node.publish(spec)
    assert node.ask_admin("DELETE", "/api_specs/com.example.probe").status == 204
    assert node.ask("GET", "/probe/slow/0").status == 404
    assert all(one.finish().json() == ["done"] for one in waiting)
    node.publish(text_of("probe.json"))


def test_sigterm_lets_open_requests_finish(make_node, realm):
    from support.peer import Peer
    own = make_node().start()
    own.create_open_realm(realm)
    own.publish(text_of("probe.json"))
    with Peer(own, realm, "py-ws-json") as service:
        service.register("com.example.e2e.slow", "slow")
        waiting = Background(own, "/probe/slow/1")
        wait_until(lambda: open_calls(own) == 1, "the call on its way")
        own.process.terminate()
        answer = waiting.finish()
        assert answer.status == 200 and answer.json() == ["done"], answer.text
        assert answer.headers.get("connection", "").lower() == "close"
        assert own.wait() == 0


def test_what_outlasts_the_drain_is_503(make_node, realm):
    from support.peer import Peer
    own = make_node(settings={"node.drain_timeout": "300ms"}).start()
    own.create_open_realm(realm)
    own.publish(text_of("probe.json"))
    with Peer(own, realm, "py-ws-json") as service:
        service.register("com.example.e2e.slow", "slow")
        waiting = Background(own, "/probe/slow/14")
        wait_until(lambda: open_calls(own) == 1, "the call on its way")
        own.process.terminate()
        answer = waiting.finish()
        assert answer.status == 503, answer.text
        assert waiting.took < 10
        assert own.wait() == 0


def test_while_draining_nobody_new_is_let_in(make_node, realm):
    from support.peer import Peer
    own = make_node().start()
    own.create_open_realm(realm)
    own.publish(text_of("probe.json"))
    with Peer(own, realm, "py-ws-json") as service, connect(own.admin) as admin:
        service.register("com.example.e2e.slow", "slow")
        waiting = Background(own, "/probe/slow/6")
        wait_until(lambda: open_calls(own) == 1, "the call on its way")
        admin.sendall(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n")
        assert admin.recv(4096).startswith(b"HTTP/1.1 204")
        own.process.terminate()
        wait_until(lambda: "stopping" in own.log_text(), "the draining")
        admin.sendall(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n")
        assert admin.recv(4096).startswith(b"HTTP/1.1 503")
        with pytest.raises(OSError):
            ask(own.gateway, "GET", "/probe/status", timeout=2)
        assert waiting.finish().status == 200
        assert own.wait() == 0


def test_a_second_signal_skips_the_waiting(make_node, realm):
    from support.peer import Peer
    own = make_node().start()
    own.create_open_realm(realm)
    own.publish(text_of("probe.json"))
    with Peer(own, realm, "py-ws-json") as service:
        service.register("com.example.e2e.slow", "slow")
        waiting = Background(own, "/probe/slow/14")
        wait_until(lambda: open_calls(own) == 1, "the call on its way")
        own.process.terminate()
        wait_until(lambda: "stopping" in own.log_text(), "the draining")
        own.process.terminate()
        assert waiting.finish().status == 503
        assert waiting.took < 10
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
