"""postern login and logout, and the commands that use what was kept; postern token."""
import http.server
import json
import stat
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest

from support.node import Node, clean_environment
from support.oauth import OLD_REALM, PASSWORD, REALM, Browser, claims_of, send
from support.patience import PATIENCE, wait_until
from support.places import find_program

OK, FAILED, INVALID, NOT_AUTHORIZED, USAGE = 0, 1, 3, 4, 64
MASTER = "com.leapsight.bondy"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with Node(tmp_path_factory.mktemp("node")) as running:
        yield running
        assert "rt_" not in running.log_text() and "eyJ" not in running.log_text()


class Person:
    """Somebody with a home of his own, who runs the program there."""

    def __init__(self, home, url=None):
        self.home = home
        self.file = home / "postern" / "tokens.json"
        self.url = url

    def environment(self, **more):
        url = {"POSTERN_URL": self.url} if self.url else {}
        return clean_environment(XDG_CONFIG_HOME=str(self.home), **url, **more)

    def run(self, *words, code=OK, text=None, **more):
        done = subprocess.run([str(find_program()), *words], input=text or "", text=True,
                              capture_output=True, timeout=4 * PATIENCE, check=False,
                              env=self.environment(**more))
        assert done.returncode == code, (words, done)
        return done

    def begin(self, *words):
        """postern login, as far as the pages that it names: (process, pages)."""
        process = subprocess.Popen([str(find_program()), "login", *words], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        told = []
        while not told or not told[-1].startswith("waiting"):
            line = process.stderr.readline()
            assert line, (process.wait(), told)
            told.append(line.strip())
        return process, told

    def log_in(self, node, *words, user="admin", password=None, consent="allow", code=OK):
        process, told = self.begin(*words)
        browser = Browser(node.gateway)
        browser.get(next(line for line in told if "?user_code=" in line))
        browser.submit(username=user, password=password or node.password)
        assert told[told.index("and type in this code:") + 1] in browser.page.words
        browser.submit(consent=consent)
        out, err = process.communicate(timeout=4 * PATIENCE)
        assert process.returncode == code and out == "", err
        return err

    @property
    def entries(self):
        return json.loads(self.file.read_text())["tokens"]

    def change(self, **members):
        """What is kept of the one login."""
        (entry,) = self.entries
        self.file.write_text(json.dumps({"tokens": [{**entry, **members}]}))

    def lists_realms(self, **more):
        assert MASTER in self.run("realm", "list", **more).stdout


@pytest.fixture
def person(node, tmp_path):
    return Person(tmp_path, f"http://{node.admin}")


@pytest.fixture(scope="module")
def logged_in(node, tmp_path_factory):
    """A login that several tests use, each of which leaves it good."""
    one = Person(tmp_path_factory.mktemp("home"), f"http://{node.admin}")
    one.log_in(node)
    return one


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_from_login_to_logout(node, person):
    assert "postern login" in person.run("realm", "list", code=NOT_AUTHORIZED).stderr
    told = person.log_in(node)
    assert f"admin is logged in at http://{node.admin}" in told and str(person.file) in told
    (entry,) = person.entries
    assert entry["access_token"] not in told and entry["refresh_token"] not in told
    assert (entry["url"], entry["realm"], entry["user"]) == (f"http://{node.admin}", MASTER, "admin")
    assert (mode(person.file), mode(person.file.parent)) == (0o600, 0o700)
    person.lists_realms()
    person.run("realm", "list", "--url", f"http://{node.admin}/")

    person.run("logout")
    assert person.entries == []
    person.run("realm", "list", code=NOT_AUTHORIZED)
    person.run("realm", "list", code=NOT_AUTHORIZED, POSTERN_TOKEN=entry["access_token"])
    reply = send(node.admin, "POST", "/oauth/token",
                 f"grant_type=refresh_token&client_id={entry['client_id']}"
                 f"&refresh_token={entry['refresh_token']}".encode(),
                 [("Content-Type", "application/x-www-form-urlencoded")])
    assert reply.error == "invalid_grant"
    assert "nobody is logged in" in person.run("logout").stderr


def test_who_says_nothing_locks_nobody_out(node, person):
    for _ in range(7):
        assert "postern login" in person.run("realm", "list", code=NOT_AUTHORIZED).stderr
        person.run("realm", "list", code=NOT_AUTHORIZED, POSTERN_PASSWORD="")
    person.lists_realms(POSTERN_PASSWORD=node.password)


def test_what_is_said_goes_before_what_is_kept(node, logged_in):
    logged_in.run("realm", "list", POSTERN_TOKEN="no.token.atall", code=NOT_AUTHORIZED)
    logged_in.run("realm", "list", POSTERN_PASSWORD="no password", code=NOT_AUTHORIZED)
    logged_in.run("realm", "list", "--user", "nobody", code=NOT_AUTHORIZED)
    logged_in.lists_realms(POSTERN_PASSWORD=node.password)
    logged_in.lists_realms()
    logged_in.lists_realms(POSTERN_PASSWORD="", POSTERN_TOKEN="")


def test_a_token_that_is_over_is_refreshed_and_kept_first(logged_in):
    (before,) = logged_in.entries
    logged_in.change(expires_at=int(time.time()) - 1)
    blocked = logged_in.file.with_name("tokens.json.new")
    blocked.mkdir()
    assert "tokens.json.new" in logged_in.run("realm", "list", code=FAILED).stderr
    blocked.rmdir()
    logged_in.lists_realms()
    (after,) = logged_in.entries
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["expires_at"] > time.time() and mode(logged_in.file) == 0o600
    assert sorted(path.name for path in logged_in.file.parent.iterdir()) == ["lock", "tokens.json"]


def test_a_token_that_was_taken_back_is_refreshed_as_well(logged_in):
    (before,) = logged_in.entries
    # No token that was issued to anybody, as after an emergency rotation of the keys.
    logged_in.change(access_token="eyJ.none.at-all")
    logged_in.lists_realms()
    assert logged_in.entries[0]["refresh_token"] != before["refresh_token"]
    rows = logged_in.run("audit", "list", "--action", "token.reuse_detected", "-o", "json").stdout
    assert json.loads(rows) == []


def test_commands_at_the_same_time_refresh_once(logged_in):
    logged_in.change(expires_at=0)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: logged_in.run("token", "print"), range(4)))
    (entry,) = logged_in.entries
    assert {each.stdout for each in done} == {entry["access_token"] + "\n"}


def log_in_as(node, person, name, *groups):
    """A new user of the master realm."""
    words = [word for group in groups for word in ("--group", group)]
    person.run("user", "add", name, *words, "--realm", MASTER, POSTERN_PASSWORD=node.password,
               POSTERN_NEW_PASSWORD=PASSWORD)
    return person.log_in(node, user=name, password=PASSWORD)


def test_a_login_that_was_ended_elsewhere_says_so_and_is_forgotten(node, person):
    log_in_as(node, person, "cleo")
    person.run("token", "revoke-all", "cleo", "--client-id", "postern-cli", "--realm", MASTER,
               POSTERN_PASSWORD=node.password)
    done = person.run("realm", "list", code=NOT_AUTHORIZED)
    assert "is over" in done.stderr
    assert f"postern login --url http://{node.admin}" in done.stderr
    assert person.entries == []


def test_who_says_no_is_not_logged_in(node, person):
    assert "not allowed" in person.log_in(node, consent="deny", code=NOT_AUTHORIZED)
    assert not person.file.exists()


def test_a_refusal_names_who_asked(node, person):
    log_in_as(node, person, "ann")
    done = person.run("realm", "list", code=NOT_AUTHORIZED)
    assert "--to ann" in done.stderr


def test_files_that_others_may_read_or_write_are_refused(logged_in):
    logged_in.file.chmod(0o640)
    for words in (["realm", "list"], ["token", "print"], ["logout"]):
        done = logged_in.run(*words, code=INVALID)
        assert f"chmod 600 {logged_in.file}" in done.stderr
    logged_in.run("login", code=INVALID)
    logged_in.file.chmod(0o600)
    logged_in.file.parent.chmod(0o777)
    for words in (["realm", "list"], ["token", "print"], ["logout"]):
        assert "chmod 700" in logged_in.run(*words, code=INVALID).stderr
    logged_in.file.parent.chmod(0o700)
    logged_in.lists_realms()


@pytest.mark.parametrize("text", ["", "[]", '{"tokens": 1}', "{", '{"tokens": [], "tokens": []}'])
def test_a_file_that_is_none_of_ours_is_left_as_it_is(person, text):
    person.file.parent.mkdir()
    person.file.write_text(text)
    person.file.chmod(0o600)
    assert "tokens.json" in person.run("realm", "list", code=INVALID).stderr
    assert "tokens.json" in person.run("login", code=INVALID).stderr
    assert person.file.read_text() == text


def test_entries_that_make_no_sense_are_no_login(node, person):
    person.file.parent.mkdir()
    url = f"http://{node.admin}"
    for entry in (1, {}, {"url": 1, "realm": MASTER}, {"url": url, "realm": "other"},
                  {"url": "http://127.0.0.1:1", "realm": MASTER, "access_token": "x"}):
        person.file.write_text(json.dumps({"tokens": [entry]}))
        person.file.chmod(0o600)
        assert "is over" not in person.run("realm", "list", code=NOT_AUTHORIZED).stderr
    person.file.write_text(json.dumps({"tokens": [{"url": url, "realm": MASTER}]}))
    assert "is over" in person.run("realm", "list", code=NOT_AUTHORIZED).stderr


def test_without_a_home_there_is_no_login_and_all_else_goes_on(node, person):
    environment = {"XDG_CONFIG_HOME": "relative", "HOME": ""}
    done = subprocess.run([str(find_program()), "login"], capture_output=True, text=True,
                          timeout=PATIENCE, check=False,
                          env={**person.environment(), **environment})
    assert done.returncode == INVALID and "HOME" in done.stderr
    done = subprocess.run([str(find_program()), "realm", "list"], capture_output=True, text=True,
                          timeout=PATIENCE, check=False,
                          env={**person.environment(POSTERN_PASSWORD=node.password), **environment})
    assert done.returncode == OK


def test_logout_of_a_node_that_is_away_waits_for_force(person):
    person.file.parent.mkdir()
    person.file.write_text(json.dumps({"tokens": [
        {"url": "http://127.0.0.1:1", "realm": MASTER, "client_id": "c", "access_token": "a",
         "refresh_token": "r", "expires_at": 1}]}))
    person.file.chmod(0o600)
    done = person.run("logout", "--url", "http://127.0.0.1:1", code=FAILED)
    assert "--force" in done.stderr and len(person.entries) == 1
    person.run("logout", "--url", "http://127.0.0.1:1", "--force")
    assert person.entries == []


def test_the_client_of_the_command_line_may_be_taken_away_for_good(tmp_path):
    with Node(tmp_path / "node") as node:
        one = Person(tmp_path, f"http://{node.admin}")
        one.run("client", "delete", "postern-cli", "--realm", MASTER,
                POSTERN_PASSWORD=node.password)
        assert "invalid_client" in one.run("login", code=NOT_AUTHORIZED).stderr
        node.stop()
        node.start()
        one = Person(tmp_path, f"http://{node.admin}")
        assert "invalid_client" in one.run("login", code=NOT_AUTHORIZED).stderr


# --- other realms ---------------------------------------------------------------------------------

def test_a_login_in_another_realm(issuer, tmp_path):
    one = Person(tmp_path)
    there = ["--url", f"http://{issuer.node.gateway}", "--realm", REALM]
    one.log_in(issuer.node, *there, "--client-id", "telly", "--scope", "staff", user="ann",
               password=PASSWORD)
    claims = claims_of(one.run("token", "print", *there).stdout.strip())
    assert (claims["sub"], claims["scope"]) == ("ann", "staff")
    done = one.run("token", "print", "--url", there[1], code=NOT_AUTHORIZED)
    assert "postern login" in done.stderr
    one.run("logout", *there)
    done = one.run("token", "print", *there, code=NOT_AUTHORIZED)
    assert f"postern login --url {there[1]} --realm {REALM}" in done.stderr


def test_a_password_will_do_where_the_realm_and_the_client_have_its_grant(issuer, tmp_path):
    one = Person(tmp_path, f"http://{issuer.node.admin}")
    admin = {"POSTERN_PASSWORD": issuer.node.password}
    for realm in (OLD_REALM, REALM):
        one.run("client", "add", "terminal", "--type", "public", "--grant", "password", "--grant",
                "refresh_token", "--realm", realm, **admin)
    words = ["login", "--url", f"http://{issuer.node.gateway}", "--client-id", "terminal",
             "--user", "ann"]
    one.run(*words, "--realm", OLD_REALM, code=USAGE)
    done = one.run(*words, "--realm", OLD_REALM, POSTERN_PASSWORD="wrong", code=NOT_AUTHORIZED)
    assert "invalid_grant" in done.stderr
    one.run(*words, "--realm", OLD_REALM, POSTERN_PASSWORD=PASSWORD)
    assert one.entries[0]["user"] == "ann"
    done = one.run(*words, "--realm", REALM, POSTERN_PASSWORD=PASSWORD, code=NOT_AUTHORIZED)
    assert "unsupported_grant_type" in done.stderr


# --- a node that is none --------------------------------------------------------------------------

class Pretender(http.server.BaseHTTPRequestHandler):
    """Answers each endpoint with what is next in its list: (status, object)."""

    def do_POST(self):  # noqa: N802
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        name = self.path.rsplit("/", 1)[1]
        self.server.seen.append((name, form, time.monotonic()))
        status, answer = self.server.answers[name].pop(0)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def pretender():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pretender)
    server.seen, server.answers = [], {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE)


BEGUN = {"device_code": "dc", "user_code": "AAAA-BBBB", "verification_uri": "http://127.0.0.1/d",
         "interval": 1, "expires_in": 60}


def test_polling_keeps_to_the_interval_and_slows_down(pretender, tmp_path):
    """RFC 8628, 3.5."""
    pretender.answers = {
        "device_authorization": [(200, BEGUN)],
        "token": [(400, {"error": "authorization_pending"}), (400, {"error": "slow_down"}),
                  (200, {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 60})]}
    one = Person(tmp_path, pretender.url)
    done = one.run("login")
    assert "no refresh token" in done.stderr
    times = [when for _, _, when in pretender.seen]
    gaps = [after - before for before, after in zip(times, times[1:])]
    assert gaps[0] >= 1 and gaps[1] >= 1 and gaps[2] >= 6, gaps
    assert pretender.seen[1][1]["device_code"] == ["dc"]
    assert one.run("token", "print").stdout == "a.b.c\n"


@pytest.mark.parametrize("answer, text, code", [
    ((404, b"<html>"), "HTTP status 404", FAILED), ((200, b"<html>"), "HTTP status 200", FAILED),
    ((200, {}), "HTTP status 200", FAILED), ((200, [1]), "HTTP status 200", FAILED),
    ((401, {"error": "invalid_client", "error_description": "\x1b[2J\u202e"}), "\\x1b[2J",
     NOT_AUTHORIZED)])
def test_what_is_no_beginning_is_told(pretender, tmp_path, answer, text, code):
    pretender.answers = {"device_authorization": [answer]}
    done = Person(tmp_path, pretender.url).run("login", code=code)
    assert text in done.stderr and "\x1b" not in done.stderr and "\u202e" not in done.stderr


def test_what_a_node_says_cannot_move_the_cursor(pretender, tmp_path):
    pretender.answers = {
        "device_authorization": [(200, {**BEGUN, "user_code": "\x1b[2Jcode",
                                        "verification_uri": "http://x/\u202e\r"})],
        "token": [(400, {"error": "access_denied"})]}
    done = Person(tmp_path, pretender.url).run("login", code=NOT_AUTHORIZED)
    assert "\x1b" not in done.stderr and "\u202e" not in done.stderr and "\r" not in done.stderr


@pytest.mark.parametrize("answer", [
    (200, {"access_token": "a\x1b[2J"}), (200, {"access_token": "a\r\nX: y"}),
    (200, {"access_token": "a" * (1 << 18 | 1)}), (200, {"access_token": "a b"}),
    (200, {"access_token": "a", "refresh_token": "r" * (1 << 21)}),
    (200, {"access_token": "a", "refresh_token": "é"}),
    (200, {}), (200, {"access_token": 1}), (200, b"not JSON"), (400, {"error": "expired_token"}),
    (400, {"error": "invalid_scope"})])
def test_what_is_no_token_is_not_kept(pretender, tmp_path, answer):
    pretender.answers = {"device_authorization": [(200, BEGUN)], "token": [answer]}
    one = Person(tmp_path, pretender.url)
    one.run("login", code=NOT_AUTHORIZED if "invalid" in str(answer) else FAILED)
    assert not one.file.exists()


# 192.0.2.0/24 is nobody's: what asked there after all would wait for its time-out.
ELSEWHERE = ["http://192.0.2.1:1", "http://127.0.0.1@192.0.2.1:1", "http://127.0.0.1.example.invalid",
             "HTTP://192.0.2.1:1/127.0.0.1", "http://[2001:db8::1]:1"]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_nobody_logs_in_where_it_can_be_read_on_the_way(tmp_path, url):
    one = Person(tmp_path, url)
    for words in (["login"], ["login", "--user", "ann"], ["token", "issue", "c"]):
        done = one.run(*words, POSTERN_PASSWORD="secret", POSTERN_CLIENT_SECRET="secret",
                       code=FAILED)
        assert "--insecure" in done.stderr and "secret" not in done.stderr
    assert not one.file.exists()


def test_a_refresh_token_is_not_sent_where_it_can_be_read_on_the_way(tmp_path):
    one = Person(tmp_path, ELSEWHERE[0])
    one.file.parent.mkdir()
    entry = {"url": ELSEWHERE[0], "realm": MASTER, "client_id": "c", "access_token": "a",
             "refresh_token": "r", "expires_at": 1}
    one.file.write_text(json.dumps({"tokens": [entry]}))
    one.file.chmod(0o600)
    assert "--insecure" in one.run("realm", "list", code=FAILED).stderr
    assert "--insecure" in one.run("logout", code=FAILED).stderr
    assert one.entries == [entry]


def test_a_node_that_is_busy_does_not_end_the_login(pretender, tmp_path):
    pretender.answers = {"token": [(503, {"error": "temporarily_unavailable"})]}
    one = Person(tmp_path, pretender.url)
    one.file.parent.mkdir()
    entry = {"url": pretender.url, "realm": MASTER, "client_id": "c", "access_token": "a",
             "refresh_token": "r", "expires_at": 1}
    one.file.write_text(json.dumps({"tokens": [entry]}))
    one.file.chmod(0o600)
    assert "temporarily_unavailable" in one.run("token", "print", code=FAILED).stderr
    assert one.entries == [entry]


def test_who_gives_up_waiting_is_not_waited_for(node, person):
    process, _ = person.begin()
    process.terminate()
    wait_until(lambda: process.poll() is not None, "the end of postern login")
    process.communicate()
    assert not person.file.exists()


# --- postern token --------------------------------------------------------------------------------

def test_a_client_gets_asks_about_and_takes_back_its_token(node, person, tmp_path):
    made = json.loads(person.run("client", "add", "robot", "--grant", "client_credentials",
                                 "--group", "bondy.administrators", "--realm", MASTER,
                                 POSTERN_PASSWORD=node.password).stdout)
    secret = {"POSTERN_PASSWORD": made["client_secret"]}
    person.run("token", "issue", "robot", code=USAGE)
    wrong = person.run("token", "issue", "robot", POSTERN_PASSWORD="wrong", code=NOT_AUTHORIZED)
    assert "invalid_client" in wrong.stderr and "wrong" not in wrong.stderr
    answer = json.loads(person.run("token", "issue", "robot", "--password-stdin",
                                   text=made["client_secret"] + "\n").stdout)
    assert claims_of(answer["access_token"])["sub"] == "robot"
    person.run("realm", "list", POSTERN_TOKEN=answer["access_token"])

    file = tmp_path / "token"
    file.write_text(answer["access_token"] + "\n")
    told = json.loads(person.run("token", "introspect", "robot", "-f", str(file), **secret).stdout)
    assert told["active"] and told["client_id"] == "robot"
    person.run("token", "revoke", "robot", text=answer["access_token"] + "\n", **secret)
    done = person.run("token", "introspect", "robot", text=answer["access_token"], **secret,
                      code=NOT_AUTHORIZED)
    assert json.loads(done.stdout) == {"active": False}
    person.run("realm", "list", POSTERN_TOKEN=answer["access_token"], code=NOT_AUTHORIZED)

    for words in ("introspect", "revoke"):
        person.run("token", words, "robot", text="", **secret, code=INVALID)
        person.run("token", words, "robot", "-f", str(tmp_path / "none"), **secret, code=INVALID)
        person.run("token", words, "robot", answer["access_token"], **secret, code=USAGE)
    done = person.run("token", "issue", "robot", "--scope", "staff", **secret, code=NOT_AUTHORIZED)
    assert "invalid_scope" in done.stderr


def test_client_names_and_secrets_may_have_any_characters(issuer, tmp_path):
    """RFC 6749, 2.3.1."""
    done = Person(tmp_path).run("token", "issue", "urn:app:1", "--url",
                                f"http://{issuer.node.gateway}", "--realm", REALM, "--scope",
                                "staff", "-o", "yaml", POSTERN_PASSWORD="p %+ä:&=")
    assert "scope: staff" in done.stdout


def test_all_tokens_of_a_user_end(node, person):
    log_in_as(node, person, "dora", "bondy.administrators")
    (entry,) = person.entries
    admin = {"POSTERN_PASSWORD": node.password}
    person.run("token", "revoke-all", "dora", "--client-id", "another", "--realm", MASTER, **admin)
    person.lists_realms()
    person.run("token", "revoke-all", "dora", "--realm", MASTER, **admin)
    person.run("realm", "list", code=NOT_AUTHORIZED)
    person.run("realm", "list", code=NOT_AUTHORIZED, POSTERN_TOKEN=entry["access_token"])
