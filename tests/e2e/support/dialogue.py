"""Dialogues as data: what peers say to the router by hand, and what they must hear.

A file of tests/wamp holds a list of dialogues:

    {"name": "a call of nobody fails", "rule": "WAMP, RPC: Calls",
     "peers": {"caller": {}},
     "script": [["caller", "says", [48, 1, {}, "{t}.x"]],
                ["caller", "hears", [8, 48, 1, {}, "wamp.error.no_such_procedure", ["*"]]]]}

`peers` gives each its HELLO details beside roles (`null`: connected, without a session). Other
members, all optional: `covers`, numbers of docs/wamp.md's rules; `realm`: "own" for a realm that
nobody else is in; `settings` of the node; `only` and `never`, words of which the kinds of wires
must have one or none; `frames`, for the exponent of the longest frame that a peer on RawSocket
takes. The steps:

    [peer, "says", message]     [peer, "hears", pattern]
    [peer, "says", message, 9], [peer, "hears", pattern, 9]: nine times, "$i" being 1, 2, 3...
    [peer, "hears", p1, p2...]  in any order: for what several sources send
    [peer, "quiet"]             all that this peer caused has been done, and it heard nothing of it
    [peer, "ends"]              the router closes the connection (after ABORT or GOODBYE at most)
    [peer, "drops"]             the peer closes its connection without a word
    [peer, "joins", details]    HELLO and WELCOME, again or for the first time
    [peer, "leaves"]            GOODBYE and its answer, over which it reads what came before
    [peer, "sends", "hex"]      a frame of these bytes
    [peer, "sleeps", seconds]   for time-outs alone

`{t}` in a text is a URI prefix of this run's own, `{realm}` its realm. In patterns "*" is any value,
"$name" is any value the first time and that very value later (also in messages; "$peer.session" is
known), "..." at the end of a list any rest; a map with the key "..." may have other keys too, and
{"$not": [keys]} as its value says which not. {"$between": [low, high]} is an integer,
{"$hex": "00ff"} binary, {"$times": [1000, "text"]} that text a thousand times, {"$deep": [20, it]}
it in twenty lists.
"""
import base64
import json
import pathlib
import time

from .tunnel import LongPoll
from .wampraw import (ABORT, ERROR, GOODBYE, HELLO, UNSUBSCRIBE, WELCOME, Closed, RawSocket,
                      WebSocket)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "wamp"
FEATURES = {
    "caller": ["call_canceling", "call_timeout", "caller_identification",
               "progressive_call_results", "progressive_call_invocations", "payload_passthru_mode"],
    "callee": ["call_canceling", "call_timeout", "caller_identification", "call_reroute",
               "progressive_call_results", "progressive_call_invocations",
               "pattern_based_registration", "registration_revocation", "shared_registration",
               "payload_passthru_mode"],
    "publisher": ["publisher_exclusion", "publisher_identification", "payload_passthru_mode",
                  "subscriber_blackwhite_listing"],
    "subscriber": ["event_history", "pattern_based_subscription", "publisher_identification",
                   "subscription_revocation", "payload_passthru_mode"],
}
ROLES = {role: {"features": {name: True for name in names}} for role, names in FEATURES.items()}


def nested(what):
    """Its second in as many lists as its first says."""
    depth, value = what
    for _ in range(depth):
        value = [value]
    return value


# Values that are made from what a map's only member says.
MADE = {"$hex": bytes.fromhex, "$times": lambda what: what[0] * what[1], "$deep": nested}


def load():
    """(file, dialogue) of all files, in order."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        for dialogue in json.loads(path.read_text(encoding="utf-8")):
            found.append((path.stem, dialogue))
    return found


def text_as_binary(value):
    """JSON's spelling of binary, decoded wherever it occurs."""
    if isinstance(value, str) and value.startswith("\0"):
        return base64.b64decode(value[1:])
    if isinstance(value, list):
        return [text_as_binary(one) for one in value]
    if isinstance(value, dict):
        return {key: text_as_binary(one) for key, one in value.items()}
    return value


class Mismatch(AssertionError):
    """Heard something else than expected."""


class Poll(LongPoll):
    """A long-poll transport that ends as a connection does."""

    NOBODYS = 2 ** 53  # an id of a subscription

    def __init__(self, node, serializer):
        super().__init__(node, f"wamp.2.{serializer}")
        self.asked = 0

    def send_payload(self, payload):
        # A body that is no message is an HTTP error beside the ABORT.
        assert self.post("send", payload).status in (202, 400)

    def receive_payload(self):
        answer = self.post("receive")
        while answer.status == 204:
            answer = self.post("receive")
        if answer.status == 404:
            raise Closed
        assert answer.status == 200, (answer.status, answer.text)
        return answer.body

    def hear_until_pong(self):
        """HTTP has no ping; a request that fails is as good, its id any: they have no order."""
        self.asked += 1
        number, heard = 2 ** 52 + self.asked, []
        self.send(UNSUBSCRIBE, number, self.NOBODYS)
        while True:
            message = self.receive()
            if message[:3] == [ERROR, UNSUBSCRIBE, number]:
                return heard
            heard.append(message)


class Names:
    """What "$name" stands for, and what "{t}" does."""

    def __init__(self, prefix, realm):
        self.known, self.prefix, self.realm = {}, prefix, realm

    def fill(self, value):
        """A message of the script with its names replaced."""
        if isinstance(value, str):
            if value.startswith("$"):
                return self.known[value[1:]]
            return value.replace("{t}", self.prefix).replace("{realm}", self.realm)
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if isinstance(value, dict):
            if len(value) == 1 and set(value) <= set(MADE):
                (kind, what), = value.items()
                return self.fill(MADE[kind](what))
            return {self.fill(key): self.fill(one) for key, one in value.items()}
        return value

    def match(self, pattern, value):
        """Whether `value` is as `pattern` says; learns names only if so."""
        before = dict(self.known)
        if self._match(pattern, value):
            return True
        self.known = before
        return False

    def _match(self, pattern, value):
        if isinstance(pattern, str):
            return self._match_text(pattern, value)
        if isinstance(pattern, list):
            return isinstance(value, list) and self._match_list(pattern, value)
        if isinstance(pattern, dict):
            if len(pattern) == 1 and set(pattern) <= set(MADE):
                return value == self.fill(pattern)
            if set(pattern) == {"$between"}:
                low, high = pattern["$between"]
                return type(value) is int and low <= value <= high
            return isinstance(value, dict) and self._match_map(dict(pattern), value)
        return type(pattern) is type(value) and pattern == value

    def _match_text(self, pattern, value):
        if pattern == "*":
            return True
        if not pattern.startswith("$"):
            return self.fill(pattern) == value
        return self.known.setdefault(pattern[1:], value) == value

    def _match_list(self, pattern, value):
        if pattern and pattern[-1] == "...":
            pattern = pattern[:-1]
            value = value[:len(pattern)]
        return len(pattern) == len(value) and all(map(self._match, pattern, value))

    def _match_map(self, pattern, value):
        others = pattern.pop("...", None)
        if others is None and len(pattern) != len(value):
            return False
        if isinstance(others, dict) and set(others["$not"]) & set(value):
            return False
        return all(self.fill(key) in value and self._match(one, value[self.fill(key)])
                   for key, one in pattern.items())


class Run:
    """One dialogue on one kind of wire (or on several, its peers in turn)."""

    def __init__(self, node, dialogue, wires, prefix, realm):
        self.node, self.dialogue, self.wires = node, dialogue, wires
        self.names, self.peers = Names(prefix, realm), {}

    def __enter__(self):
        for name, details in self.dialogue["peers"].items():
            wire = self.wires[len(self.peers) % len(self.wires)]
            self.peers[name] = self.open(name, *wire)
            if details is not None:
                self.joins(name, details)
        return self

    def __exit__(self, *_):
        for wire in self.peers.values():
            wire.close()

    def open(self, name, transport, serializer):
        if transport == "raw":
            frames = self.dialogue.get("frames", {})
            return RawSocket(self.node.rawsocket, serializer, frames.get(name, 24))
        if transport == "longpoll":
            return Poll(self.node, serializer)
        return WebSocket(self.node.gateway, serializer)

    def play(self):
        for number, (peer, verb, *rest) in enumerate(self.dialogue["script"], 1):
            try:
                getattr(self, verb)(peer, *rest)
            except (Closed, OSError, AssertionError) as problem:
                raise Mismatch(f"step {number}, {peer} {verb} {json.dumps(rest)}: "
                               f"{type(problem).__name__} {problem}") from problem

    def joins(self, name, details=None):
        wire = self.peers[name]
        wire.send(HELLO, self.names.realm, self.names.fill({"roles": ROLES, **(details or {})}))
        welcome = wire.receive()
        assert welcome[0] == WELCOME, welcome
        self.names.known[f"{name}.session"] = welcome[1]

    def says(self, name, message, times=1):
        for self.names.known["i"] in range(1, times + 1):
            self.peers[name].send(*self.names.fill(message))

    def sends(self, name, frame):
        self.peers[name].send_payload(bytes.fromhex(frame))

    def hears(self, name, *patterns):
        if isinstance(patterns[-1], int):
            for self.names.known["i"] in range(1, patterns[-1] + 1):
                self.hears(name, *patterns[:-1])
            return
        left = list(patterns)
        while left:
            heard = self.receive(name)
            found = next((one for one in left if self.names.match(one, heard)), None)
            assert found is not None, f"heard {heard!r}"
            left.remove(found)

    def receive(self, name):
        heard = self.peers[name].receive()
        return text_as_binary(heard) if self.peers[name].serializer == "json" else heard

    def quiet(self, name):
        heard = self.peers[name].hear_until_pong()
        assert heard == [], f"heard {heard!r}"

    def ends(self, name):
        try:
            while True:
                heard = self.peers[name].receive()
                assert heard[0] in (ABORT, GOODBYE), f"heard {heard!r}"
        except Closed:
            pass

    def leaves(self, name):
        self.peers[name].send(GOODBYE, {}, "wamp.close.close_realm")
        while self.peers[name].receive()[0] != GOODBYE:
            pass

    def drops(self, name):
        self.peers[name].close()

    @staticmethod
    def sleeps(_, seconds):
        time.sleep(seconds)
