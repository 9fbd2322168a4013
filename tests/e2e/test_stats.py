"""GET /stats and its stream: numbers that agree with what was done, for many who watch at once."""
import base64
import contextlib
import http.client
import json
import time

import pytest

from support.node import Node, pause
from support.patience import PATIENCE, wait_until
from support.specs import static_spec
from support.wampraw import CALL, REGISTER, SUBSCRIBE, RawSocket

VIEWERS_MAX = 64


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


class Viewer:
    """A stream of events, read as they come."""

    def __init__(self, node, query="", last=None, user="admin", password=None):
        host, port = node.admin.rsplit(":", 1)
        pair = f"{user}:{password or node.password}".encode()
        headers = {"Authorization": "Basic " + base64.b64encode(pair).decode(),
                   "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        self.connection.request("GET", f"/stats/stream{query}", headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def field(self):
        """The next field as (name, value); None at the end."""
        while True:
            line = self.response.readline()
            if not line:
                return None
            if line.strip():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                return name, value

    def event(self):
        """The next event as (id, data); None at the end."""
        found = {}
        while "data" not in found:
            got = self.field()
            if got is None:
                return None
            found[got[0]] = got[1]
        return int(found["id"]), json.loads(found["data"])

    def events(self):
        got = []
        while (one := self.event()) is not None:
            got.append(one)
        return got


def stats(node, query=""):
    answer = node.ask_admin("GET", f"/stats{query}")
    assert answer.status == 200, answer.text
    return answer.json()


def by_second(points):
    return {point["time"]: point["second"] for point in points}


@pytest.fixture(scope="module")
def served(node, realm):
    node.publish(static_spec("counted", 2, realm))
    return "/counted/static"


def test_requests_are_found_in_the_seconds_in_which_they_were_answered(node, served):
    before = stats(node)["time"]
    for _ in range(20):
        assert node.ask("GET", served).status == 200
    for _ in range(5):
        assert node.ask("GET", "/no/such/path").status == 404
    node.ask_admin("GET", "/realms")  # the admin API is not counted

    def told():
        points = [p["second"] for p in stats(node, "?history=120")["history"] if p["time"] > before]
        done = sum(p["requests"] for p in points)
        assert done <= 25
        return points if done == 25 else None
    points = wait_until(told, "25 requests in the history")
    total = {name: sum(p["statuses"][name] for p in points) for name in points[0]["statuses"]}
    assert total == {"1xx": 0, "2xx": 20, "3xx": 0, "4xx": 5, "5xx": 0}
    for point in points:
        latency = point["latency_ms"]
        assert (latency is None) == (point["requests"] == 0)
        if latency:
            assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] < 1000 * PATIENCE
    minute = stats(node)["minute"]
    assert minute["requests"] >= 25 or minute["seconds"] == 60
    assert minute["requests_per_second"] > 0


def test_history_is_there_though_nobody_has_looked_before(make_node):
    node = make_node().start()
    for _ in range(3):
        node.ask("GET", "/nothing")

    def counted():
        return sum(p["second"]["requests"] for p in stats(node, "?history=120")["history"]) == 3
    pause(1.1)
    assert counted()  # at the first look already
    assert all(p["time"] <= time.time() + 1 for p in stats(node, "?history=120")["history"])


@pytest.mark.parametrize("query", ["?history=121", "?history=-1", "?history=x", "?history=1.5"])
def test_a_history_that_is_not_kept_is_refused(node, query):
    answer = node.ask_admin("GET", f"/stats{query}")
    assert answer.status == 400
    assert answer.json()["code"] == "wamp.error.invalid_argument"


def test_sessions_registrations_subscriptions_and_calls_are_counted(node, realm):
    before = stats(node)["wamp"]
    with contextlib.closing(RawSocket(node.rawsocket).join(realm)) as one, \
            contextlib.closing(RawSocket(node.rawsocket).join(realm)) as other:
        one.ask(REGISTER, {}, "com.example.stats.one")
        one.ask(REGISTER, {}, "com.example.stats.two")
        for peer in (one, other):  # the same: one subscription
            peer.ask(SUBSCRIBE, {}, "com.example.stats.topic")

        def told():
            now = stats(node)["wamp"]
            return [now[k] - before[k] for k in ("sessions", "registrations", "subscriptions")] == \
                [2, 2, 1]
        wait_until(told, "two sessions, two registrations and a subscription")
        with Viewer(node) as viewer:
            rates = []
            while not any(rates):
                for _ in range(10):
                    other.ask(CALL, {}, "wamp.session.count")
                rates.append(viewer.event()[1]["wamp"]["calls_per_second"])

    def gone():
        now = stats(node)["wamp"]
        return all(now[k] == before[k] for k in ("sessions", "registrations", "subscriptions"))
    wait_until(gone, "all of it gone again")


def test_a_shape_that_screens_can_rely_on(node):
    told = stats(node, "?history=2")
    assert {"node", "version", "time", "uptime_s", "second", "minute", "wamp", "store", "memory",
            "cpu", "history"} == set(told)
    assert told["memory"]["rss_bytes"] > 1 << 20
    assert len(told["cpu"]["workers"]) == 2
    assert told["store"]["state"] == "up" and told["store"]["nodes"] == 1
    assert 0 <= told["store"]["served"] <= told["store"]["seq"] > 0
    for point in told["history"]:
        assert {"time", "second", "wamp", "store", "memory", "cpu"} == set(point)
    with Viewer(node, "?count=1") as viewer:
        assert viewer.status == 200
        assert viewer.response.getheader("content-type") == "text/event-stream"
        assert viewer.response.getheader("cache-control") == "no-store"
        number, event = viewer.event()
        assert number == event["time"]
        assert set(event) == set(told) - {"node", "version", "history"}
        assert viewer.event() is None  # that was the one


def test_an_event_comes_each_second_and_none_twice(node):
    with Viewer(node, "?count=4") as viewer:
        assert viewer.field()[0] == "retry"
        numbers = [number for number, _ in viewer.events()]
    assert len(numbers) == 4
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] <= 3 * PATIENCE


def test_who_comes_again_is_given_what_he_missed(node):
    with Viewer(node, "?count=1") as viewer:
        last, _ = viewer.event()
    for _ in range(7):
        assert node.ask("GET", "/nothing").status == 404
    wait_until(lambda: stats(node)["time"] >= last + 3, "some seconds")
    with Viewer(node, "?count=3", last) as viewer:
        missed = viewer.events()
    assert [number for number, _ in missed] == [last + 1, last + 2, last + 3]
    assert sum(event["second"]["requests"] for _, event in missed) >= 7


@pytest.mark.parametrize("last", ["", "x", "-1", "0", "1", "99999999999999999999", "9" * 18, "é"])
def test_an_id_that_was_never_given_is_as_none(node, last):
    with Viewer(node, "?count=1", last.encode("latin-1").decode("latin-1")) as viewer:
        assert viewer.status == 200
        assert abs(viewer.event()[0] - time.time()) < PATIENCE


def test_the_stream_wants_the_same_rights_as_the_numbers(node):
    for path in ("/stats", "/stats/stream"):
        assert node.ask_admin("GET", path, user=None).status == 401
        assert node.ask_admin("GET", path, password="wrong").status == 401
        assert node.ask_admin("POST", path).status == 405
    with Viewer(node, password="wrong") as viewer:
        assert viewer.status == 401
        assert json.loads(viewer.response.read())["code"] == "wamp.error.authentication_failed"


def test_who_watches_beyond_the_bound_is_told_when_to_come_again(make_node):
    node = make_node().start()
    with contextlib.ExitStack() as stack:
        for _ in range(VIEWERS_MAX):
            assert stack.enter_context(Viewer(node)).status == 200
        with Viewer(node) as late:
            assert late.status == 503
            assert int(late.response.getheader("retry-after")) > 0
            assert json.loads(late.response.read())["code"] == "http.too_busy"

    def room():  # those who left are noticed at the next event
        with Viewer(node, "?count=1") as viewer:
            return viewer.status == 200
    wait_until(room, "room for one more")


def test_a_stream_ends_when_the_node_does(make_node):
    node = make_node().start()
    with Viewer(node) as viewer:
        assert viewer.event()
        begun = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - begun < PATIENCE
        while viewer.event() is not None:  # and it ends properly, not in the middle
            pass
