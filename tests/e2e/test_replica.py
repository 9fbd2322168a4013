"""What a node keeps of its PostgreSQL: it starts without it, and forgets what it has lost."""
import pytest

from support.patience import wait_until
from support.postgres import MISSING, Postgres, programs
from support.specs import static_spec
from support.wampraw import CALL, ERROR, session

pytestmark = [pytest.mark.databases,
              pytest.mark.skipif(programs() is None, reason=MISSING)]

REALM = "com.example.e2e"
USERS = f"/realms/{REALM}/users"


@pytest.fixture
def server():
    with Postgres() as running:
        yield running


def serves(node, name, answer):
    told = node.ask("GET", f"/{name}/static")
    return told.status == 200 and told.json() == {"answer": answer}


def publish(node, name, answer):
    return node.ask_admin("POST", "/api_specs", static_spec(name, answer)).status


def add_user(node, name):
    return node.ask_admin("POST", USERS, {"username": name, "groups": []}).status


def knows_user(node, name):
    return node.ask_admin("GET", f"{USERS}/{name}").status == 200


def started(make_node, url, name="own"):
    node = make_node(name, settings={"store.url": url}).start()
    if node.ask_admin("GET", f"/realms/{REALM}").status != 200:
        node.create_open_realm(REALM)
        assert publish(node, "kept", 1) == 200
        assert add_user(node, "ann") in (200, 201)
    return node


def test_a_node_starts_without_its_database(make_node, server):
    node = started(make_node, server.url())
    assert publish(node, "kept", 2) == 200
    server.stop()
    node.kill()
    node.start()
    assert node.ask_admin("GET", "/ready").status == 204
    assert serves(node, "kept", 2)
    with session(node, REALM) as wire:
        assert wire.ask(CALL, {}, "any.thing")[:2] == [ERROR, CALL]
    listed = node.ask_admin("GET", USERS)
    assert listed.status == 200 and [user["username"] for user in listed.json()] == ["ann"]
    assert node.ask_admin("GET", "/api_specs/com.example.kept").status == 200
    # Versions of the past are in the database alone.
    past = node.ask_admin("GET", "/api_specs/com.example.kept/versions")
    assert past.status == 503 and "retry-after" in past.headers
    assert publish(node, "kept", 3) == 503
    assert add_user(node, "bob") == 503
    assert not knows_user(node, "bob")
    assert "this node serves what it knew" in node.log_text()
    server.start()
    wait_until(lambda: publish(node, "kept", 4) == 200, "a publication")
    assert serves(node, "kept", 4)
    assert node.ask_admin("GET", "/api_specs/com.example.kept/versions").status == 200
    assert node.stop() == 0


def test_what_was_written_while_a_node_was_away_comes_with_the_database(make_node, server):
    node = started(make_node, server.url())
    node.kill()
    other = started(make_node, server.url(), "other")
    assert add_user(other, "bob") in (200, 201)
    assert publish(other, "kept", 5) == 200
    assert other.ask_admin("DELETE", f"{USERS}/ann").status in (200, 204)
    assert other.stop() == 0
    server.stop()
    node.start()
    assert serves(node, "kept", 1) and knows_user(node, "ann")
    server.start()
    wait_until(lambda: serves(node, "kept", 5), "what the other node published")
    wait_until(lambda: knows_user(node, "bob") and not knows_user(node, "ann"), "its users")
    assert node.stop() == 0


def test_what_a_fail_over_has_lost_is_forgotten_at_once(make_node, server):
    with Postgres(primary=server) as standby:
        url = f"postgresql://postgres@/postgres?host={standby.dir},{server.dir}"
        node = started(make_node, url)
        written = server.sql("SELECT pg_current_wal_lsn()")
        wait_until(lambda: standby.sql(
            f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t", "the standby has it all")
        standby.stop()
        assert publish(node, "kept", 2) == 200
        assert publish(node, "lost", 1) == 200
        assert add_user(node, "lost") in (200, 201)
        server.kill()
        standby.start()
        standby.promote()
        wait_until(lambda: node.ask("GET", "/lost/static").status == 404, "what is lost, gone")
        wait_until(lambda: serves(node, "kept", 1), "what was there before")
        assert not knows_user(node, "lost")
        assert knows_user(node, "ann")
        assert "does not go on from what this node knows" in node.log_text()
        wait_until(lambda: publish(node, "kept", 3) == 200, "a publication")
        assert serves(node, "kept", 3)
        node.kill()
        node.start()
        assert serves(node, "kept", 3) and node.ask("GET", "/lost/static").status == 404
        assert node.stop() == 0


def test_an_older_dump_that_is_restored_under_nodes_that_run_is_noticed_by_all(make_node, server):
    one = started(make_node, server.url(), "one")
    other = make_node("other", settings={"store.url": server.url()}).start()
    dump = server.program("pg_dump", "-U", "postgres", "-Fc", "--exclude-table-data=nodes",
                          "postgres", text=False)
    assert publish(one, "late", 1) in (200, 202)
    assert publish(one, "kept", 2) in (200, 202)
    assert add_user(one, "late") in (200, 201)
    wait_until(lambda: serves(other, "kept", 2), "the other node to have it all")
    server.program("pg_restore", "-U", "postgres", "--clean", "--if-exists", "-d", "postgres",
                   given=dump, text=False)
    for node in (one, other):
        wait_until(lambda node=node: serves(node, "kept", 1), "what the dump has")
        wait_until(lambda node=node: node.ask("GET", "/late/static").status == 404, "404")
        assert knows_user(node, "ann") and not knows_user(node, "late")
    wait_until(lambda: publish(other, "kept", 3) in (200, 202), "a publication")
    wait_until(lambda: serves(one, "kept", 3), "it on both nodes")


def test_the_copy_of_another_database_is_not_served(make_node, server):
    node = started(make_node, server.new_database("first"))
    assert node.stop() == 0
    node.settings["store.url"] = server.new_database("second")
    node.start()
    assert node.ask("GET", "/kept/static").status == 404
    assert not knows_user(node, "ann")
    assert node.stop() == 0
