"""What was acknowledged is there after kill -9; what a file says is applied and stays."""
import json
import threading

from support.node import pause
from support.patience import wait_until
from support.specs import path_of, spec_of, static_spec
from support.wampraw import ABORT, CALL, ERROR, HELLO, ROLES, RawSocket, session

REALM = "com.example.e2e"


def test_what_was_acknowledged_survives_kill_9(make_node):
    node = make_node().start()
    node.create_open_realm(REALM)
    for n in range(3):
        for version in range(n + 1):
            node.publish(static_spec(f"kept{n}", version))
    node.publish(static_spec("gone", 1))
    assert node.ask_admin("DELETE", "/api_specs/com.example.gone").status == 204
    before = node.ask_admin("GET", "/api_specs").json()
    node.kill()

    node.restart()
    assert node.ask_admin("GET", "/api_specs").json() == before
    for n in range(3):
        assert node.ask("GET", f"/kept{n}/static").json() == {"answer": n}
        history = node.ask_admin("GET", f"/api_specs/com.example.kept{n}/versions").json()
        assert len(history) == n + 1
    assert node.ask("GET", "/gone/static").status == 404
    with session(node, REALM):
        pass
    again = node.publish(static_spec("kept2", 2))
    assert again["changed"] is False and again["version"] == 3
    assert node.stop() == 0


def test_kill_9_at_any_moment_loses_nothing_acknowledged(make_node):
    node = make_node().start()
    node.create_open_realm(REALM)
    acknowledged = 0
    for delay in (0.0, 0.03, 0.11):
        done = []

        def publish_on():
            n = acknowledged
            try:
                while True:
                    n += 1
                    node.publish(static_spec("moment", n))
                    done.append(n)
            except (OSError, AssertionError):
                pass

        writer = threading.Thread(target=publish_on)
        writer.start()
        wait_until(lambda: done, "a first acknowledgement")
        pause(delay)
        node.process.kill()
        writer.join()
        node.wait()
        acknowledged = done[-1]
        node.restart()
        # The one after it may have been stored without being acknowledged.
        answer = node.ask("GET", "/moment/static").json()["answer"]
        assert answer in (acknowledged, acknowledged + 1), (answer, acknowledged)
        acknowledged = answer
    assert node.stop() == 0


def test_a_node_stopped_and_started_again_is_the_same(make_node):
    node = make_node().start()
    node.create_open_realm(REALM)
    node.publish(static_spec("same", 1))
    for _ in range(2):
        assert node.stop() == 0
        node.restart()
        assert node.ask("GET", "/same/static").json() == {"answer": 1}
    assert node.stop() == 0


def hello(node, realm):
    with RawSocket(node.rawsocket) as wire:
        wire.send(HELLO, realm, ROLES)
        return wire.receive()


def test_a_security_file_is_applied_and_persists_without_the_file(make_node):
    node = make_node(settings={"security.config_file": path_of("security.example.json")}).start()

    def check():
        with session(node, "com.example.shop") as wire:
            allowed = wire.ask(CALL, {}, "com.example.shop.catalogue.list")
            assert allowed[:2] == [ERROR, CALL]
            assert allowed[4] == "wamp.error.no_such_procedure"
            refused = wire.ask(CALL, {}, "com.example.shop.orders.list")
            assert refused[4] == "wamp.error.not_authorized", refused
        with session(node, "com.example.demo") as wire:
            assert wire.ask(CALL, {}, "any.thing")[4] == "wamp.error.no_such_procedure"

    check()
    assert node.stop() == 0
    node.settings = {}
    node.restart()
    check()
    node.kill()
    node.restart()
    check()
    assert node.stop() == 0


def test_a_security_file_in_yaml(make_node, tmp_path):
    file = tmp_path / "security.yaml"
    file.write_text("""
- uri: com.example.yaml
  authmethods: [anonymous]
  sources: [{usernames: [anonymous], authmethod: anonymous, cidr: 0.0.0.0/0}]
  grants: [{permissions: [wamp.call], uri: "*", roles: [anonymous]}]
""")
    node = make_node(settings={"security.config_file": str(file)}).start()
    with session(node, "com.example.yaml") as wire:
        assert wire.ask(CALL, {}, "any.thing")[4] == "wamp.error.no_such_procedure"
    assert node.stop() == 0


def test_a_security_file_with_a_mistake_ends_the_start_with_its_place(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text('[\n  {"uri": "com.example.a",\n   "grants": [{"permissions": ["wamp.call"],\n'
                    '     "uri": "*", "match": "regex", "roles": ["anonymous"]}]}\n]')
    node = make_node(settings={"security.config_file": str(file)})
    node.launch()
    assert node.wait() == 3
    assert f"{file}:4:" in node.log_text()


def test_spec_files_are_applied_at_start(make_node, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(static_spec("filed", 1)))
    bad.write_text(json.dumps(spec_of("echo.json", host=7)))
    security = tmp_path / "security.json"
    security.write_text(json.dumps([{"uri": REALM}]))
    node = make_node(settings={"security.config_file": str(security),
                               "gateway.specs": f"{bad},{good}"}).start()
    # A mistake in a file does not keep the others, or the node, from serving.
    assert "bad.json" in node.log_text()
    answer = node.ask_admin("GET", "/api_specs/com.example.filed")
    assert answer.status == 200
    node.kill()
    good.write_text(json.dumps(static_spec("filed", 2)))
    node.restart()
    assert node.ask_admin("GET", "/api_specs/com.example.filed").json() == static_spec("filed", 2)
    assert node.stop() == 0


def test_the_master_realm_opens_to_nobody_by_a_file(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps([{
        "uri": "com.leapsight.bondy", "authmethods": ["anonymous"],
        "sources": [{"usernames": "all", "authmethod": "anonymous", "cidr": "0.0.0.0/0"}],
        "grants": [{"permissions": ["wamp.call"], "uri": "*", "roles": "all"}]}]))
    node = make_node(settings={"security.config_file": str(file)}).start()
    assert hello(node, "com.leapsight.bondy")[0] == ABORT
    assert node.ask_admin("GET", "/api_specs", user=None).status == 401
    assert node.ask_admin("GET", "/api_specs").status == 200
    assert node.stop() == 0
