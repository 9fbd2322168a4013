"""Data that moves from one database to another, and data of a newer or an older program."""
import itertools
import json
import re
import sqlite3

import pytest

from support.cli import postern, postern_start
from support.oauth import OLD_REALM, PASSWORD, Issuer, security
from support.patience import wait_until
from support.postgres import MISSING, Postgres, Relay, programs
from support.specs import static_spec

pytestmark = [pytest.mark.databases,
              pytest.mark.skipif(programs() is None, reason=MISSING)]

REALM = "com.example.e2e"
NUMBERS = itertools.count(1)
HIDDEN = "hushhush"  # a password in a URL


@pytest.fixture(scope="module")
def server():
    with Postgres() as running:
        yield running


@pytest.fixture
def own_server():
    with Postgres() as running:
        yield running


def database(server):
    return server.new_database(f"moved{next(NUMBERS)}")


def name_of(url):
    return re.search(r"/(moved\d+)", url).group(1)


def with_password(url):
    return url.replace("postgres@", f"postgres:{HIDDEN}@")


def migrate(*words):
    """Whatever comes of it, no secret is in what it says."""
    done = postern("migrate", *words)
    assert HIDDEN not in done.stdout + done.stderr
    return done


def data_of(node):
    return str(node.home / "data")


def copy(node, *words):
    done = migrate("copy", "--data", data_of(node), *words)
    assert done.returncode == 0, done.stderr
    return done


def status_of(*words):
    done = migrate("status", "-o", "json", *words)
    return done.returncode, json.loads(done.stdout)


def rows_of(told):
    return {one["table"]: one["rows"] for one in told["tables"]}


def dump(node):
    """All that is in the data directory's store."""
    base = sqlite3.connect(node.home / "data" / "postern.db")
    try:
        return list(base.iterdump())
    finally:
        base.close()


def audit_of(node):
    answer = node.ask_admin("GET", "/audit?limit=100")
    assert answer.status == 200, answer.text
    return answer.json()


def good(reply):
    assert reply.status == 200, reply.body
    return reply.json()


def started(make_node, name="own", **settings):
    node = make_node(name, settings=settings).start()
    node.create_open_realm(REALM)
    node.publish(static_spec("kept", 1))
    return node


def serving(node, answer):
    return node.ask("GET", "/kept/static").json() == {"answer": answer}


class World:
    """What a node has, and what its users hold: the same after each move."""

    def __init__(self, node):
        self.node = node
        self.issuer = Issuer(node, OLD_REALM)
        node.publish(static_spec("kept", 2))
        done = postern("user", "add", "late", "--realm", OLD_REALM, "--group", "staff", node=node)
        assert done.returncode == 0, done.stderr
        done = postern("user", "delete", "eve", "--realm", OLD_REALM, node=node)
        assert done.returncode == 0, done.stderr
        self.tokens = self.log_in("ann")
        self.audit = audit_of(node)
        self.users = self.list_users()
        assert len(self.audit) >= 4 and "eve" not in self.users and "late" in self.users

    def list_users(self):
        done = postern("user", "list", "--realm", OLD_REALM, "-o", "json", node=self.node)
        assert done.returncode == 0, done.stderr
        return {one["username"]: one for one in json.loads(done.stdout)}

    def log_in(self, name):
        return good(self.issuer.token({"grant_type": "password", "username": name,
                                       "password": PASSWORD}, "machine"))

    def versions(self):
        return self.node.ask_admin("GET", "/api_specs/com.example.kept/versions").json()

    def is_the_same(self):
        node = self.node
        assert serving(node, 2)
        assert self.list_users() == self.users
        assert self.audit == audit_of(node)[-len(self.audit):]
        token = {"token": self.tokens["access_token"]}
        assert good(self.issuer.post("introspect", token, "machine"))["active"]
        self.tokens = good(self.issuer.token(
            {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]},
            "machine"))
        self.log_in("bob")
        refused = self.issuer.token({"grant_type": "password", "username": "eve",
                                     "password": PASSWORD}, "machine")
        assert refused.status == 400

    def rolls_back(self):
        """To the first version, and on to what it was."""
        before = self.versions()
        for version, answer in ((1, 1), (2, 2)):
            rolled = self.node.ask_admin("POST", "/api_specs/com.example.kept/rollback",
                                         {"version": version})
            assert rolled.status == 200, rolled.text
            assert serving(self.node, answer)
        after = self.versions()
        assert after[-len(before):] == before and len(after) == len(before) + 2


def test_a_node_moves_to_postgresql_and_back_with_all_that_it_has(make_node, server, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security()))
    url = with_password(database(server))
    issued = {"gateway.public_url": "http://127.0.0.1:18080"}
    node = started(make_node, **issued, **{"security.config_file": str(file)})
    world = World(node)
    assert node.stop() == 0
    before = dump(node)

    done = copy(node, "--to", url, "-o", "json")
    told = json.loads(done.stdout)
    assert told["schema"] == told["known"] and rows_of(told)["leases"] >= 1
    assert re.fullmatch("[0-9a-f]{64}", told["tables"][0]["digest"])
    assert told["store.url"] == url.replace(f":{HIDDEN}", "")
    assert f"store.url={told['store.url']}" in done.stderr
    assert dump(node) == before
    assert rows_of(status_of("--set", f"store.url={url}")[1]) == rows_of(told)

    node.settings = {**issued, "store.url": url}
    node.start()
    world.is_the_same()
    world.rolls_back()
    assert node.stop() == 0

    node.home = tmp_path / "back"  # another data directory
    node.home.mkdir()
    copy(node, "--from", url, "--to", "sqlite:")
    node.settings = issued
    node.start()
    world.is_the_same()
    world.rolls_back()
    assert node.stop() == 0


def test_the_configuration_may_have_the_target_already(make_node, server, tmp_path):
    node = started(make_node)
    assert node.stop() == 0
    url = database(server)
    file = tmp_path / "postern.yaml"
    file.write_text(f"store:\n  url: '{url}'\ndata:\n  dir: '{data_of(node)}'\n")
    done = migrate("copy", "-c", str(file))
    assert done.returncode == 0, done.stderr
    assert re.search(r"^versions +\d+ +[0-9a-f]{64}$", done.stdout, re.MULTILINE)
    node.settings = {"store.url": url}
    node.start()
    assert serving(node, 1)
    # There is data now; and the node runs.
    again = migrate("copy", "-c", str(file))
    assert again.returncode == 5 and "another node uses the data directory" in again.stderr
    assert node.stop() == 0
    again = migrate("copy", "-c", str(file))
    assert again.returncode == 5 and "it has data of Postern already" in again.stderr


def test_what_a_node_uses_is_not_moved_away_under_it(make_node, server, tmp_path):
    node = make_node().start()
    url = database(server)
    for words in (("copy", "--to", url), ("status",), ("up",)):
        done = migrate(*words, "--data", data_of(node))
        assert done.returncode == 5 and "another node uses the data directory" in done.stderr
    assert status_of("--set", f"store.url={url}")[0] == 2
    shared = started(make_node, "shared", **{"store.url": url})
    back = ("copy", "--data", str(tmp_path / "back"), "--from", url, "--to", "sqlite:")
    done = migrate(*back)
    assert done.returncode == 5 and "nodes are running on it" in done.stderr
    shared.kill()  # what it leaves among the nodes says nothing
    done = migrate(*back)
    assert done.returncode == 0, done.stderr


def test_what_makes_no_sense_is_said(server, tmp_path):
    nowhere = str(tmp_path / "nowhere")
    url = with_password(database(server))
    done = migrate("copy", "--data", nowhere, "--to", url)
    assert done.returncode == 1 and "name it with --data DIR" in done.stderr
    assert not (tmp_path / "nowhere").exists()
    assert migrate("copy", "--data", nowhere).returncode == 3
    assert migrate("copy", "--data", nowhere, "--to", "mysql://x").returncode != 0
    tmp_path.joinpath("empty").mkdir()
    done = migrate("copy", "--data", str(tmp_path / "empty"), "--to", url)
    assert done.returncode == 1 and "there is no store" in done.stderr
    done = migrate("copy", "--from", "mysql://x", "--to", url)
    assert done.returncode == 3 and "store.url must begin with" in done.stderr
    missing = url.replace("/moved", "/missing")
    done = migrate("status", "--set", f"store.url={missing}")
    assert done.returncode == 3 and "create the database" in done.stderr


# --- in the middle of it --------------------------------------------------------------------------

STOP = """
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(50); RETURN NULL; END';
CREATE TRIGGER stop BEFORE INSERT ON leases FOR EACH STATEMENT EXECUTE FUNCTION stop();
"""
GO_ON = "DROP FUNCTION stop CASCADE"
SESSION = "FROM pg_stat_activity WHERE query LIKE 'INSERT INTO leases%' AND wait_event = 'PgSleep'"


@pytest.fixture
def settled(make_node, tmp_path):
    """A node that is down, with a lease: what is copied before that is most of it."""
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security()))
    node = started(make_node, **{"security.config_file": str(file)})
    World(node)
    assert node.stop() == 0
    return node


def copying(node, server, url):
    """A copy that has written most of it."""
    done = migrate("up", "--set", f"store.url={url}")
    assert done.returncode == 0, done.stderr
    server.sql(STOP, name_of(url))
    running = postern_start("migrate", "copy", "--data", data_of(node), "--to", url)
    asked = f"SELECT COUNT(*) {SESSION} AND datname = '{name_of(url)}'"
    wait_until(lambda: server.sql(asked) != "0" or running.poll() is not None, "a copy at work")
    assert running.poll() is None, running.communicate()
    return running


def nothing_was_copied(node, server, url, before):
    """And the same command does it then."""
    server.sql(GO_ON, name_of(url))  # waits for the session, which ends when it is alone
    code, told = status_of("--set", f"store.url={url}")
    assert code == 0
    assert {name for name, rows in rows_of(told).items() if rows} == {"head", "audit_head"}
    assert dump(node) == before
    done = copy(node, "--to", url, "-o", "json")
    assert rows_of(json.loads(done.stdout))["leases"] >= 1


def test_a_copy_that_is_killed_leaves_nothing_behind(settled, server):
    url = database(server)
    before = dump(settled)
    running = copying(settled, server, url)
    running.kill()
    running.communicate()
    nothing_was_copied(settled, server, url, before)


def test_a_copy_whose_server_dies_leaves_nothing_behind(settled, own_server):
    url = with_password(database(own_server))
    before = dump(settled)
    running = copying(settled, own_server, url)
    own_server.kill()
    out, err = running.communicate()
    assert running.returncode == 1 and out == ""
    assert "PostgreSQL" in err and HIDDEN not in err
    own_server.start()
    nothing_was_copied(settled, own_server, url, before)


def test_a_copy_whose_session_is_ended_leaves_nothing_behind(settled, server):
    url = database(server)
    before = dump(settled)
    running = copying(settled, server, url)
    server.sql(f"SELECT COUNT(pg_terminate_backend(pid)) {SESSION}")
    out, err = running.communicate()
    assert running.returncode == 1 and out == "", err
    nothing_was_copied(settled, server, url, before)


def test_when_nobody_knows_whether_it_was_copied_that_is_said(settled, server):
    name = name_of(database(server))
    relay = Relay(server)
    relay.fatal = b"COMMIT"
    try:
        done = migrate("copy", "--data", data_of(settled), "--to", relay.url(name))
        assert relay.cuts == 1
        assert done.returncode == 1 and "no answer says whether all was copied" in done.stderr
    finally:
        relay.close()
    # The server had got it.
    code, told = status_of("--set", f"store.url={server.url(name)}")
    assert code == 0 and rows_of(told)["leases"] >= 1


# --- newer and older programs ---------------------------------------------------------------------

EXPAND = """
ALTER TABLE versions ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
ALTER TABLE leases ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
ALTER TABLE nodes ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
CREATE TABLE colours (name TEXT NOT NULL PRIMARY KEY);
UPDATE schema_version SET oldest = version, version = version + 1;
"""
CONTRACT = "UPDATE schema_version SET oldest = version"
NEWER = "the data has a newer schema, which this program can work with"


def test_a_node_goes_on_with_what_a_newer_one_has_made_of_the_data(make_node, server):
    url = database(server)
    name = name_of(url)
    node = started(make_node, **{"store.url": url})
    server.sql(EXPAND, name)
    node.publish(static_spec("kept", 2))
    assert node.stop() == 0
    code, told = status_of("--set", f"store.url={url}")
    assert (code, told["schema"], told["oldest"]) == (0, told["known"] + 1, told["known"])
    node.start()
    node.publish(static_spec("kept", 3))
    assert serving(node, 3)
    assert node.log_text().count(NEWER) == 1

    server.sql(CONTRACT, name)
    server.sql("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
               f" WHERE datname = '{name}'")
    assert node.ask_admin("POST", "/api_specs", static_spec("kept", 4)).status == 503
    wait_until(lambda: "start the newer postern that wrote it" in node.log_text(), "a word of it")
    assert serving(node, 3)
    assert node.stop() == 0
    code, told = status_of("--set", f"store.url={url}")
    assert (code, told["oldest"]) == (3, told["known"] + 1)
    node.launch()
    assert node.wait() == 3
    assert "start the newer postern that wrote it" in node.log_text()
    assert migrate("up", "--set", f"store.url={url}").returncode == 3


def test_data_of_an_older_program_is_brought_up_without_a_node(make_node, server):
    url = database(server)
    name = name_of(url)
    node = started(make_node, **{"store.url": url})
    assert node.stop() == 0
    server.sql("DROP TABLE nodes; ALTER TABLE schema_version DROP COLUMN oldest;"
               "UPDATE schema_version SET version = 5", name)
    code, told = status_of("--set", f"store.url={url}")
    assert (code, told["schema"], told["oldest"]) == (2, 5, 0)
    done = migrate("up", "--set", f"store.url={url}")
    assert done.returncode == 0, done.stderr
    code, told = status_of("--set", f"store.url={url}")
    assert (code, told["schema"]) == (0, told["known"])
    node.start()
    assert serving(node, 1)
