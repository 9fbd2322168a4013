"""Realms with users: from a file in any order, by POST /realms, with prototypes and same sign-on."""
import json
import sqlite3
import subprocess

import pytest

from support.node import Node, clean_environment
from support.patience import PATIENCE
from support.places import find_program

FEW = {"protocol": "cra", "params": {"iterations": 4096}}
SECRETS = ("the first secret", "the second secret", "the third secret")
BY_PASSWORD = [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
               for method in ("password", "wampcra")]


def grant(uri, *roles):
    return {"permissions": ["wamp.publish"], "uri": uri, "match": "prefix", "roles": list(roles)}


# Each realm stands before those that it refers to.
SECURITY = [
    {"uri": "com.example.shop", "prototype_uri": "com.example.base",
     "groups": [{"name": "clerks", "groups": ["staff"]}],
     "users": [{"username": "Ann", "password": SECRETS[0], "groups": ["clerks"],
                "aliases": ["annie"]},
               {"username": "sam", "password": SECRETS[1], "groups": ["staff"],
                "sso_realm_uri": "com.example.sso"}],
     "grants": [grant("com.example.till", "clerks"), grant("com.example.own", "user/sam"),
                {"permissions": ["wamp.call"], "uri": "bondy.rbac.", "match": "prefix",
                 "roles": ["clerks"]},
                {"permissions": ["com.example.approve"], "uri": "com.example.bill",
                 "match": "prefix", "roles": ["staff"]}]},
    {"uri": "com.example.store", "prototype_uri": "com.example.base",
     "users": [{"username": "sam", "groups": [], "sso_realm_uri": "com.example.sso"},
               {"username": "off", "password": SECRETS[0], "groups": ["staff"],
                "enabled": False}]},
    {"uri": "com.example.base", "is_prototype": True, "sso_realm_uri": "com.example.sso",
     "authmethods": ["password", "wampcra"], "password_opts": FEW, "sources": BY_PASSWORD,
     "groups": [{"name": "staff"}],
     "grants": [grant("com.example.news", "staff"), grant("com.example.all", "all")]},
    {"uri": "com.example.sso", "is_sso_realm": True, "password_opts": FEW},
]


def publish(node, realm, authid, password, topic):
    """The exit code: 0, or 4 for who may not come in or may not do it."""
    return subprocess.run(
        [str(find_program()), "publish", topic, "--realm", realm, "--ack", "--url",
         f"tcp://{node.rawsocket}", "--authid", authid, "--authmethod", "wampcra"],
        capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
        env=clean_environment(POSTERN_PASSWORD=password)).returncode


def call(node, authid, password, procedure, *args):
    """The exit code, and the answer or the error."""
    done = subprocess.run(
        [str(find_program()), "call", procedure, *map(json.dumps, args), "--realm",
         "com.example.shop", "--url", f"tcp://{node.rawsocket}", "--authid", authid,
         "--authmethod", "wampcra"], capture_output=True, text=True, timeout=2 * PATIENCE,
        check=False, env=clean_environment(POSTERN_PASSWORD=password))
    return done.returncode, json.loads(done.stdout)["args"] if done.stdout else done.stderr


def records(home):
    """What is stored, and who wrote it how often."""
    with sqlite3.connect(home / "postern.db") as store:
        tables = [row[0] for row in store.execute(
            "select name from sqlite_master where type = 'table'")]
        return {table: store.execute(f"select * from {table} order by 1, 2").fetchall()
                for table in tables}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("identity")
    file = home / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        yield running


@pytest.mark.parametrize("realm,authid,secret,topic,code", [
    ("com.example.shop", "ann", 0, "com.example.till.one", 0),
    ("com.example.shop", "ANNIE", 0, "com.example.till.one", 0),
    ("com.example.shop", "ann", 0, "com.example.news", 0),
    ("com.example.shop", "ann", 0, "com.example.own", 4),
    ("com.example.shop", "ann", 1, "com.example.till.one", 4),
    ("com.example.shop", "sam", 1, "com.example.own.x", 0),
    ("com.example.shop", "sam", 1, "com.example.till.one", 4),
    ("com.example.store", "sam", 1, "com.example.all", 0),
    ("com.example.store", "sam", 1, "com.example.news", 4),
    ("com.example.store", "off", 0, "com.example.news", 4),
    ("com.example.base", "sam", 1, "com.example.all", 4),
    ("com.example.sso", "sam", 1, "com.example.all", 4),
])
def test_who_comes_in_and_what_he_may_do(node, realm, authid, secret, topic, code):
    assert publish(node, realm, authid, SECRETS[secret], topic) == code


@pytest.mark.parametrize("args,allowed", [
    (["sam", "com.example.approve", "com.example.bill.7"], True),
    (["sam", "com.example.approve", "com.example.bills"], False),
    (["SAM", "wamp.publish", "com.example.own.x"], True),
    (["annie", "wamp.publish", "com.example.till.one"], True),
    (["com.example.shop", "sam", "com.example.approve", "com.example.bill"], True),
    (["anonymous", "wamp.publish", "com.example.all"], True),
    (["anonymous", "wamp.publish", "com.example.news"], False),
])
def test_whoever_may_ask_is_told_who_may_what(node, args, allowed):
    assert call(node, "ann", SECRETS[0], "bondy.rbac.authorize", *args) == (0, [allowed])
    code, (why,) = call(node, "ann", SECRETS[0], "bondy.rbac.explain", *args)
    assert code == 0 and why["allowed"] is allowed and args[-1].split(".")[0] in why["text"]


@pytest.mark.parametrize("args,code,error", [
    (["nobody", "wamp.call", "x"], 1, "wamp.error.no_such_principal"),
    (["com.example.store", "sam", "wamp.call", "x"], 4, "wamp.error.not_authorized"),
    (["sam", "wamp.call"], 1, "wamp.error.invalid_argument"),
    (["sam", "wamp call", "x"], 1, "wamp.error.invalid_argument"),
])
def test_a_question_about_nobody_or_another_realm_is_refused(node, args, code, error):
    got, says = call(node, "ann", SECRETS[0], "bondy.rbac.authorize", *args)
    assert got == code and error in says


def test_who_may_not_call_may_not_ask(node):
    code, says = call(node, "sam", SECRETS[1], "bondy.rbac.authorize", "ann", "wamp.call", "x")
    assert code == 4 and "wamp.error.not_authorized" in says


def test_a_realm_made_by_hand_has_its_users(node):
    realm = {"uri": "com.example.made", "prototype_uri": "com.example.base",
             "users": [{"username": "tim", "password": SECRETS[2], "groups": ["staff"]}]}
    answer = node.ask_admin("POST", "/realms", realm)
    assert answer.status == 201 and SECRETS[2] not in answer.text and "tim" not in answer.text
    assert publish(node, realm["uri"], "tim", SECRETS[2], "com.example.news") == 0
    assert publish(node, realm["uri"], "tim", SECRETS[0], "com.example.news") == 4


@pytest.mark.parametrize("change,says,code", [
    ({"users": [{"username": "tim", "groups": ["cooks"]}]}, "cooks", "bondy.error.no_such_groups"),
    ({"users": [{"username": "tim", "password": "brief"}]}, "6 to 254", None),
    ({"groups": [{"name": "a", "groups": ["b"]}, {"name": "b", "groups": ["a"]}]}, "circle",
     "bondy.error.inconsistency_error"),
    ({"prototype_uri": "com.example.sso"}, "not a prototype", "bondy.error.inconsistency_error"),
    ({"prototype_uri": "com.example.none"}, "com.example.none", "wamp.error.no_such_realm"),
    ({"grants": [grant("a", "nobody")]}, "nobody", "bondy.error.unknown_roles"),
    ({"sources": [{"usernames": ["nobody"], "authmethod": "tls"}]}, "nobody",
     "bondy.error.no_such_users"),
])
def test_a_realm_with_a_mistake_is_not_made(node, change, says, code):
    answer = node.ask_admin("POST", "/realms", {"uri": "com.example.wrong", **change})
    assert answer.status in (400, 404, 409, 422) and says in answer.text, answer.text
    assert code in (None, answer.json()["code"]), answer.text
    assert "brief" not in answer.text
    assert node.ask_admin("GET", "/realms/com.example.wrong").status == 404


def test_the_same_file_at_the_next_start_changes_nothing_and_no_secret_is_kept(tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(SECURITY))
    with Node(tmp_path / "node", settings={"security.config_file": str(file)}) as node:
        node.stop()
        before = records(tmp_path / "node")
        node.start()
        assert publish(node, "com.example.shop", "sam", SECRETS[1], "com.example.own") == 0
        node.stop()
        assert records(tmp_path / "node") == before
        text = repr(before) + node.log_text()
        assert not any(secret in text for secret in SECRETS)


def test_a_file_with_a_mistake_in_its_last_realm_writes_nothing(tmp_path):
    file = tmp_path / "security.json"
    home = tmp_path / "node"
    file.write_text(json.dumps([{"uri": "com.example.fine"},
                                {"uri": "com.example.bad", "prototype_uri": "com.example.fine"}]))
    started = subprocess.run(
        [str(find_program()), "serve", "--data", str(home), "--set", "gateway.listen=127.0.0.1:0",
         "--set", "admin.listen=127.0.0.1:0", "--set", "rawsocket.listen=127.0.0.1:0", "--set",
         f"security.config_file={file}"], capture_output=True, text=True, timeout=PATIENCE,
        check=False, env=clean_environment(POSTERN_ADMIN_PASSWORD="for this test alone"))
    assert started.returncode == 3 and "is not a prototype" in started.stderr, started.stderr
    assert f"{file}:1:" in started.stderr
    assert "com.example.fine" not in repr(records(home))
