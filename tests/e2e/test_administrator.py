"""The administrator is a user of the master realm: made once, never locked out by a file, let in again offline."""
import contextlib
import json
import re
import sqlite3
import subprocess

import pytest

from support.node import PASSWORD, clean_environment
from support.patience import PATIENCE
from support.places import find_program

MASTER = "com.leapsight.bondy"


def run(*words, **environment):
    return subprocess.run([str(find_program()), *words], capture_output=True, text=True,
                          timeout=2 * PATIENCE, check=False, env=clean_environment(**environment))


def call(node, method, password=PASSWORD):
    return run("call", "bondy.group.list", json.dumps(MASTER), "--realm", MASTER, "--authid", "admin", "--authmethod",
               method, "--url", f"tcp://{node.rawsocket}", POSTERN_PASSWORD=password)


def comes_in(node, password):
    code = call(node, "password", password).returncode
    assert code in (0, 4)
    return code == 0


@contextlib.contextmanager
def open_store(node):
    with contextlib.closing(sqlite3.connect(node.home / "data" / "postern.db")) as store:
        with store:
            yield store


def change(node, kind, realm, key, value):
    """The present value of a record becomes another one, while the node is down."""
    with open_store(node) as store:
        done = store.execute(
            "update versions set value = ? where kind = ? and realm = ? and key = ? and version = "
            "(select version from records r where r.kind = versions.kind and "
            "r.realm = versions.realm and r.key = versions.key)",
            (json.dumps(value), kind, realm, key))
        assert done.rowcount == 1


def value_of(node, kind, realm, key):
    with open_store(node) as store:
        rows = store.execute(
            "select v.value from versions v join records r using (kind, realm, key, version) "
            "where r.deleted = 0 and kind = ? and realm = ? and key = ?",
            (kind, realm, key)).fetchall()
    return json.loads(rows[0][0]) if rows else None


@pytest.mark.parametrize("method", ["password", "wampcra"])
def test_the_administrator_logs_in_over_wamp(make_node, method):
    with make_node() as node:
        done = call(node, method)
        assert done.returncode == 0, done.stderr
        assert "bondy.administrators" in done.stdout
        assert call(node, method, "some other secret").returncode == 4


def test_a_generated_password_is_said_once_and_kept(make_node):
    node = make_node(password=None)
    with node:
        said = re.search(r"admin password: (\S+) ", node.log_text()).group(1)
        assert comes_in(node, said)
    with node:
        assert comes_in(node, said)
        assert node.ask_admin("GET", "/realms", password=said).status == 200
        assert "admin password" not in node.log_text()[node.started_at:]
    assert value_of(node, "user", MASTER, "admin")["groups"] == ["bondy.administrators"]
    assert said.encode() not in (node.home / "data" / "postern.db").read_bytes()


def test_the_password_of_an_older_store_is_moved(make_node):
    node = make_node(password=None)
    with node:
        said = re.search(r"admin password: (\S+) ", node.log_text()).group(1)
    hashed = json.loads(value_of(node, "user", MASTER, "admin")["credential"])["password"]
    with open_store(node) as store:
        for table in ("records", "versions"):
            store.execute(f"delete from {table} where realm = ? or key = ?", (MASTER, MASTER))
            store.execute(f"update {table} set key = 'admin_password' where kind = 'setting' and "
                          "key = 'administrator'")
        store.execute("update versions set value = ? where key = 'admin_password'",
                      (json.dumps({"argon2id": hashed}),))
    with node:
        assert comes_in(node, said)
        assert not comes_in(node, "some other secret")
    assert value_of(node, "setting", "", "admin_password") is None
    with node:
        assert comes_in(node, said)


def test_a_given_password_takes_the_place_of_the_old_one(make_node):
    node = make_node(password="the first password")
    with node:
        assert comes_in(node, "the first password")
    node.password = "the second password"
    with node:
        assert comes_in(node, "the second password")
        assert not comes_in(node, "the first password")


def test_a_security_file_cannot_lock_the_administrator_out(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps([{
        "uri": MASTER, "authmethods": ["ticket"],
        "groups": [{"name": "auditors"}],
        "users": [{"username": "admin", "password": "bondy-admin", "enabled": False, "groups": []},
                  {"username": "eve", "password": "the secret of eve", "groups": ["auditors"]}],
        "sources": [{"usernames": "all", "authmethod": "trust", "cidr": "0.0.0.0/0"}]}]))
    with make_node(settings={"security.config_file": str(file)}) as node:
        assert comes_in(node, PASSWORD)
        assert not comes_in(node, "bondy-admin")
        assert "lock the administrator out" in node.log_text()
    # All else of the file counts.
    assert value_of(node, "user", MASTER, "eve")["groups"] == ["auditors"]
    with node:
        assert comes_in(node, PASSWORD)


def test_who_has_lost_the_way_in_makes_a_new_one_offline(make_node):
    node = make_node(password=None)
    data = str(node.home / "data")
    with node:
        said = re.search(r"admin password: (\S+) ", node.log_text()).group(1)
        busy = run("admin", "reset-password", "--data", data)
        assert busy.returncode == 5 and "another node" in busy.stderr
    user = value_of(node, "user", MASTER, "admin")
    change(node, "user", MASTER, "admin", {**user, "enabled": False, "groups": []})
    with node:
        assert not comes_in(node, said)
    done = run("admin", "reset-password", "--data", data)
    assert done.returncode == 0, done.stderr
    fresh = re.search(r"admin password: (\S+) ", done.stderr).group(1)
    with node:
        assert comes_in(node, fresh)
        assert not comes_in(node, said)
    done = run("admin", "reset-password", "--data", data, POSTERN_ADMIN_PASSWORD="chosen by hand")
    assert done.returncode == 0 and "chosen by hand" not in done.stdout + done.stderr
    with node:
        assert comes_in(node, "chosen by hand")
