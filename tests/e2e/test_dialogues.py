"""Every dialogue of tests/wamp, over both transports and all serializers, and mixed."""
import itertools

import pytest

from support.dialogue import Run, load

WIRES = {
    "raw-msgpack": [("raw", "msgpack")], "raw-json": [("raw", "json")],
    "raw-cbor": [("raw", "cbor")], "ws-msgpack": [("ws", "msgpack")],
    "ws-json": [("ws", "json")], "ws-cbor": [("ws", "cbor")],
    "mixed": [("ws", "json"), ("raw", "msgpack"), ("raw", "cbor"), ("ws", "cbor")],
}
DIALOGUES = load()
numbers = itertools.count(1)


@pytest.fixture(params=DIALOGUES, ids=lambda one: f"{one[0]}: {one[1]['name']}")
def dialogue(request):
    return request.param[1]


@pytest.mark.parametrize("wires", WIRES)
def test_dialogue(node, realm, dialogue, wires):
    number = next(numbers)
    if dialogue.get("realm") == "own":
        realm = f"com.example.dialogue{number}"
        node.create_open_realm(realm)
    with Run(node, dialogue, WIRES[wires], f"com.example.d{number}", realm) as run:
        run.play()


def test_names_are_names_of_one_dialogue_each():
    told = [(file, one["name"]) for file, one in DIALOGUES]
    assert len(told) == len(set(told))
    assert all(one.get("rule") for _, one in DIALOGUES)
