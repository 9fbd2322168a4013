"""Nodes that share a PostgreSQL know of each other: who is alive, and how far each serves."""
import concurrent.futures
import json
import time

import pytest

from support import processes
from support.cli import postern
from support.patience import FACTOR, wait_until
from support.postgres import MISSING, Postgres, programs
from support.specs import static_spec

pytestmark = [pytest.mark.databases,
              pytest.mark.skipif(programs() is None, reason=MISSING)]

REALM = "com.example.e2e"
SILENCE = 3.0  # after which a node counts as dead
SPEC = "/api_specs/com.example.kept"


@pytest.fixture
def own_server():
    with Postgres() as running:
        yield running


@pytest.fixture
def nodes(make_node, own_server):
    """Two nodes that see each other, with an open realm and a specification."""
    made = [make_node(name, {"store.url": own_server.url(), "node.name": name}).start()
            for name in ("alpha", "beta")]
    made[0].create_open_realm(REALM)
    for node in made:
        wait_until(lambda n=node: live(n) == ["alpha", "beta"], "both nodes are seen")
    return made


def live(node):
    return sorted(one["name"] for one in members(node) if one["live"])


def members(node):
    answer = node.ask_admin("GET", "/nodes")
    assert answer.status == 200, answer.text
    return answer.json()


def publish(node, answer, name="kept"):
    told = node.ask_admin("POST", "/api_specs", static_spec(name, answer))
    return told.status, told.json()


def served(node, name="kept"):
    return node.ask("GET", f"/{name}/static").json()["answer"]


def frozen(node):
    processes.freeze([node.process.pid])


def thawed(node):
    processes.thaw([node.process.pid])


def test_a_publication_is_answered_when_every_node_serves_it(nodes):
    for answer in range(100):
        writer, reader = nodes if answer % 2 == 0 else nodes[::-1]
        status, told = publish(writer, answer)
        assert served(reader) == answer
        assert status == 200 and sorted(told["nodes"]) == ["alpha", "beta"], told
        assert "pending" not in told and told["version"] == answer + 1
        assert served(writer) == answer


def test_rollback_and_delete_are_answered_when_every_node_serves_them(nodes):
    one, other = nodes
    for answer in (1, 2):
        assert publish(one, answer)[0] == 200
    told = other.ask_admin("POST", f"{SPEC}/rollback", {"version": 1})
    assert served(one) == 1 and served(other) == 1
    assert told.status == 200 and sorted(told.json()["nodes"]) == ["alpha", "beta"]
    gone = one.ask_admin("DELETE", SPEC)
    assert other.ask("GET", "/kept/static").status == 404
    assert gone.status == 204 and gone.body == b""


def test_a_list_of_specifications_names_the_nodes_of_each(nodes):
    told = nodes[0].ask_admin("POST", "/api_specs",
                              json.dumps([static_spec("left", 1), static_spec("right", 2)]))
    assert (served(nodes[1], "left"), served(nodes[1], "right")) == (1, 2)
    assert told.status == 200
    assert [sorted(one["nodes"]) for one in told.json()] == [["alpha", "beta"]] * 2


def test_what_is_published_again_unchanged_names_all_nodes(nodes):
    assert publish(nodes[0], 1)[0] == 200
    status, told = publish(nodes[1], 1)
    assert status == 200 and told["changed"] is False
    assert sorted(told["nodes"]) == ["alpha", "beta"]


def test_a_node_that_stands_still_is_named_and_catches_up(nodes):
    one, other = nodes
    assert publish(one, 1)[0] == 200
    frozen(other)
    try:
        began = time.monotonic()
        status, told = publish(one, 2)
        assert status == 202 and told["pending"] == ["beta"] and told["nodes"] == ["alpha"], told
        assert time.monotonic() - began < 5.0 + 1.0 * FACTOR
        assert served(one) == 2
        wait_until(lambda: live(one) == ["alpha"], "the frozen node counts as dead")
        began = time.monotonic()
        status, told = publish(one, 3)
        assert status == 200 and told["nodes"] == ["alpha"] and "pending" not in told
        assert time.monotonic() - began < SILENCE
        assert [m["live"] for m in members(one) if m["name"] == "beta"] == [False]
        assert one.metric("postern_nodes_live") == 1
    finally:
        thawed(other)
    wait_until(lambda: live(one) == ["alpha", "beta"], "it is back")
    wait_until(lambda: served(other) == 3, "it has caught up")
    assert sorted(publish(one, 4)[1]["nodes"]) == ["alpha", "beta"]
    assert served(other) == 4


def test_rollback_and_delete_name_the_node_that_stands_still(make_node, own_server):
    settings = {"store.url": own_server.url(), "cluster.acknowledge_timeout": "300ms"}
    one, other = [make_node(name, {**settings, "node.name": name}).start()
                  for name in ("alpha", "beta")]
    one.create_open_realm(REALM)
    wait_until(lambda: live(one) == ["alpha", "beta"], "both nodes are seen")
    for answer in (1, 2):
        assert publish(one, answer)[0] == 200
    frozen(other)
    try:
        told = one.ask_admin("POST", f"{SPEC}/rollback", {"version": 1})
        assert told.status == 202 and told.json()["pending"] == ["beta"], told.text
        gone = one.ask_admin("DELETE", SPEC)
        assert gone.status == 202, gone.text
        assert gone.json() == {"nodes": ["alpha"], "pending": ["beta"]}
    finally:
        thawed(other)
    wait_until(lambda: other.ask("GET", "/kept/static").status == 404, "it has caught up")


def test_who_waits_while_the_database_goes_away_is_answered_in_time(nodes, own_server):
    one, other = nodes
    frozen(other)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            asked = pool.submit(publish, one, 1)
            wait_until(lambda: one.ask("GET", "/kept/static").status == 200, "it serves here")
            own_server.stop()
            status, told = asked.result()
        assert status == 202 and told["pending"] == ["beta"], told
        assert time.monotonic() - began < 5.0 + 4.0 * FACTOR
    finally:
        thawed(other)
    own_server.start()
    wait_until(lambda: other.ask("GET", "/kept/static").status == 200, "it has caught up")


def test_the_command_line_says_who_is_pending(make_node, own_server, tmp_path):
    settings = {"store.url": own_server.url(), "cluster.acknowledge_timeout": "300ms"}
    one, other = [make_node(name, {**settings, "node.name": name}).start()
                  for name in ("alpha", "beta")]
    one.create_open_realm(REALM)
    wait_until(lambda: live(one) == ["alpha", "beta"], "both nodes are seen")
    file = tmp_path / "kept.json"
    file.write_text(json.dumps(static_spec("kept", 1)))
    done = postern("api", "publish", str(file), node=one)
    assert done.returncode == 0 and sorted(json.loads(done.stdout)["nodes"]) == ["alpha", "beta"]
    frozen(other)
    try:
        file.write_text(json.dumps(static_spec("kept", 2)))
        for words in (("publish", str(file)), ("rollback", "com.example.kept", "1"),
                      ("delete", "com.example.kept")):
            done = postern("api", *words, node=one)
            assert done.returncode == 6, (words, done.stdout, done.stderr)
            assert "not served yet by beta" in done.stderr and "node list" in done.stderr
    finally:
        thawed(other)
    wait_until(lambda: live(one) == ["alpha", "beta"], "it is back")


def test_a_node_that_is_killed_is_dead_after_a_while(nodes):
    one, other = nodes
    other.kill()
    wait_until(lambda: live(one) == ["alpha"], "the killed node counts as dead")
    assert publish(one, 1)[1]["nodes"] == ["alpha"]
    other.restart()
    wait_until(lambda: live(one) == ["alpha", "beta"], "it is back")
    assert len(members(one)) == 2
    assert sorted(publish(one, 2)[1]["nodes"]) == ["alpha", "beta"]
    assert served(other) == 2
    for answer in range(3, 6):  # started again before anybody could have noticed
        other.kill()
        other.restart()
        wait_until(lambda: live(other) == ["alpha", "beta"], "it is back")
        status, told = publish(other, answer)
        assert status == 200 and sorted(told["nodes"]) == ["alpha", "beta"], told
        assert served(one) == answer


def test_a_node_that_is_stopped_is_gone_at_once(nodes, own_server):
    one, other = nodes
    assert other.stop() == 0
    assert own_server.sql("SELECT count(*) FROM nodes") == "1"
    began = time.monotonic()
    status, told = publish(one, 1)
    assert status == 200 and told["nodes"] == ["alpha"]
    assert time.monotonic() - began < SILENCE
    assert live(one) == ["alpha"]
    assert one.stop() == 0
    assert own_server.sql("SELECT count(*) FROM nodes") == "0"


def test_a_heartbeat_takes_no_place_in_the_change_log(nodes, own_server):
    beats = "SELECT sum(beat) FROM nodes"
    seq, before = own_server.sql("SELECT seq FROM head"), int(own_server.sql(beats))
    wait_until(lambda: int(own_server.sql(beats)) > before + 2, "heartbeats")
    assert own_server.sql("SELECT seq FROM head") == seq


def test_a_node_tells_how_it_is(nodes, own_server):
    one, _ = nodes
    publish(one, 1)
    told = one.ask_admin("GET", "/node").json()
    node, store = told["node_spec"], told["store"]
    assert node["name"] == "alpha" and node["url"] == f"http://{one.admin}"
    assert node["lag"] == 0 and node["seq"] == store["seq"] > 0 and node["uptime"] >= 0
    assert sorted(told["nodes"]) == ["alpha", "beta"]
    assert store["up"] is True and store["url"].startswith("postgresql://postgres@/")
    done = postern("node", "status", node=one)
    assert done.returncode == 0 and "alpha" in done.stdout and "up since" in done.stdout
    assert json.loads(postern("node", "status", "-o", "json", node=one).stdout)["nodes"]
    listed = postern("node", "list", node=one).stdout.splitlines()
    assert len(listed) == 3 and listed[0].split()[:2] == ["NAME", "LIVE"], listed
    for name, value in (("postern_store_up", 1), ("postern_nodes_live", 2),
                        ("postern_node_lag", 0), ("postern_store_seq", store["seq"])):
        assert one.metric(name) == value, name
    own_server.stop()
    wait_until(lambda: one.metric("postern_store_up") == 0, "the node says that it is away")
    told = one.ask_admin("GET", "/node").json()
    assert told["store"]["up"] is False and told["store"]["seq"] == store["seq"]
    wait_until(lambda: one.metric("postern_store_age_seconds") >= 2, "its age grows")
    assert "away since" in postern("node", "status", node=one).stdout
    assert sorted(live(one)) == ["alpha", "beta"]  # nobody can look
    own_server.start()
    wait_until(lambda: one.metric("postern_store_up") == 1, "it is back")
    wait_until(lambda: publish(one, 2)[0] == 200, "a publication", step=0.1)
    assert sorted(live(one)) == ["alpha", "beta"]


def test_nobody_is_told_the_password_of_the_store(make_node, own_server):
    own_server.sql("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'hush'")
    url = own_server.url().replace("postgres@", "keeper:hush@") + "&password=hush"
    node = make_node(settings={"store.url": url, "node.name": "alpha"}).start()
    told = node.ask_admin("GET", "/node")
    assert "keeper@" in told.text and "hush" not in told.text
    assert "hush" not in postern("node", "status", node=node).stdout
    assert "hush" not in node.log_text()


def test_without_notifications_a_publication_is_still_answered_by_all(make_node, own_server):
    settings = {"store.url": own_server.url(), "store.listen": "false"}
    one, other = [make_node(name, {**settings, "node.name": name}).start()
                  for name in ("alpha", "beta")]
    one.create_open_realm(REALM)
    wait_until(lambda: live(one) == ["alpha", "beta"], "both nodes are seen")
    for answer in range(3):
        status, told = publish(one, answer)
        assert served(other) == answer
        assert status == 200 and sorted(told["nodes"]) == ["alpha", "beta"]


def test_many_publications_at_once_are_all_answered_by_all(nodes):
    one, other = nodes

    def one_of(n):
        status, told = publish((one, other)[n % 2], n, f"many{n % 5}x{n}")
        return status, sorted(told["nodes"]), served((other, one)[n % 2], f"many{n % 5}x{n}") == n

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(one_of, range(40)))
    assert done == [(200, ["alpha", "beta"], True)] * 40


def test_a_node_alone_with_sqlite_lists_itself(make_node):
    node = make_node(settings={"node.name": "solo"}).start()
    node.create_open_realm(REALM)
    assert publish(node, 1)[1]["nodes"] == ["solo"]
    alone, = members(node)
    assert alone["name"] == "solo" and alone["live"] and alone["self"] and alone["lag"] == 0
    assert node.ask_admin("GET", "/node").json()["store"]["url"] == "sqlite:"
    assert node.metric("postern_store_up") == 1 and node.metric("postern_nodes_live") == 1


def test_a_node_tells_where_its_gateway_is(make_node):
    def told(node):
        return node.ask_admin("GET", "/node").json()["gateway_url"]
    listening = make_node(name="listening").start()
    assert told(listening) == f"http://{listening.gateway}"
    public = make_node(name="public", settings={"gateway.public_url": "https://api.example.com"})
    assert told(public.start()) == "https://api.example.com"


def test_the_procedures_are_those_of_bondy(make_node):
    node = make_node(settings={"node.name": "solo"}).start()

    def call(procedure):
        return postern("call", procedure, "--url", f"ws://{node.admin}/ws", "--realm",
                       "com.leapsight.bondy", "--authid", "admin", "--authmethod", "password",
                       node=node)

    info = json.loads(call("bondy.cluster.info").stdout)["args"][0]
    assert info["node_spec"]["name"] == "solo" and info["nodes"] == ["solo"]
    assert json.loads(call("bondy.cluster.members").stdout)["args"][0][0]["name"] == "solo"
    assert json.loads(call("bondy.cluster.leave").stdout)["args"] == []
    for name in ("join", "connections", "broadcast_members"):
        refused = call(f"bondy.cluster.{name}")
        assert refused.returncode == 1 and "wamp.error.no_such_procedure" in refused.stderr, name
