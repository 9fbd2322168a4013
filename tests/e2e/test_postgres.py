"""Nodes whose records are in PostgreSQL, and what becomes of them when it does not work."""
import itertools
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.patience import FACTOR, wait_until
from support.postgres import MISSING, Postgres, Relay, programs
from support.specs import static_spec
from support.wampraw import CALL, ERROR, session
from test_durability import (  # noqa: F401
    test_a_node_stopped_and_started_again_is_the_same,
    test_a_security_file_is_applied_and_persists_without_the_file,
    test_kill_9_at_any_moment_loses_nothing_acknowledged, test_spec_files_are_applied_at_start,
    test_the_master_realm_opens_to_nobody_by_a_file, test_what_was_acknowledged_survives_kill_9)

pytestmark = [pytest.mark.databases,
              pytest.mark.skipif(programs() is None, reason=MISSING)]

REALM = "com.example.e2e"
REFUSED_WITHIN = 3.0 + 1.0 * FACTOR  # what a busy machine adds
BACK_WITHIN = 2.0 + 2.0 * FACTOR
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server():
    with Postgres() as running:
        yield running


@pytest.fixture
def own_server():
    with Postgres() as running:
        yield running


@pytest.fixture
def make_node(make_node, request):
    """Every node of a test has its records in a database of its own, unless it names one."""
    def make(name="own", settings=None, **options):
        settings = dict(settings or {})
        if "store.url" not in settings:
            running = request.getfixturevalue("server")
            settings["store.url"] = running.new_database(f"node{next(NUMBERS)}")
        return PostgresNode(make_node(name, settings, **options))
    return make


class PostgresNode:
    """A node that keeps its database when a test takes its settings away."""

    def __new__(cls, node):
        url = node.settings["store.url"]
        command = node.command
        def with_url():
            node.settings = {"store.url": url, **node.settings}
            return command()
        node.command = with_url
        return node


def serving(node, name, answer):
    return node.ask("GET", f"/{name}/static").json() == {"answer": answer}


def publish(node, name, answer):
    """The status, and how long it took."""
    began = time.monotonic()
    got = node.ask_admin("POST", "/api_specs", static_spec(name, answer))
    assert got.status != 503 or "retry-after" in got.headers, got
    return got.status, time.monotonic() - began


def goes_on(node):
    """What a node does without its database."""
    assert serving(node, "kept", 1)
    with session(node, REALM) as wire:
        assert wire.ask(CALL, {}, "any.thing")[:2] == [ERROR, CALL]
    assert node.ask_admin("GET", "/ping").status == 204


def refused(node, name="kept"):
    status, took = publish(node, name, 2)
    assert status == 503
    assert took < REFUSED_WITHIN, took


def writes_again(node):
    wait_until(lambda: publish(node, "back", next(NUMBERS))[0] == 200, "a publication",
               seconds=BACK_WITHIN, step=0.05)


def started(make_node, url):
    node = make_node(settings={"store.url": url}).start()
    node.create_open_realm(REALM)
    node.publish(static_spec("kept", 1))
    return node


def test_a_node_goes_on_while_its_database_is_stopped(make_node, own_server):
    node = started(make_node, own_server.url())
    own_server.stop()
    for _ in range(3):
        refused(node)
        goes_on(node)
    own_server.start()
    writes_again(node)
    assert serving(node, "kept", 1)
    node.publish(static_spec("kept", 3))
    assert serving(node, "kept", 3)
    assert "postgres" not in node.ask_admin("GET", "/api_specs/com.example.kept").text
    assert node.stop() == 0


def test_a_table_that_somebody_takes_away_is_in_the_log_with_the_remedy(make_node, own_server):
    node = started(make_node, own_server.url())
    own_server.sql("ALTER TABLE versions RENAME TO elsewhere")
    answer = node.ask_admin("POST", "/api_specs", static_spec("kept", 2))
    assert answer.status == 500
    assert "tables are missing: restore a backup" in answer.text
    assert serving(node, "kept", 1)
    wait_until(lambda: "tables are missing: restore a backup" in node.log_text(), "the log's line")
    own_server.sql("ALTER TABLE elsewhere RENAME TO versions")
    node.publish(static_spec("kept", 3))
    assert serving(node, "kept", 3)


def test_a_restart_of_the_database_between_two_writes_is_not_noticed(make_node, own_server):
    node = started(make_node, own_server.url())
    for answer in (2, 3):
        own_server.stop()
        own_server.start()
        wait_until(lambda n=answer: publish(node, "kept", n)[0] == 200, "a publication",
                   seconds=BACK_WITHIN)
        assert serving(node, "kept", answer)
    assert node.stop() == 0


def test_a_database_that_accepts_and_never_answers_is_given_up(make_node, own_server):
    node = started(make_node, own_server.url())
    own_server.freeze()
    for _ in range(3):
        refused(node)
        goes_on(node)
    results = []
    crowd = [threading.Thread(target=lambda n=n: results.append(publish(node, f"crowd{n}", 1)))
             for n in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert [status for status, _ in results] == [503] * 8
    own_server.thaw()
    writes_again(node)
    assert node.ask("GET", "/crowd1/static").status == 404
    assert serving(node, "kept", 1)
    assert node.stop() == 0


def test_kill_9_of_the_database_loses_nothing_acknowledged(make_node, own_server):
    node = started(make_node, own_server.url())
    acknowledged = 0
    for delay in (0.0, 0.05, 0.15):
        done = []

        def publish_on():
            n = acknowledged
            while True:
                n += 1
                if publish(node, "moment", n)[0] != 200:
                    return
                done.append(n)

        writer = threading.Thread(target=publish_on)
        writer.start()
        wait_until(lambda: done, "a first acknowledgement")
        time.sleep(delay)
        own_server.kill()
        writer.join()
        own_server.start()
        acknowledged = done[-1]
        # The one after it may have been stored without being acknowledged, and is then served.
        stored = int(own_server.sql(
            "SELECT substring(v.value from '\"answer\": ?([0-9]+)') FROM versions v"
            " WHERE v.kind = 'api_spec' AND v.key = 'com.example.moment'"
            " ORDER BY v.version DESC LIMIT 1"))
        assert stored in (acknowledged, acknowledged + 1)
        wait_until(lambda n=stored: serving(node, "moment", n), "what is stored, served",
                   seconds=BACK_WITHIN)
        acknowledged = stored
        writes_again(node)
    assert node.stop() == 0


def test_a_standby_that_is_promoted_takes_over(make_node, own_server):
    with Postgres(primary=own_server) as standby:
        url = f"postgresql://postgres@/postgres?host={standby.dir},{own_server.dir}"
        node = started(make_node, url)
        node.publish(static_spec("moved", 1))
        written = own_server.sql("SELECT pg_current_wal_lsn()")
        wait_until(lambda: standby.sql(
            f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t", "the standby has it all")
        own_server.kill()
        refused(node, "moved")
        goes_on(node)
        standby.promote()
        promoted = time.monotonic()
        wait_until(lambda: publish(node, "moved", 2)[0] == 200, "a publication after promotion",
                   seconds=BACK_WITHIN, step=0.02)
        assert time.monotonic() - promoted < BACK_WITHIN
        assert serving(node, "moved", 2)
        assert node.stop() == 0
        node.restart()
        assert serving(node, "moved", 2) and serving(node, "kept", 1)
        assert node.stop() == 0


def test_a_commit_whose_answer_is_lost_is_in_force_all_the_same(make_node, own_server):
    relay = Relay(own_server)
    try:
        node = started(make_node, relay.url())
        relay.fatal = b"COMMIT"
        answer = node.ask_admin("POST", "/api_specs", static_spec("kept", 2))
        assert relay.cuts == 1
        assert answer.status == 503 and "nobody knows" in answer.text, answer.text
        wait_until(lambda: serving(node, "kept", 2), "what was committed, served",
                   seconds=BACK_WITHIN)
        again = node.publish(static_spec("kept", 2))
        assert again["changed"] is False and again["version"] == 2
        assert node.stop() == 0
    finally:
        relay.close()


def test_what_one_node_writes_is_in_force_on_another(make_node, own_server):
    one = started(make_node, own_server.url())
    other = make_node("other", settings={"store.url": own_server.url()}).start()
    assert serving(other, "kept", 1)
    for answer, (writer, reader) in enumerate([(one, other), (other, one), (one, other)], 2):
        writer.publish(static_spec("kept", answer))
        assert serving(writer, "kept", answer)
        wait_until(lambda n=answer, at=reader: serving(at, "kept", n), "the other's specification",
                   seconds=BACK_WITHIN)
    assert one.ask_admin("GET", "/api_specs").json() == other.ask_admin("GET", "/api_specs").json()


def hops(one, other, count):
    """How long it takes that a specification is published on one node and seen on the other, and
    so on: each has to be seen before the next one."""
    began = time.monotonic()
    for _ in range(count):
        answer = next(NUMBERS)
        one.publish(static_spec("kept", answer))
        wait_until(lambda n=answer: serving(other, "kept", n), "the other's specification",
                   step=0.005)
        one, other = other, one
    return time.monotonic() - began


def test_nodes_tell_each_other_at_once_of_what_they_write(make_node, own_server):
    one = started(make_node, own_server.url())
    other = make_node("other", settings={"store.url": own_server.url()}).start()
    assert hops(one, other, 20) < 10.0  # asking once a second, on average
    own_server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE application_name = 'postern'")
    hops(one, other, 4)
    assert hops(one, other, 20) < 10.0


def test_nodes_that_do_not_listen_ask_once_a_second(make_node, own_server):
    settings = {"store.url": own_server.url(), "store.listen": "false"}
    one = make_node(settings=settings).start()
    other = make_node("other", settings=settings).start()
    one.create_open_realm(REALM)
    wait_until(lambda: REALM in other.ask_admin("GET", "/realms").text, "the other's realm")
    hops(one, other, 2)


def test_nodes_that_start_together_on_an_empty_database_are_one(make_node, own_server):
    for number in range(3):
        url = own_server.new_database(f"empty{number}")
        nodes = [make_node(f"node{number}{n}", settings={"store.url": url}) for n in range(3)]
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.start(), nodes))
        written = own_server.sql("SELECT count(*) FROM versions WHERE kind = 'setting'"
                                 " AND key = 'auth_secret'", f"empty{number}")
        assert written == "1"
        nodes[0].create_open_realm(REALM)
        for node in nodes:
            wait_until(lambda at=node: REALM in at.ask_admin("GET", "/realms").text, "the realm")
        for node in nodes:
            assert node.stop() == 0


def test_a_server_without_listen_is_told_of_once_and_asked_once_a_second(make_node, own_server):
    relay = Relay(own_server)
    relay.swap = (b"LISTEN ", b"LISTEM ")
    try:
        one = started(make_node, relay.url())
        other = make_node("other", settings={"store.url": relay.url()}).start()
        hops(one, other, 2)
        relay.cut()
        hops(one, other, 2)
        for node in (one, other):
            assert node.stop() == 0
            assert node.log_text().count("has no LISTEN") == 1
    finally:
        relay.close()


def run_openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(where, name):
    key, certificate = where / f"{name}.key", where / f"{name}.crt"
    run_openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", key, "-out", certificate)
    return key, certificate


def make_certificate(where, authority, host):
    key, request, certificate = (where / f"server.{end}" for end in ("key", "csr", "crt"))
    names = where / "names"
    names.write_text(f"subjectAltName=DNS:{host}\n")
    run_openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", f"/CN={host}", "-keyout", key, "-out", request)
    run_openssl("x509", "-req", "-in", request, "-CA", authority[1], "-CAkey", authority[0],
                "-CAcreateserial", "-days", 2, "-extfile", names, "-out", certificate)
    return key, certificate


@pytest.fixture
def tls_server(tmp_path):
    ours, other = make_authority(tmp_path, "ours"), make_authority(tmp_path, "other")
    running = Postgres()
    running.use_tls(*make_certificate(tmp_path, ours, "localhost"))
    with running:
        running.authority, running.other = ours[1], other[1]
        yield running


def tls_url(server, host, authority, mode="verify-full"):
    return (f"postgresql://postgres@{host}:{server.port}/postgres?sslmode={mode}"
            f"&sslrootcert={authority}")


def test_the_database_is_reached_by_tls_and_by_the_name_in_its_certificate(make_node, tls_server):
    url = tls_url(tls_server, "localhost", tls_server.authority)
    node = started(make_node, url)
    assert tls_server.sql("SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a"
                          " ON a.pid = s.pid WHERE a.application_name = 'postern'") == "t"
    tls_server.stop()
    refused(node)
    tls_server.start()
    writes_again(node)
    assert node.stop() == 0


@pytest.mark.parametrize("host, authority, remedy", [
    ("localhost", "other", "not of an authority in sslrootcert"),
    ("127.0.0.1", "authority", "use one of its names"),
    ("localhost", None, "must name a file"),
])
def test_a_certificate_that_is_not_the_databases_ends_the_start(make_node, tls_server, host,
                                                                authority, remedy):
    file = getattr(tls_server, authority) if authority else "/nonexistent/ca.crt"
    node = make_node(settings={"store.url": tls_url(tls_server, host, file)})
    node.launch()
    assert node.wait() != 0
    assert remedy in node.log_text(), node.log_text()


def test_tls_that_the_database_does_not_have_ends_the_start(make_node, own_server):
    relay = Relay(own_server)
    try:
        url = relay.url().replace("sslmode=disable", "sslmode=require")
        node = make_node(settings={"store.url": url})
        node.launch()
        assert node.wait() != 0
        assert "the server has no TLS" in node.log_text(), node.log_text()
    finally:
        relay.close()


@pytest.mark.parametrize("spoil, remedy", [
    (lambda url: url.replace("postgres@", "strict:hush@"), "check user and password"),
    (lambda url: url.replace("/postgres?", "/no_such_base?"), "create the database"),
    (lambda url: url.replace("postern-postgres-", "nowhere-"), "No such file"),
    (lambda url: "postgresql://me:hush%zz@localhost/x", "cannot be read"),
])
def test_a_start_without_its_database_ends_and_says_why(make_node, server, spoil, remedy):
    node = make_node(settings={"store.url": spoil(server.url())})
    node.launch()
    assert node.wait() != 0
    assert remedy in node.log_text() and "hush" not in node.log_text(), node.log_text()
