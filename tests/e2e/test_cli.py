"""The program as a tool: WAMP client, administration, offline checks, exit statuses."""
import itertools
import json
import re
import signal

import pytest

from support.cli import postern, postern_start
from support.patience import PATIENCE, wait_until
from support.specs import path_of, static_spec, text_of

REALM = "com.example.e2e"
OK, FAILED, INVALID, NOT_AUTHORIZED, CONFLICT, USAGE = 0, 1, 3, 4, 5, 64


@pytest.fixture(params=["tcp-msgpack", "tcp-json", "ws-json", "ws-msgpack", "tcp-cbor", "ws-cbor"])
def there(request, node):
    """The options that say where to, in each way that the client can dial."""
    transport, serializer = request.param.split("-")
    url = f"tcp://{node.rawsocket}" if transport == "tcp" else f"ws://{node.gateway}/ws"
    return ["--url", url, "--realm", REALM, "--serializer", serializer]


@pytest.fixture(scope="module")
def here(node):
    return ["--url", f"tcp://{node.rawsocket}", "--realm", REALM]


def finish(process, signal_number=signal.SIGTERM):
    process.send_signal(signal_number)
    return process.communicate(timeout=PATIENCE)


def test_call_prints_the_result_as_json(node, peer, there):
    peer("py-ws-json").register(f"{REALM}.echo", "echo")
    done = postern("call", f"{REALM}.echo", "1", '"two"', "[3]", "-k", '{"four": 5.5}', *there)
    assert done.returncode == OK, done.stderr
    assert json.loads(done.stdout) == {"args": [1, "two", [3]], "kwargs": {"four": 5.5}}


def test_a_wamp_error_goes_to_stderr(node, peer, here):
    peer("py-ws-json").register(f"{REALM}.fail", "fail")
    done = postern("call", f"{REALM}.fail", '"com.example.error.bad"', '"why"', *here)
    assert done.returncode == FAILED and done.stdout == ""
    assert "com.example.error.bad" in done.stderr and "why" in done.stderr


def test_no_service_no_realm_no_node(node, here):
    done = postern("call", f"{REALM}.nothing", *here)
    assert done.returncode == FAILED and "no service registered" in done.stderr
    done = postern("call", "a.b", "--url", f"tcp://{node.rawsocket}", "--realm", "com.example.no")
    assert done.returncode != OK
    assert "postern realm create com.example.no --open" in done.stderr
    done = postern("call", "a.b", "--url", "tcp://127.0.0.1:1", "--realm", REALM)
    assert done.returncode == FAILED and done.stderr


def test_not_authorized_is_4(node):
    assert node.ask_admin("POST", "/realms", {
        "uri": "com.example.shut", "authmethods": ["anonymous"],
        "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous",
                     "cidr": "0.0.0.0/0"}]}).status == 201
    done = postern("call", "a.b", "--url", f"tcp://{node.rawsocket}", "--realm",
                   "com.example.shut")
    assert done.returncode == NOT_AUTHORIZED, done.stderr
    assert "wamp.error.not_authorized" in done.stderr


def test_arguments_that_are_no_json_are_3(here):
    for words in (["bare"], ["{"], ["-k", "[1]"], ["-k", "{"]):
        done = postern("call", f"{REALM}.echo", *words, *here)
        assert done.returncode == INVALID, (words, done.stderr)


def test_publish_reaches_subscribe(node, peer, there):
    watcher = peer("js-ws-json")
    watcher.subscribe(f"{REALM}.cli")
    listening = postern_start("subscribe", f"{REALM}.", "--match", "prefix", "-n", "2", *there)
    # It is there as soon as an event reaches it, so events are sent until one does.
    numbers = itertools.count(1)

    def publish_one():
        done = postern("publish", f"{REALM}.cli", str(next(numbers)), "-k", '{"from": "cli"}',
                       *there)
        assert done.returncode == OK, done.stderr
        return listening.poll() is not None

    wait_until(publish_one, "the subscriber's two events")
    out, err = listening.communicate(timeout=PATIENCE)
    assert listening.returncode == OK, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 2
    assert lines[0]["kwargs"] == {"from": "cli"}
    assert watcher.wait_for("event")["args"] == [1]


def test_register_answers_with_a_command(node, peer, there):
    uri = f"{REALM}.exec"
    service = postern_start("register", uri, "--exec",
                            "sed 's/.*/{\"got\": &, \"by\": \"sed\"}/'", *there)
    try:
        assert "registered" in service.stderr.readline()
        done = peer("py-raw-msgpack").call(uri, 1, "ü", key=True)
        assert done["args"] == [{"got": {"args": [1, "ü"], "kwargs": {"key": True}},
                                 "by": "sed"}]
    finally:
        finish(service)


def test_a_command_that_fails_is_an_error(node, here):
    uri = f"{REALM}.failing"
    service = postern_start("register", uri, "--exec", "echo no; exit 3", *here)
    try:
        assert "registered" in service.stderr.readline()
        done = postern("call", uri, *here)
        assert done.returncode == FAILED
        assert "postern.error.command_failed" in done.stderr
        # What callers send reaches the command as text on its stdin, never as a shell's words.
        assert postern("call", uri, '"$(touch /tmp/never)"', *here).returncode == FAILED
    finally:
        finish(service)


def test_an_http_request_answered_by_register(node, here):
    node.publish(text_of("probe.json"))
    service = postern_start("register", f"{REALM}.absent", "--exec", "echo '{\"from\": \"sh\"}'",
                            *here)
    try:
        assert "registered" in service.stderr.readline()
        assert node.ask("GET", "/probe/absent").status in (200, 204)
    finally:
        finish(service)
    wait_until(lambda: node.ask("GET", "/probe/absent").status == 503, "the 503")


def test_api_commands(node, tmp_path):
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(static_spec("cli", 1)))
    done = postern("api", "publish", str(file), "--comment", "by the cli", node=node)
    assert done.returncode == OK, done.stderr
    assert json.loads(done.stdout)["changed"] is True
    file.write_text(json.dumps(static_spec("cli", 2)))
    done = postern("api", "publish", str(file), "--dry-run", node=node)
    assert done.returncode == OK and node.ask("GET", "/cli/static").json() == {"answer": 1}
    assert postern("api", "publish", "-", node=node,
                   text=file.read_text()).returncode == OK
    assert node.ask("GET", "/cli/static").json() == {"answer": 2}

    listed = postern("api", "list", node=node)
    assert "com.example.cli" in listed.stdout
    as_json = json.loads(postern("api", "list", "-o", "json", node=node).stdout)
    assert static_spec("cli", 2) in as_json
    got = postern("api", "get", "com.example.cli", node=node)
    assert json.loads(got.stdout) == static_spec("cli", 2)
    history = json.loads(postern("api", "history", "com.example.cli", "-o", "json",
                                  node=node).stdout)
    assert {v["version"]: v["comment"] for v in history}[1] == "by the cli"
    assert postern("api", "rollback", "com.example.cli", "1", node=node).returncode == OK
    assert node.ask("GET", "/cli/static").json() == {"answer": 1}
    assert postern("api", "delete", "com.example.cli", node=node).returncode == OK
    assert postern("api", "get", "com.example.cli", node=node).returncode == FAILED


def test_api_publish_tells_mistakes_and_ends_with_3(node, tmp_path):
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(static_spec("cli_wrong", 1)).replace("static\"", "statik\""))
    done = postern("api", "publish", str(file), node=node)
    assert done.returncode == INVALID
    assert re.search(r"\d+:\d+: ", done.stderr), done.stderr


def test_a_wrong_password_is_4(node):
    environment_password, node.password = node.password, "wrong"
    try:
        done = postern("api", "list", node=node)
    finally:
        node.password = environment_password
    assert done.returncode == NOT_AUTHORIZED
    assert "POSTERN_PASSWORD" in done.stderr


def test_a_conflict_is_5(node):
    assert postern("realm", "create", "com.example.cli", "--open", node=node).returncode == OK
    assert postern("realm", "create", "com.example.cli", "--open",
                   node=node).returncode == CONFLICT
    assert json.loads(postern("realm", "get", "com.example.cli", node=node).stdout)["uri"] == \
        "com.example.cli"
    assert "com.example.cli" in postern("realm", "list", node=node).stdout


def test_usage_is_64():
    for words in ([], ["nonsense"], ["api"], ["api", "pubish", "x"], ["call"],
                  ["call", "a.b"], ["register", "a.b", "--realm", "r"], ["serve", "extra"],
                  ["version", "--nonsense"], ["check"], ["serve", "--set"],
                  ["call", "a.b", "--realm", "r", "--serializer", "yaml"],
                  ["migrate", "status", "-o", "xml"], ["migrate", "copy", "-o", "xml"]):
        done = postern(*words)
        assert done.returncode == USAGE, (words, done)
        assert done.stdout == "" and done.stderr
    assert "did you mean publish" in postern("publis").stderr
    for words in (["--help"], ["help"], ["api", "publish", "--help"]):
        assert postern(*words).returncode == OK


def test_version():
    assert re.fullmatch(r"postern \d+\.\d+\.\d+\S*\n", postern("version").stdout)
    assert json.loads(postern("version", "--json").stdout)["name"] == "postern"


# --- check ----------------------------------------------------------------------------------------


def test_check_accepts_the_examples():
    for name in ("demo.json", "marketplace.json", "security.example.json", "probe.json",
                 "echo.yaml"):
        done = postern("check", path_of(name))
        assert done.returncode == OK, (name, done.stderr)


def test_check_tells_file_line_and_column(tmp_path):
    file = tmp_path / "spec.json"
    text = json.dumps(static_spec("checked", 1), indent=2)
    file.write_text(text.replace('"base_path"', '"base_pth"').replace('"static"', '"statc"'))
    done = postern("check", str(file))
    assert done.returncode == INVALID
    places = re.findall(rf"^{re.escape(str(file))}:(\d+):(\d+): ", done.stderr, re.MULTILINE)
    assert len(places) >= 2, done.stderr
    lines = file.read_text().splitlines()
    assert any("statc" in lines[int(line) - 1] for line, _ in places)
    assert "did you mean static?" in done.stderr


def test_check_finds_mistakes_in_every_kind_of_file(tmp_path):
    cases = {
        "broken.json": '{"id": ',
        "config.yaml": "gateway:\n  lisen: 127.0.0.1:1\n",
        "value.yaml": "node:\n  workers: many\n",
        "security.json": '[{"uri": "com.example.x", "grants": 7}]',
        "spec.yaml": "id: x\nhost: _\nversions: {}\n",
    }
    for name, text in cases.items():
        file = tmp_path / name
        file.write_text(text)
        done = postern("check", str(file))
        assert done.returncode == INVALID, (name, done)
        assert re.search(rf"{re.escape(name)}:\d+:\d+: ", done.stderr), (name, done.stderr)
    assert "gateway.listen" in postern("check", str(tmp_path / "config.yaml")).stderr
    good = tmp_path / "good.yaml"
    good.write_text("gateway: {listen: 127.0.0.1:0}\nnode.workers: 2\n")
    assert postern("check", str(good)).returncode == OK
    assert postern("check", str(tmp_path / "missing.json")).returncode == INVALID


def test_check_effective_says_where_settings_come_from(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("node: {name: from-file}\nlog: {level: warn}\n")
    done = postern("check", "--effective", "-c", str(file), "--set", "log.level=debug")
    assert done.returncode == OK, done.stderr
    assert re.search(r"from-file", done.stdout) and re.search(r"debug", done.stdout)


def test_serve_refuses_unknown_settings(tmp_path):
    done = postern("serve", "--data", str(tmp_path), "--set", "gateway.lisen=x")
    assert done.returncode == INVALID and "gateway.listen" in done.stderr
