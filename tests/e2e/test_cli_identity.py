"""Identity and access by the command line: a new user's walk, and what is refused on it."""
import contextlib
import http.server
import json
import os
import re
import subprocess
import threading
import unicodedata

import pytest

from support.cli import Running, environment_for, postern
from support.node import Node
from support.patience import PATIENCE
from support.places import find_program
from support.specs import static_spec

OK, FAILED, DIFFERENT, INVALID, NOT_AUTHORIZED, CONFLICT, USAGE = 0, 1, 2, 3, 4, 5, 64
MASTER = "com.leapsight.bondy"
REALM = "com.example.walk"
PASSWORD = "ana's first password"
SECRET = "the second one, which is longer"
ESCAPES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with Node(tmp_path_factory.mktemp("node")) as running:
        done = postern("realm", "create", "-f", "-", node=running, text=json.dumps(
            {"uri": REALM, "authmethods": ["password", "wampcra", "wamp-scram", "cryptosign",
                                           "ticket"],
             "sources": [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                         for method in ("wamp-scram", "password", "cryptosign", "ticket")]}))
        assert done.returncode == OK, done.stderr
        yield running


def run(node, *words, text=None, code=OK, **more):
    """The program in the realm of the walk, as its administrator unless `more` says otherwise."""
    environment = {**environment_for(node), **more}
    done = subprocess.run([str(find_program()), *words], input=text, capture_output=True, text=True,
                          timeout=2 * PATIENCE, env=environment, check=False)
    assert done.returncode == code, (words, done)
    return done


def here(node, *words, **more):
    return run(node, *words, "--realm", REALM, **more)


def value(done):
    return json.loads(done.stdout)


def log_in(node, password, uri="com.example.none", code=FAILED, **more):
    """A call as ana; nobody answers it, so 1 is a login that is good and 4 one that is not."""
    return run(node, "call", uri, "--url", f"tcp://{node.rawsocket}", "--realm", REALM, "--authid",
               "ana", "--authmethod", "wamp-scram", POSTERN_PASSWORD=password, code=code, **more)


def test_a_walk_from_a_realm_to_a_call(node):
    here(node, "group", "add", "staff", "--meta", '{"floor": 3}')
    done = here(node, "user", "add", "ana", "--group", "staff", "--password-stdin",
                text=PASSWORD + "\n")
    assert value(done)["groups"] == ["staff"] and PASSWORD not in done.stdout + done.stderr
    assert "version 1" in done.stderr

    # The test says no and how to make it yes; the router says the same of the call itself.
    done = here(node, "grant", "test", "ana", "wamp.call", "com.example.add", code=NOT_AUTHORIZED)
    assert "not allowed" in done.stdout and "staff" in done.stdout
    remedy = re.search(r"^  postern (grant create .*)$", done.stderr, re.MULTILINE).group(1)
    assert remedy == f"grant create wamp.call com.example.add --to ana --realm {REALM}"
    done = log_in(node, PASSWORD, "com.example.add", code=NOT_AUTHORIZED)
    assert "wamp.error.not_authorized" in done.stderr

    run(node, *remedy.split())
    done = here(node, "grant", "test", "ana", "wamp.call", "com.example.add")
    assert done.stdout.startswith("allowed") and done.stderr == ""
    assert value(here(node, "grant", "test", "ana", "wamp.call", "com.example.add", "-o",
                      "json"))["role"] == "user/ana"
    done = log_in(node, PASSWORD, "com.example.add", code=FAILED)
    assert "no service registered" in done.stderr

    # A role's grant covers what is below a prefix, for events that are subscribed to as well.
    here(node, "grant", "create", "wamp.subscribe,wamp.publish", "com.example.", "--match",
         "prefix", "--to", "staff")
    here(node, "grant", "test", "ana", "wamp.subscribe", "com.example.news.", "--match", "prefix")
    here(node, "grant", "test", "ana", "wamp.subscribe", "com.", "--match", "prefix",
         code=NOT_AUTHORIZED)
    rows = here(node, "user", "grants", "ana").stdout.splitlines()
    assert rows[0].split() == ["ROLES", "PERMISSIONS", "MATCH", "URI"] and len(rows) == 3

    # Taken back, it is gone for the next question and the next call.
    here(node, "grant", "revoke", "wamp.call", "com.example.add", "--from", "ana")
    here(node, "grant", "test", "ana", "wamp.call", "com.example.add", code=NOT_AUTHORIZED)
    log_in(node, PASSWORD, "com.example.add", code=NOT_AUTHORIZED)


def test_a_password_is_changed_and_the_old_one_is_worth_nothing(node):
    here(node, "user", "add", "ana", "--password-stdin", text=PASSWORD, code=CONFLICT)
    done = here(node, "user", "password", "ana", POSTERN_NEW_PASSWORD=SECRET)
    assert done.stdout == ""
    assert "not_authorized" in log_in(node, SECRET, code=NOT_AUTHORIZED).stderr
    done = log_in(node, PASSWORD, code=NOT_AUTHORIZED)
    assert "authentication_failed" in done.stderr and PASSWORD not in done.stderr
    here(node, "user", "disable", "ana")
    assert "authentication_failed" in log_in(node, SECRET, code=NOT_AUTHORIZED).stderr
    here(node, "user", "enable", "ana")
    assert "not_authorized" in log_in(node, SECRET, code=NOT_AUTHORIZED).stderr


def test_a_new_password_must_come_from_somewhere_and_never_from_the_words(node):
    done = here(node, "user", "password", "ana", code=USAGE)
    assert "--password-stdin" in done.stderr and "POSTERN_NEW_PASSWORD" in done.stderr
    here(node, "user", "password", "ana", SECRET, code=USAGE)
    here(node, "user", "password", "ana", "--password", SECRET, code=USAGE)
    here(node, "user", "password", "ana", "--password-stdin", text="", code=INVALID)
    here(node, "user", "password", "ana", "--password-stdin", text="\n", code=INVALID)
    done = here(node, "user", "password", "ana", "--password-stdin", text="ab\n", code=INVALID)
    assert "ab" not in re.findall(r"\w+", done.stderr)


def test_versions_keep_two_who_change_the_same_apart(node):
    done = here(node, "group", "add", "versions")
    assert done.stderr.splitlines()[-1] == "version 1"
    assert here(node, "group", "get", "versions").stderr == "version 1\n"
    here(node, "group", "update", "versions", "--meta", '{"a": 1}', "--if-version", "1")
    done = here(node, "group", "update", "versions", "--meta", '{"a": 2}', "--if-version", "1",
                code=CONFLICT)
    assert f"postern group get versions --realm {REALM}" in done.stderr
    assert value(here(node, "group", "get", "versions"))["meta"] == {"a": 1}
    here(node, "group", "update", "versions", "--if-version", "x", code=USAGE)
    here(node, "group", "update", "versions", code=USAGE)
    here(node, "group", "delete", "versions", "--if-version", "1", code=CONFLICT)
    here(node, "group", "delete", "versions", "--if-version", "2")
    here(node, "group", "get", "versions", code=FAILED)


def test_what_hangs_on_a_user(node):
    here(node, "user", "add", "hanna", "--password-stdin", text=PASSWORD)
    here(node, "group", "add", "visitors")
    here(node, "user", "alias", "add", "hanna", "johanna")
    here(node, "user", "group", "add", "hanna", "visitors")
    user = value(here(node, "user", "get", "hanna"))
    assert (user["aliases"], user["groups"]) == (["johanna"], ["visitors"])
    here(node, "user", "alias", "remove", "hanna", "johanna")
    here(node, "user", "group", "remove", "hanna", "visitors")
    done = here(node, "user", "group", "add", "hanna", "nobodies", code=INVALID)
    assert "postern group add" in done.stderr

    key = "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d"
    here(node, "user", "keys", "add", "hanna", "abc", code=INVALID)
    here(node, "user", "keys", "add", "hanna", key)
    here(node, "user", "keys", "add", "hanna", key.upper(), code=CONFLICT)
    assert value(here(node, "user", "keys", "list", "hanna", "-o", "json")) == [key]
    here(node, "user", "keys", "delete", "hanna", key)
    here(node, "user", "keys", "delete", "hanna", key, code=FAILED)
    assert value(here(node, "user", "keys", "list", "hanna", "-o", "json")) == []

    made = value(here(node, "user", "api-keys", "add", "hanna", "--expires", "1h", "--description",
                      "for the tests"))
    assert made["key"].startswith(made["prefix"]) and made["expires_at"] - made["created"] == 3600
    listed = here(node, "user", "api-keys", "list", "hanna")
    assert made["id"] in listed.stdout and made["key"] not in listed.stdout
    here(node, "user", "api-keys", "delete", "hanna", made["id"])
    assert here(node, "user", "api-keys", "list", "hanna").stdout == ""
    here(node, "user", "delete", "hanna")
    here(node, "user", "delete", "hanna", code=FAILED)


def test_keys_are_rotated(node):
    first = value(here(node, "key", "list", "-o", "json"))
    made = value(here(node, "key", "rotate"))
    assert made["alg"] == "ES256" and "private" not in json.dumps(made)
    other = value(here(node, "key", "rotate", "--algorithm", "EdDSA", "--emergency"))
    keys = {key["kid"]: key["status"] for key in value(here(node, "key", "list", "-o", "json"))}
    assert keys[other["kid"]] == "active" and keys[made["kid"]] == "retired"
    assert {key["kid"] for key in first} < set(keys)
    here(node, "key", "rotate", "--algorithm", "none", code=INVALID)


def test_a_ticket_is_issued_used_and_revoked(node):
    here(node, "user", "add", "tina", "--password-stdin", text=PASSWORD)
    there = ["--url", f"tcp://{node.rawsocket}", "--realm", REALM, "--authid", "tina"]
    with_password = {"POSTERN_PASSWORD": PASSWORD}
    done = run(node, "ticket", "issue", *there, code=NOT_AUTHORIZED, **with_password)
    assert done.stdout == "" and "bondy.ticket.issue" in done.stderr
    here(node, "grant", "create", "wamp.call", "bondy.ticket.issue", "--to", "tina")
    here(node, "grant", "create", "bondy.issue", "any", "--to", "tina")
    made = value(run(node, "ticket", "issue", *there, "--expires", "5m", **with_password))
    assert made["expires_at"] - made["issued_at"] == 300
    with_ticket = {"POSTERN_TICKET": made["ticket"]}
    verified = value(here(node, "ticket", "verify", **with_ticket))
    assert verified["active"] is True and verified["authid"] == "tina"
    call = ["call", "bondy.ticket.issue", *there, "--authmethod", "ticket"]
    assert "authentication_failed" not in \
        run(node, *call, code=NOT_AUTHORIZED, **with_ticket).stderr  # no ticket for a ticket
    here(node, "ticket", "revoke", "tina", made["id"])
    assert value(here(node, "ticket", "verify", **with_ticket)) == {"active": False}
    assert "authentication_failed" in run(node, *call, code=NOT_AUTHORIZED, **with_ticket).stderr
    here(node, "ticket", "revoke", "tina", made["id"], code=FAILED)
    here(node, "ticket", "revoke-all", "tina")
    here(node, "ticket", "verify", code=USAGE)
    run(node, "ticket", "issue", *there, "--expires", "0", code=USAGE, **with_password)
    here(node, "user", "delete", "tina")


def test_sessions_are_listed_and_ended(node):
    realm = "com.example.sessions"
    node.create_open_realm(realm)
    with Running("subscribe", "a.b", "--url", f"tcp://{node.rawsocket}", "--realm",
                 realm) as listener:
        listener.wait_err("subscribed")
        sessions = value(run(node, "session", "list", "--realm", realm, "-o", "json"))
        assert len(sessions) == 1
        session = str(sessions[0])
        assert run(node, "session", "list", "--realm", realm).stdout == f"SESSION\n{session}\n"
        assert value(run(node, "session", "get", session, "--realm", realm))["session"] == \
            sessions[0]
        run(node, "session", "kill", session, "--realm", realm)
        assert listener.end() == FAILED
    run(node, "session", "get", session, "--realm", realm, code=FAILED)
    assert run(node, "session", "list", "--realm", realm).stdout == ""


def test_sources_open_and_close(node):
    here(node, "source", "add", "wampcra", "10.0.0.0/8", "--for", "ana")
    assert ["ana", "wampcra", "10.0.0.0/8"] in \
        [row.split() for row in here(node, "source", "list").stdout.splitlines()]
    here(node, "source", "delete", "ana", "10.0.0.0/8")
    assert "10.0.0.0/8" not in here(node, "source", "list").stdout
    here(node, "source", "add", "wampcra", "10.0.0.0/99", "--for", "ana", code=INVALID)
    here(node, "source", "add", "wampcra", "10.0.0.0/8", code=USAGE)
    done = here(node, "source", "add", "wampcra", "10.0.0.0/8", "--for", "noone", code=INVALID)
    assert "postern user add" in done.stderr


def test_lists_are_whole_however_many_pages_they_are(node):
    realm = "com.example.many"
    run(node, "realm", "create", "-f", "-", text=json.dumps(
        {"uri": realm, "groups": [{"name": f"group-{i:04}"} for i in range(1203)]}))
    rows = run(node, "group", "list", "--realm", realm).stdout.splitlines()
    names = [row.split()[0] for row in rows[1:] if row.startswith("group-")]
    assert names == [f"group-{i:04}" for i in range(1203)]
    done = run(node, "group", "list", "--realm", realm, "--filter", "group-1", "--sort=-name",
               "--limit", "2", "-o", "json")
    assert [group["name"] for group in value(done)] == ["group-1202", "group-1201"]
    assert "203 in all" in done.stderr
    assert len(value(run(node, "group", "list", "--realm", realm, "--limit", "501", "-o",
                         "json"))) == 501
    for limit in ("0", "-1", "x", "1.5", ""):
        run(node, "group", "list", "--realm", realm, f"--limit={limit}", code=USAGE)
    run(node, "realm", "delete", realm)


def test_the_three_outputs_say_the_same(node):
    yaml = pytest.importorskip("yaml")
    here(node, "group", "add", "outputs", "--meta",
         json.dumps({"yes": "no", "list": [1, "2", None, [], {}], "text": "a: b # c\n", "": "~"}))
    as_json = value(here(node, "group", "get", "outputs", "-o", "json"))
    assert yaml.safe_load(here(node, "group", "get", "outputs", "-o", "yaml").stdout) == as_json
    table = here(node, "group", "get", "outputs", "-o", "table").stdout
    assert re.search(r"^name +outputs$", table, re.MULTILINE)
    here(node, "group", "get", "outputs", "-o", "xml", code=USAGE)


HOSTILE = ["with blank", "ünï", "a&b=c?d#e", "100%", "%41", "$(touch x)", "'; drop table users; --",
           "{0}", "-dashed", "a+b", "...", "日本語"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_with_odd_characters_is_a_name(node, name):
    # "--" ends the options, for names that look like some.
    run(node, "group", "add", "--realm", REALM, "--", name)
    kept = value(run(node, "group", "get", "--realm", REALM, "--", name))["name"]
    assert unicodedata.normalize("NFC", kept) == name
    run(node, "group", "delete", "--realm", REALM, "--", name)
    run(node, "group", "get", "--realm", REALM, "--", name, code=FAILED)


def test_a_name_that_would_be_another_path_goes_nowhere(node):
    for name in ("", ".", ".."):
        here(node, "user", "delete", name, code=USAGE)
        run(node, "realm", "delete", name, code=USAGE)
    run(node, "realm", "get", REALM)
    assert "realm list" in run(node, "user", "list", code=USAGE).stderr


def test_no_output_lets_a_name_move_the_terminal(node):
    hostile = "a\x1b[2J\x07b\u009b31mc\u202ed\r\nFAKE  row\u2028"
    here(node, "group", "add", "terminal", "--meta", json.dumps({"note": hostile}))
    for form in ("table", "json", "yaml"):
        for words in (("group", "list"), ("group", "get", "terminal")):
            done = here(node, *words, "-o", form)
            assert not ESCAPES.search(done.stdout), (form, words)
            assert "FAKE" in done.stdout and not re.search("^ *FAKE", done.stdout, re.MULTILINE)
    assert value(here(node, "group", "get", "terminal"))["meta"]["note"] == hostile
    # A refusal repeats what it was told, and is no more dangerous.
    for name in ("x\x1b[2Jy", "x\u009b2Jy"):
        done = here(node, "group", "add", name, code=INVALID)
        assert not ESCAPES.search(done.stderr), done.stderr
    here(node, "group", "delete", "terminal")


def test_a_wrong_password_is_4_and_names_the_variable(node):
    done = run(node, "realm", "list", POSTERN_PASSWORD="wrong", code=NOT_AUTHORIZED)
    assert done.stdout == "" and "POSTERN_PASSWORD" in done.stderr
    assert "postern admin reset-password" in done.stderr and "wrong" not in done.stderr


def test_without_rights_it_is_4_and_names_the_grant(node):
    run(node, "user", "add", "clerk", "--realm", MASTER, "--password-stdin", text=PASSWORD)
    as_clerk = {"POSTERN_PASSWORD": PASSWORD, "code": NOT_AUTHORIZED}
    done = here(node, "user", "delete", "ana", "--user", "clerk", **as_clerk)
    remedy = re.search(r"postern (grant create .*)$", done.stderr, re.MULTILINE).group(1)
    assert remedy == f"grant create wamp.call bondy.user.delete --to clerk --realm {MASTER}"
    done = here(node, "user", "list", "--user", "clerk", **as_clerk)
    remedy = re.search(r"postern (grant create .*)$", done.stderr, re.MULTILINE).group(1)
    run(node, *remedy.split())
    here(node, "user", "list", "--user", "clerk", POSTERN_PASSWORD=PASSWORD)
    here(node, "user", "delete", "ana", "--user", "clerk", **as_clerk)
    run(node, "user", "delete", "clerk", "--realm", MASTER)


def test_no_node_is_said_with_its_url():
    environment = {**environment_for(None), "POSTERN_PASSWORD": "never shown"}
    for words, url in ((["--url", "http://127.0.0.1:1"], "http://127.0.0.1:1"),
                       (["--url", "http://127.0.0.1:1/"], "http://127.0.0.1:1"),
                       (["--url", "tcp://127.0.0.1:1"], "tcp://127.0.0.1:1")):
        done = subprocess.run([str(find_program()), "realm", "list", *words], capture_output=True,
                              text=True, timeout=2 * PATIENCE, env=environment, check=False)
        assert done.returncode == FAILED and done.stdout == ""
        assert url in done.stderr and "--url" in done.stderr
        assert "never shown" not in done.stderr


def test_another_server_is_no_node(node):
    done = run(node, "realm", "list", "--url", f"http://{node.gateway}", code=FAILED)
    assert "admin listener" in done.stderr


@contextlib.contextmanager
def pretender(answer):
    """A server that answers each GET with answer(path): status, headers, body."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("Host")))
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, text in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


def ask_pretender(url, *words):
    return subprocess.run([str(find_program()), *words, "--url", f"http://{url}"],
                          capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
                          env={**environment_for(None), "POSTERN_PASSWORD": "kept"})


def test_credentials_stay_with_the_server_that_was_named():
    away = "http://127.0.0.1:1/realms?cursor=2"
    pages = {"/realms?limit=500": (200, {"Link": f'<{away}>; rel="next"'}, b'[{"uri": "a"}]'),
             "/realms?cursor=2": (200, {}, b'[{"uri": "b"}]')}
    with pretender(pages.get) as (url, seen):
        done = ask_pretender(url, "realm", "list")
    assert done.returncode == OK and [row.split()[0] for row in done.stdout.splitlines()[1:]] == \
        ["a", "b"]
    assert seen == [("/realms?limit=500", url), ("/realms?cursor=2", url)]
    with pretender(lambda _: (302, {"Location": "http://127.0.0.1:1/"}, b"")) as (url, seen):
        assert ask_pretender(url, "realm", "list").returncode == FAILED
    assert len(seen) == 1


@pytest.mark.parametrize("status, headers, body", [
    (200, {}, b"<html>"), (200, {}, b"[1"), (200, {}, b'"\xff"'),
    (200, {"Link": '</realms>; rel="next"'}, b"[]"),
    (500, {}, b"\x1b[2J"), (418, {}, b""), (404, {}, b'{"code": 7, "detail": {"a": 1}}'),
    (422, {}, b'{"errors": {"a": 1}}'), (422, {}, b'{"errors": [1, null, {"line": "x"}]}')])
def test_what_answers_strangely_is_an_error_and_no_crash(status, headers, body):
    with pretender(lambda _: (status, headers, body)) as (url, _):
        done = ask_pretender(url, "realm", "list")
    assert done.returncode in (FAILED, INVALID) and done.stdout == ""
    assert done.stderr.startswith("postern: ") and not ESCAPES.search(done.stderr)


def test_each_refusal_names_what_helps(node):
    cases = [
        (("user", "get", "noone", "--realm", REALM), FAILED, f"postern user list --realm {REALM}"),
        (("user", "list", "--realm", "com.example.no"), FAILED,
         "postern realm create com.example.no"),
        (("realm", "create", REALM), CONFLICT, f"postern realm get {REALM}"),
        (("realm", "delete", REALM), CONFLICT, f"postern realm delete {REALM} --force"),
        (("grant", "create", "wamp.call", "a.b", "--to", "noone", "--realm", REALM), INVALID,
         "postern user add"),
        (("api", "get", "com.example.none"), FAILED, "postern api list"),
    ]
    for words, code, remedy in cases:
        done = run(node, *words, code=code)
        assert remedy in done.stderr and done.stdout == "", (words, done)


def test_files_are_read_and_words_win(node, tmp_path):
    file = tmp_path / "user.yaml"
    file.write_text("username: fred\npassword: from the file\ngroups: []\nmeta: {a: 1}\n")
    here(node, "user", "add", "-f", str(file))
    assert value(here(node, "user", "get", "fred"))["meta"] == {"a": 1}
    here(node, "user", "add", "frida", "-f", str(file), "--meta", '{"a": 2}')
    assert value(here(node, "user", "get", "frida"))["meta"] == {"a": 2}
    file.write_text("username: [")
    done = here(node, "user", "add", "-f", str(file), code=INVALID)
    assert re.search(r"user\.yaml:\d+:\d+: ", done.stderr)
    here(node, "user", "add", "-f", str(tmp_path / "none.yaml"), code=INVALID)
    here(node, "user", "add", code=USAGE)


def test_security_is_switched_off_and_on(node):
    realm = "com.example.switched"
    run(node, "realm", "create", realm)
    assert run(node, "realm", "security", "status", realm).stdout == "enabled\n"
    run(node, "realm", "security", "disable", realm)
    assert run(node, "realm", "security", "status", realm).stdout == "disabled\n"
    run(node, "realm", "security", "enable", realm)
    run(node, "realm", "update", realm, "--description", "a realm, switched")
    assert "a realm, switched" in run(node, "realm", "list").stdout
    run(node, "realm", "delete", realm)
    assert realm not in run(node, "realm", "list").stdout


def test_specifications_go_out_and_come_back(node, tmp_path):
    file = tmp_path / "apis.json"
    node.create_open_realm("com.example.e2e")
    for number in (1, 2):
        file.write_text(json.dumps(static_spec(f"exported{number}", number)))
        assert run(node, "api", "diff", str(file), code=DIFFERENT)
        run(node, "api", "publish", str(file))
        run(node, "api", "diff", str(file))
    done = run(node, "api", "export")
    file.write_text(done.stdout)
    ids = [spec["id"] for spec in value(done)]
    assert {"com.example.exported1", "com.example.exported2"} <= set(ids)
    run(node, "api", "diff", str(file))
    for one in ids:
        run(node, "api", "delete", one)
    run(node, "api", "import", str(file))
    assert value(run(node, "api", "export", ids[0])) == [value(run(node, "api", "get", ids[0]))]
    assert [spec["id"] for spec in value(run(node, "api", "export"))] == ids
    run(node, "api", "export", "..", code=USAGE)


def test_the_audit_names_who_changed_what(node):
    here(node, "group", "add", "audited")
    rows = value(run(node, "audit", "list", "--realm", REALM, "--action", "bondy.group.add",
                     "--limit", "1", "-o", "json"))
    assert [(row["actor"], row["target"], row["outcome"]) for row in rows] == \
        [("admin", "audited", "ok")]
    table = run(node, "audit", "list", "--since", "1h").stdout
    assert table.startswith("TIME ") and PASSWORD not in table and SECRET not in table
    run(node, "audit", "list", "--since", "yesterday", code=USAGE)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell, tmp_path):
    script = tmp_path / "script"
    done = postern("completion", shell)
    assert done.returncode == OK
    script.write_text(done.stdout)
    try:
        checked = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True,
                                 check=False)
    except FileNotFoundError:
        pytest.skip(f"there is no {shell} here")
    assert checked.returncode == 0, checked.stderr
    assert postern("completion", "cmd").returncode == USAGE


@pytest.mark.parametrize("line, wanted", [
    ("", {"user", "realm", "serve"}), ("us", {"user"}), ("user al", {"alias"}),
    ("user alias ", {"add", "remove"}), ("user add --pass", {"--password-stdin"}),
    ("user add ana --rea", {"--realm"}), ("grant ", {"create", "revoke", "list", "test"})])
def test_bash_completes_words_and_options(line, wanted, tmp_path):
    script = tmp_path / "script"
    script.write_text(postern("completion", "bash").stdout)
    words = ["postern", *line.split(" ")]
    done = subprocess.run(
        ["bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _postern; '
         'printf "%s\\n" "${COMPREPLY[@]}"', str(script), *words],
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0 and done.stderr == ""
    assert wanted <= set(done.stdout.split()), done


def test_help_is_on_stdout_and_every_command_has_an_example():
    commands = 0
    for line in postern("--help").stdout.splitlines()[1:-1]:
        subject = line.split()[1]
        for row in postern(subject, "--help").stdout.splitlines():
            if row.startswith("  postern "):
                commands += 1
    assert commands > 60
    assert "example:\n  postern user add " in postern("help", "user", "add").stdout
    assert "postern user alias remove" in postern("user", "alias", "--help").stdout
    assert postern("usr", "--help").returncode == USAGE


def test_clients_are_made_rotated_and_deleted(node):
    made = value(here(node, "client", "add", "shop", "-f", "-",
                      text=json.dumps({"redirect_uris": ["https://shop.example.com/cb"]})))
    assert made["client_id"] == "shop" and made["client_secret"].startswith("cs_")
    listed = here(node, "client", "list")
    assert "shop" in listed.stdout and made["client_secret"] not in listed.stdout
    turned = value(here(node, "client", "rotate-secret", "shop", "--overlap", "1h"))
    assert turned["client_secret"] != made["client_secret"]
    old, new = turned["secrets"]
    assert abs(old["expires"] - new["created"] - 3600) <= 1
    assert len(value(here(node, "client", "rotate-secret", "shop", "--overlap", "0"))["secrets"]) == 1
    here(node, "client", "update", "shop", "-f", "-", text='{"name": "The Shop"}')
    assert value(here(node, "client", "get", "shop"))["name"] == "The Shop"
    here(node, "client", "delete", "shop")
    here(node, "client", "get", "shop", code=FAILED)
    unnamed = value(here(node, "client", "add"))
    assert unnamed["client_id"] and unnamed["client_secret"]
    here(node, "client", "delete", unnamed["client_id"])


def test_what_is_registered_of_a_client_may_be_said_by_options(node):
    made = value(here(node, "client", "add", "page", "--type", "public", "--title", "The page",
                      "--redirect-uri", "https://a.example.com/cb", "--redirect-uri",
                      "https://b.example.com/cb", "--post-logout-redirect-uri",
                      "https://a.example.com/", "--grant", "authorization_code", "--grant",
                      "device_code", "--scope", "staff", "--origin", "https://a.example.com",
                      "--no-consent"))
    assert made["type"] == "public" and made["name"] == "The page" and made["consent"] is False
    assert made["redirect_uris"] == ["https://a.example.com/cb", "https://b.example.com/cb"]
    assert made["post_logout_redirect_uris"] == ["https://a.example.com/"]
    assert made["grant_types"] == ["authorization_code",
                                   "urn:ietf:params:oauth:grant-type:device_code"]
    assert made["scopes"] == ["staff"] and made["origins"] == ["https://a.example.com"]
    assert "client_secret" not in made
    # An update changes what it names, and an option goes before the file.
    done = value(here(node, "client", "update", "page", "--consent", "--scope", "staff", "--scope",
                      "ops", "-f", "-", text='{"scopes": ["none"], "origins": null}'))
    assert done["consent"] is True and done["scopes"] == ["staff", "ops"]
    assert "origins" not in done and done["redirect_uris"] == made["redirect_uris"]
    done = value(here(node, "client", "update", "page", "--type", "confidential", "--auth-method",
                      "client_secret_post"))
    assert done["client_secret"].startswith("cs_")
    assert done["token_endpoint_auth_method"] == "client_secret_post"

    for words, text in ((["--type", "secret"], "type"), (["--grant", "implicit"], "grant_types"),
                        (["--redirect-uri", "http://example.com/cb"], "redirect_uris"),
                        (["--type", "public", "--grant", "client_credentials"], "public"),
                        (["--auth-method", "psk"], "token_endpoint_auth_method")):
        assert text in here(node, "client", "add", "wrong", *words, code=INVALID).stderr
    here(node, "client", "update", "page", code=USAGE)
    here(node, "client", "delete", "page")


def test_resource_owners_are_users_of_their_group(node):
    here(node, "resource-owner", "add", "owen")
    assert value(here(node, "resource-owner", "get", "owen"))["groups"] == ["resource_owners"]
    assert "owen" in here(node, "resource-owner", "list").stdout
    here(node, "resource-owner", "delete", "owen")
    here(node, "user", "get", "owen", code=FAILED)
