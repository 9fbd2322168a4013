"""HTTP requests that become events: wamp_publish."""
import http.client
import json

import pytest

from support.patience import PATIENCE
from support.peer import KINDS
from support.specs import text_of

@pytest.fixture(scope="module", autouse=True)
def published(node):
    node.publish(text_of("announce.json"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_post_reaches_a_subscriber(node, peer, kind):
    subscriber = peer(kind)
    subscriber.subscribe("com.example.e2e.event.tick")
    body = {"n": 1, "text": "héllo", "list": [None, True, 1.25, {"deep": []}]}
    answer = node.ask("POST", "/announce/tick", body)
    assert answer.status == 200, answer.text
    event = subscriber.wait_for("event")
    assert event["args"] == [body]
    assert event["kwargs"]["by"] == "http" and event["kwargs"]["length"] > 0
    assert event["publication"] == answer.json()["publication"]


def post_in_a_row(node, path, bodies):
    """On one connection, so by one publisher, whose events keep their order."""
    connection = http.client.HTTPConnection(node.gateway, timeout=PATIENCE)
    for body in bodies:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200
        yield json.loads(response.read())
    connection.close()


def test_one_post_reaches_every_subscriber_once(node, peers):
    for peer in peers.values():
        peer.subscribe("com.example.e2e.event.all")
    answers = list(post_in_a_row(node, "/announce/all", [{"n": n} for n in range(5)]))
    for kind, peer in peers.items():
        got = [peer.wait_for("event", subscription="com.example.e2e.event.all")
               for _ in answers]
        assert [event["args"] for event in got] == [[{"n": n}] for n in range(5)], kind
        assert [event["publication"] for event in got] == \
            [answer["publication"] for answer in answers], kind
        assert peer.events() == [], kind


def test_an_event_without_subscribers_is_still_published(node):
    answer = node.ask("POST", "/announce/nobody", {})
    assert answer.status == 200 and answer.json()["publication"] > 0


def test_a_topic_outside_the_constraint_is_not_found(node):
    assert node.ask("POST", "/announce/NOPE", {}).status == 404
    assert node.ask("POST", "/announce/" + "a" * 17, {}).status == 404
