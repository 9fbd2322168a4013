"""Payloads that are easily spoilt, from every kind of client to every other."""
import itertools

import pytest

from support.peer import KINDS

URI = "com.example.e2e"
NAMES = list(KINDS)
PAIRS = list(itertools.product(NAMES, NAMES))
# Each once on every side, with a different one each time.
RING = [(NAMES[i], NAMES[(i + step) % len(NAMES)]) for step in (1, 3) for i in range(len(NAMES))]


def deep(levels):
    value = "bottom"
    for level in range(levels):
        value = {"k": value} if level % 2 else [value]
    return value


PAYLOADS = {
    "binary": ([{"$hex": bytes(range(256)).hex()}, {"$hex": ""}, [{"$hex": "00"}]],
               {"blob": {"$hex": "fffe"}}),
    "unicode": (["grüße", "\U0001F600\u0301", "\u2028\ufeff", "a\u0000b", "\ud7ff\ue000", "\x7f\x1b"],
                {"ключ": "значение", "": "nothing"}),
    "deep": ([deep(58)], {"deep": deep(58)}),
    "numbers": ([2**53 - 1, -(2**53) + 1, 0, -1, 2**31, 2**32, -(2**31) - 1, 1e300, 5e-324, -0.5,
                 127, 128, 255, 256, 65535, 65536], {}),
    "many": ([list(range(70_000)), {str(n): n for n in range(300)}], {}),
}
LARGE = "0123456789" * 99_990 + "\U0001F600"  # autobahn-python takes 1 MiB


def echo_between(peers, caller, callee, payloads):
    registration = peers[callee].register(f"{URI}.matrix", "echo")
    try:
        for name, (args, kwargs) in payloads.items():
            result = peers[caller].call(f"{URI}.matrix", *args, **kwargs)
            assert result["args"] == args and result["kwargs"] == kwargs, name
    finally:
        peers[callee].unregister(registration)


@pytest.mark.parametrize("caller, callee", PAIRS, ids=lambda kind: kind)
def test_a_payload_comes_back_as_it_was(peers, caller, callee):
    echo_between(peers, caller, callee, PAYLOADS)


@pytest.mark.parametrize("caller, callee", RING, ids=lambda kind: kind)
def test_a_megabyte_comes_back_as_it_was(peers, caller, callee):
    echo_between(peers, caller, callee, {"large": ([LARGE], {})})


@pytest.mark.parametrize("publisher", NAMES)
def test_an_event_is_the_same_to_every_subscriber(peers, publisher):
    topic = f"{URI}.matrix.{publisher}"
    for kind, peer in peers.items():
        if kind != publisher:
            peer.subscribe(topic)
    payloads = {**PAYLOADS, "large": ([LARGE], {})}
    for name, (args, kwargs) in payloads.items():
        done = peers[publisher].publish(topic, *args, **kwargs)
        for kind, peer in peers.items():
            if kind != publisher:
                event = peer.wait_for("event", publication=done["publication"])
                assert event["args"] == args and event["kwargs"] == kwargs, (name, kind)
