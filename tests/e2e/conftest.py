"""Fixtures: one node a module, made of the real program, with its log shown when a test fails.

    /usr/bin/python3 -m pytest tests/e2e

POSTERN_BIN names the program (else what the presets dev and release built), POSTERN_E2E_SET gives
settings to every node ("gateway.front=h1 node.workers=1"), and POSTERN_E2E_PATIENCE multiplies
what is waited for before a test fails. Ports are free ones and directories temporary, so any
number of runs may go on at once.
"""
import contextlib
import json

import pytest

from support import oauth
from support.node import Node, everywhere
from support.peer import KINDS, Peer

REALM = "com.example.e2e"


MARKS = {
    "strict": "HTTP to the byte: what libmicrohttpd mends, hides or cannot do",
    "hangup": "a client that hangs up is noticed at once, which libmicrohttpd cannot",
}


def pytest_configure(config):
    for name, meaning in {**MARKS, "databases": "needs a database server"}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_collection_modifyitems(items):
    for item in items:
        chosen = getattr(getattr(item, "callspec", None), "params", {}).get("front")
        if (chosen or everywhere().get("gateway.front")) == "mhd":
            for name in MARKS:
                if item.get_closest_marker(name):
                    item.add_marker(pytest.mark.skip(reason=MARKS[name]))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        nodes = [v for v in getattr(item, "funcargs", {}).values() if isinstance(v, Node)]
        for node in nodes:
            report.sections.append((f"log of {node.home.name}", node.log_text()[-8000:]))


@pytest.fixture(scope="module")
def realm():
    return REALM


@pytest.fixture(scope="module")
def front():
    """The HTTP implementation of both listeners; a module may override it with several."""
    return None


@pytest.fixture(scope="module")
def node(tmp_path_factory, front):
    """A node with an open realm, shared by the tests of a module."""
    with Node(tmp_path_factory.mktemp("node"), settings=front_settings(front)) as running:
        running.create_open_realm(REALM)
        yield running


def front_settings(front):
    return {"gateway.front": front, "admin.front": front} if front else {}


@pytest.fixture
def make_node(tmp_path, front):
    """Nodes of a test's own; each ends with the test, and must end well."""
    with contextlib.ExitStack() as stack:
        def make(name="own", settings=None, **options):
            made = Node(tmp_path / name, settings={**front_settings(front), **(settings or {})},
                        **options)
            stack.push(made.__exit__)
            return made
        yield make


@pytest.fixture(scope="module")
def issuer(tmp_path_factory, front):
    """A node whose realms are issuers of tokens, shared by a module: support.oauth has who is in
    them."""
    home = tmp_path_factory.mktemp("issuer")
    file = home / "security.json"
    file.write_text(json.dumps(oauth.security()))
    settings = {**front_settings(front), "security.config_file": str(file)}
    with Node(home / "node", settings=settings) as running:
        yield oauth.Issuer(running)
        told = running.log_text()
        for secret in (oauth.PASSWORD, oauth.SECRET, "eyJ", "rt_", "PRIVATE KEY"):
            assert secret not in told, secret


@pytest.fixture
def peer(node, realm):
    """Opens sessions of autobahn clients that leave with the test."""
    with contextlib.ExitStack() as stack:
        def join(kind="py-ws-json", at=realm):
            return stack.enter_context(Peer(node, at, kind))
        yield join


@pytest.fixture(scope="module")
def peers(node, realm):
    """One session of every kind of client, shared by a module."""
    with contextlib.ExitStack() as stack:
        yield {kind: stack.enter_context(Peer(node, realm, kind)) for kind in KINDS}
