"""Every dialogue of tests/wamp, over all transports and serializers, and mixed."""
import contextlib
import itertools
import pathlib
import re

import pytest

from support.dialogue import Run, load
from support.node import Node

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIRES = {
    "raw-msgpack": [("raw", "msgpack")], "raw-json": [("raw", "json")],
    "raw-cbor": [("raw", "cbor")], "ws-msgpack": [("ws", "msgpack")],
    "ws-json": [("ws", "json")], "ws-cbor": [("ws", "cbor")],
    "mixed": [("ws", "json"), ("raw", "msgpack"), ("raw", "cbor"), ("ws", "cbor")],
    "longpoll-json": [("longpoll", "json")],
    "unix-raw-msgpack": [("raw", "msgpack")],
}
DIALOGUES = load()
REALM = "com.example.e2e"
numbers = itertools.count(1)


def fits(dialogue, wires):
    """Whether a dialogue has something to say on that kind of wire."""
    words = set(wires.split("-"))
    return set(dialogue.get("only", [])) <= words and not words & set(dialogue.get("never", []))


PLAYED = [pytest.param(dialogue, wires, id=f"{file}: {dialogue['name']}-{wires}")
          for file, dialogue in DIALOGUES for wires in WIRES if fits(dialogue, wires)]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """A node for each set of settings, started when the first dialogue asks for it."""
    started = {}
    with contextlib.ExitStack() as stack:
        def find(settings, unix):
            key = (unix, *sorted(settings.items()))
            if key not in started:
                home = tmp_path_factory.mktemp("node")
                if unix:
                    settings = {"rawsocket.listen": f"unix:{home}/raw", **settings}
                started[key] = stack.enter_context(Node(home, settings=settings))
                started[key].create_open_realm(REALM)
            return started[key]
        yield find


def create_realm(node, uri):
    """An open one; `postern realm create` for each would take a third of the time."""
    verbs = ("call", "cancel", "publish", "register", "subscribe", "unregister", "unsubscribe")
    answer = node.ask_admin("POST", "/realms", {
        "uri": uri, "authmethods": ["anonymous"],
        "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": cidr}
                    for cidr in ("0.0.0.0/0", "::/0")],
        "grants": [{"permissions": [f"wamp.{verb}" for verb in verbs], "uri": "",
                    "match": "prefix", "roles": ["anonymous"]}]})
    assert answer.status == 201, answer.text


@pytest.mark.parametrize("dialogue, wires", PLAYED)
def test_dialogue(nodes, dialogue, wires):
    number = next(numbers)
    node = nodes(dialogue.get("settings", {}), wires.startswith("unix"))
    realm = REALM
    if dialogue.get("realm") == "own":
        realm = f"com.example.dialogue{number}"
        create_realm(node, realm)
    with Run(node, dialogue, WIRES[wires], f"com.example.d{number}", realm) as run:
        run.play()


# --- nothing is left out --------------------------------------------------------------------------

# Which messages there are, and who says them.
CLIENTS = {1: "HELLO", 3: "ABORT", 5: "AUTHENTICATE", 6: "GOODBYE", 8: "ERROR", 16: "PUBLISH",
           32: "SUBSCRIBE", 34: "UNSUBSCRIBE", 48: "CALL", 49: "CANCEL", 64: "REGISTER",
           66: "UNREGISTER", 70: "YIELD"}
ROUTERS = {2: "WELCOME", 3: "ABORT", 6: "GOODBYE", 8: "ERROR", 17: "PUBLISHED", 33: "SUBSCRIBED",
           35: "UNSUBSCRIBED", 36: "EVENT", 50: "RESULT", 65: "REGISTERED", 67: "UNREGISTERED",
           68: "INVOCATION", 69: "INTERRUPT"}
FORBIDDEN = {2: "WELCOME", 4: "CHALLENGE", 5: "AUTHENTICATE", 17: "PUBLISHED", 33: "SUBSCRIBED",
             35: "UNSUBSCRIBED", 36: "EVENT", 50: "RESULT", 65: "REGISTERED", 67: "UNREGISTERED",
             68: "INVOCATION", 69: "INTERRUPT"}

# URIs that the router sends to no WAMP peer, or only when a node ends or runs full.
NOT_HEARD = {
    "wamp.error.no_such_role": "a user who asks for what is not his: test_login",
    "wamp.error.no_eligible_callee": "only others send it, to our HTTP actions",
    "wamp.error.network_failure": "our client's own",
    "wamp.close.normal": "a long-poll transport that is as old as it may be: test_http_transports",
    "wamp.close.system_shutdown": "a node that stops: test_http_transports",
    "wamp.close.overflow": "a peer that does not read: test_http_transports",
    "wamp.close.logout": "a user who is no more as he was: test_login_renewal",
    "bondy.error.not_found": "of HTTP",
    "bondy.error.already_exists": "of HTTP",
    "bondy.error.internal_error": "of HTTP",
}


def messages(verb):
    """All messages that the dialogues have after `verb`."""
    for _, dialogue in DIALOGUES:
        for _, said, *rest in dialogue["script"]:
            if said == verb:
                yield from (one for one in rest if isinstance(one, list) and one)


def texts(value):
    """Every text within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def test_names_are_names_of_one_dialogue_each():
    told = [(file, one["name"]) for file, one in DIALOGUES]
    assert len(told) == len(set(told))
    assert all(one.get("rule") for _, one in DIALOGUES)


def test_every_message_is_said_by_those_who_may_say_it():
    said, heard = ({one[0] for one in messages(verb)} for verb in ("says", "hears"))
    assert {name for kind, name in CLIENTS.items() if kind not in said} == set()
    assert {name for kind, name in ROUTERS.items() if kind not in heard} == set()


def test_every_message_that_only_routers_say_is_refused():
    said = {one[0] for one in messages("says")}
    assert {name for kind, name in FORBIDDEN.items() if kind not in said} == set()


def test_every_error_that_the_router_sends_is_heard():
    header = (ROOT / "router/wamp/fault.h").read_text(encoding="utf-8")
    known = set(re.findall(r'STR\("((?:wamp|bondy)\.[\w.]+)"\)', header))
    heard = set(texts(list(messages("hears"))))
    assert known - heard - set(NOT_HEARD) - {"wamp.close.close_realm"} == set()
    assert set(NOT_HEARD) <= known - heard, "these are heard, or are no more"


def test_every_rule_has_a_dialogue():
    document = (ROOT / "docs/wamp.md").read_text(encoding="utf-8")
    rules = {int(one) for one in re.findall(r"^\| (\d+) \|", document, re.MULTILINE)}
    covered = {rule for _, one in DIALOGUES for rule in one.get("covers", [])}
    assert rules == set(range(1, 21))
    assert covered == rules


def test_every_procedure_and_event_of_the_meta_api_is_in_a_dialogue():
    sources = "".join(path.read_text(encoding="utf-8")
                      for path in (ROOT / "router/realm").glob("meta_*.c"))
    known = set(re.findall(r'"(wamp\.(?:session|registration|subscription)\.\w+)"', sources))
    assert len(known) > 20
    named = set(texts(list(messages("says")) + list(messages("hears"))))
    assert known - named == set()
