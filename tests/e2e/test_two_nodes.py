"""Two nodes with one PostgreSQL: what is written on either is in force on both.

Nothing here is about how soon: a second is promised where the database tells of nothing, and each
test waits as long as it must.
"""
import concurrent.futures
import itertools
import json

import pytest

from support import oauth
from support.admin import basic, logged_in
from support.node import Node
from support.oauth import PASSWORD, SECRET, Flow, refresh
from support.patience import wait_until
from support.places import E2E
from support.postgres import MISSING, Postgres, programs
from support.specs import static_spec
from support.wampraw import (AUTHENTICATE, CALL, CHALLENGE, ERROR, GOODBYE, HELLO, WELCOME, Closed,
                             RawSocket)

pytestmark = [pytest.mark.databases,
              pytest.mark.skipif(programs() is None, reason=MISSING)]

OPEN = "com.example.open"
ISSUER = "http://tokens.example.com"
DENIED, MISSED = "wamp.error.not_authorized", "wamp.error.no_such_procedure"
FEW = {"protocol": "cra", "params": {"iterations": 4096}}
NUMBERS = itertools.count(1)
EVERYBODY = "0.0.0.0/0"


class Issuer(oauth.Issuer):
    """Both nodes are one issuer, whatever the address that they are asked at."""

    @property
    def url(self):
        return f"{ISSUER}/realms/{self.realm}"


class Browser(oauth.Browser):
    """Sees the public address, of which either node is behind."""

    def submit(self, headers=(), **filled):
        return super().submit(headers or [("Content-Type", oauth.FORM), ("Origin", ISSUER)],
                              **filled)


@pytest.fixture(scope="module")
def server():
    with Postgres() as running:
        yield running


@pytest.fixture(scope="module")
def pair(tmp_path_factory, server):
    """Two nodes of one database, with the same files."""
    home = tmp_path_factory.mktemp("pair")
    file = home / "security.json"
    file.write_text(json.dumps(oauth.security()))
    settings = {"store.url": server.new_database("pair"), "gateway.public_url": ISSUER,
                "security.config_file": str(file)}
    with Node(home / "one", settings=settings) as one, Node(home / "two", settings=settings) as two:
        one.create_open_realm(OPEN)
        follow((one, two))
        yield one, two


@pytest.fixture(scope="module", params=["one writes", "two writes"])
def nodes(pair, request):
    """Who writes, and who is to follow; each of them once."""
    return pair if request.param == "one writes" else pair[::-1]


@pytest.fixture
def home(nodes):
    """A realm that the other node has too, with somebody in it who may do nothing."""
    writer, other = nodes
    uri = f"com.example.home{next(NUMBERS)}"
    ask(writer, "POST", "/realms", {
        "uri": uri, "authmethods": ["password"], "password_opts": FEW,
        "groups": [{"name": "crew"}],
        "users": [{"username": name, "password": PASSWORD} for name in ("ann", "bob")],
        "sources": [{"usernames": ["ann"], "authmethod": "password", "cidr": EVERYBODY}]})
    follow(nodes)
    assert found(other, f"/realms/{uri}/users/ann") and comes_in(other, uri, "ann")
    return uri


def ask(node, method, path, body=None, headers=None):
    answer = node.ask_admin(method, path, body, headers)
    assert answer.status in (200, 201, 204), (method, path, answer.text)
    return answer


def found(node, path):
    return node.ask_admin("GET", path).status == 200


def serves(node, name, answer):
    told = node.ask("GET", f"/{name}/static")
    return told.status == 200 and told.json() == {"answer": answer}


def place(node):
    """Of the change log, up to which all its workers act by it."""
    return ask(node, "GET", "/node").json()["node_spec"]["seq"]


def follow(nodes):
    """Until all workers of the other act by what the one has written. To see it once is not enough:
    that was one worker of several."""
    writer, other = nodes
    written = place(writer)
    wait_until(lambda: place(other) >= written, "what was written on the other node")


def comes_in(node, realm, user, password=PASSWORD):
    """Whether a login by password is taken."""
    with RawSocket(node.rawsocket) as wire:
        wire.send(HELLO, realm, {"roles": {"caller": {}}, "authid": user,
                                 "authmethods": ["password"]})
        answer = wire.receive()
        if answer[0] == CHALLENGE:
            wire.send(AUTHENTICATE, password, {})
            answer = wire.receive()
        return answer[0] == WELCOME


def error_of_call(wire, uri="com.shop.buy"):
    answer = wire.ask(CALL, {}, uri)
    assert answer[:2] == [ERROR, CALL], answer
    return answer[4]


def is_closed(wire):
    """Waits for the goodbye; its reason."""
    try:
        message = wire.receive()
    except Closed:
        return "lost"
    assert message[0] == GOODBYE, message
    return message[2]


# --- what is written on one is in force on the other ----------------------------------------------

def test_a_specification_comes_changes_and_goes(nodes):
    writer, other = nodes
    name = f"spec{next(NUMBERS)}"
    for answer in (1, 2):
        assert ask(writer, "POST", "/api_specs", static_spec(name, answer, OPEN)).json()["changed"]
        follow(nodes)
        assert serves(other, name, answer)
    ask(writer, "POST", f"/api_specs/com.example.{name}/rollback", {"version": 1})
    follow(nodes)
    assert serves(other, name, 1)
    ask(writer, "DELETE", f"/api_specs/com.example.{name}")
    follow(nodes)
    assert other.ask("GET", f"/{name}/static").status == 404
    assert other.ask_admin("GET", f"/api_specs/com.example.{name}").status == 404


def test_a_user_logs_in_changes_his_password_and_goes(nodes, home):
    writer, other = nodes
    users = f"/realms/{home}/users"
    ask(writer, "POST", users, {"username": "una", "password": "a first word"})
    ask(writer, "POST", f"/realms/{home}/sources",
        {"usernames": ["una"], "authmethod": "password", "cidr": EVERYBODY})
    follow(nodes)
    assert comes_in(other, home, "una", "a first word")
    ask(writer, "POST", f"{users}/una/change_password", {"new_password": "a second word"})
    follow(nodes)
    assert comes_in(other, home, "una", "a second word")
    assert not comes_in(other, home, "una", "a first word")
    ask(writer, "DELETE", f"{users}/una")
    follow(nodes)
    assert not comes_in(other, home, "una", "a second word")


def test_a_session_is_closed_when_its_user_is_disabled_on_the_other_node(nodes, home):
    writer, other = nodes
    with logged_in(other, home, "ann", PASSWORD) as wire:
        assert error_of_call(wire) == DENIED
        ask(writer, "DELETE", f"/realms/{home}/users/ann/enabled")
        assert is_closed(wire)
    follow(nodes)
    assert not comes_in(other, home, "ann")


def test_a_grant_holds_for_the_next_message_of_a_session_on_the_other_node(nodes, home):
    writer, other = nodes
    grant = {"permissions": ["wamp.call"], "uri": "com.shop.", "match": "prefix", "roles": ["ann"]}
    with logged_in(other, home, "ann", PASSWORD) as wire:
        assert error_of_call(wire) == DENIED
        ask(writer, "POST", f"/realms/{home}/grants", grant)
        follow(nodes)
        assert error_of_call(wire) == MISSED
        ask(writer, "PUT", f"/realms/{home}/grants", grant)  # revokes it
        follow(nodes)
        assert error_of_call(wire) == DENIED


def test_a_group_holds_for_the_next_message_of_a_session_on_the_other_node(nodes, home):
    writer, other = nodes
    ask(writer, "POST", f"/realms/{home}/grants",
        {"permissions": ["wamp.call"], "uri": "com.shop.", "match": "prefix", "roles": ["crew"]})
    with logged_in(other, home, "ann", PASSWORD) as wire:
        assert error_of_call(wire) == DENIED
        ask(writer, "PUT", f"/realms/{home}/users/ann/groups/crew")
        follow(nodes)
        assert error_of_call(wire) == MISSED
        ask(writer, "DELETE", f"/realms/{home}/users/ann/groups/crew")
        follow(nodes)
        assert error_of_call(wire) == DENIED


def test_a_source_lets_in_on_the_other_node(nodes, home):
    writer, other = nodes
    assert not comes_in(other, home, "bob")
    ask(writer, "POST", f"/realms/{home}/sources",
        {"usernames": ["bob"], "authmethod": "password", "cidr": EVERYBODY})
    follow(nodes)
    assert comes_in(other, home, "bob")
    ask(writer, "DELETE", f"/realms/{home}/users/bob/sources?cidr=0.0.0.0%2F0")
    follow(nodes)
    assert not comes_in(other, home, "bob")


def test_an_api_key_opens_on_the_other_node_until_it_is_deleted(nodes, home):
    writer, other = nodes
    name = f"keyed{next(NUMBERS)}"
    spec = static_spec(name, 1, home)
    spec["versions"]["1"]["paths"]["/static"]["security"] = {"type": "api_key"}
    ask(writer, "POST", "/api_specs", spec)
    ask(writer, "POST", f"/realms/{home}/sources",
        {"usernames": ["ann"], "authmethod": "api_key", "cidr": EVERYBODY})
    ask(writer, "PUT", f"/realms/{home}", {"authmethods": ["password", "api_key"]})
    made = ask(writer, "POST", f"/realms/{home}/users/ann/api_keys", {"name": "k"}).json()

    def status():
        return other.ask("GET", f"/{name}/static", headers={"X-API-Key": made["key"]}).status
    follow(nodes)
    assert status() == 200
    ask(writer, "DELETE", f"/realms/{home}/users/ann/api_keys/{made['id']}")
    follow(nodes)
    assert status() == 401


def test_a_client_gets_tokens_on_the_other_node_until_it_is_deleted(nodes):
    writer, other = nodes
    name = f"client{next(NUMBERS)}"
    clients = f"/realms/{oauth.REALM}/clients"
    secret = ask(writer, "POST", clients, {"client_id": name}).json()["client_secret"]

    def status(word):
        form = {"grant_type": "client_credentials"}
        return Issuer(other).token(form, name, secret=word).status
    follow(nodes)
    assert status(secret) == 200
    made = ask(writer, "POST", f"{clients}/{name}/rotate_secret", {"overlap_secs": 0}).json()
    follow(nodes)
    assert status(made["client_secret"]) == 200
    assert status(secret) == 401
    ask(writer, "DELETE", f"{clients}/{name}")
    follow(nodes)
    assert status(made["client_secret"]) == 401


def test_the_session_of_a_realm_is_closed_when_it_is_deleted_on_the_other_node(nodes, home):
    writer, other = nodes
    with logged_in(other, home, "ann", PASSWORD) as wire:
        ask(writer, "DELETE", f"/realms/{home}?force=true")
        assert is_closed(wire) == "wamp.close.close_realm"
    follow(nodes)
    assert not comes_in(other, home, "ann")
    assert other.ask_admin("GET", f"/realms/{home}").status == 404


def test_the_administrators_password_is_that_of_both(nodes):
    writer, other = nodes
    path = "/realms/com.leapsight.bondy/users"
    name = f"boss{next(NUMBERS)}"
    ask(writer, "POST", path, {"username": name, "password": "the word of a boss",
                               "groups": ["bondy.administrators"]})
    allowed = {"Authorization": basic(name, "the word of a boss")}

    def status():
        return other.ask_admin("GET", "/realms", headers=allowed, user=None).status
    follow(nodes)
    assert status() == 200
    ask(writer, "DELETE", f"{path}/{name}")
    follow(nodes)
    assert status() == 401


# --- tokens ---------------------------------------------------------------------------------------

def flow_on(node, client="house"):
    return Flow(Issuer(node), client, browser=Browser(node.gateway))


def bearer_session(node, token):
    wire = RawSocket(node.rawsocket)
    wire.send(HELLO, oauth.REALM, {"roles": {"caller": {}}, "authmethods": ["oauth2"]})
    assert wire.receive()[0] == CHALLENGE
    wire.send(AUTHENTICATE, token, {})
    assert wire.receive()[0] == WELCOME
    return wire


def opens(node, token):
    status = Issuer(node).get("verify", headers=[("Authorization", "Bearer " + token)]).status
    assert status in (204, 401)
    return status == 204


def test_a_revoked_token_is_refused_on_the_other_node_and_its_session_closed(nodes):
    """RFC 7009, 2."""
    writer, other = nodes
    token = flow_on(writer).tokens()["access_token"]
    kept = flow_on(writer).tokens()["access_token"]
    assert opens(other, token) and opens(other, kept)
    with bearer_session(other, token) as wire:
        form = {"token": token, "client_id": "house"}
        assert Issuer(writer).post("revoke", form).status == 200
        assert is_closed(wire)
    follow(nodes)
    assert not opens(other, token)
    assert opens(other, kept)


def test_a_login_counts_on_the_other_node(nodes):
    writer, other = nodes
    flow = flow_on(writer)
    flow.code()
    flow.browser.address = other.gateway
    answer = flow.browser.get(flow.url()).location[1]  # no page: the person is known
    reply = Issuer(writer).token(flow.redemption(answer["code"]))
    assert reply.status == 200, reply.body


def raced(nodes, count, send):
    """The replies to requests that go to both nodes in turn, all at once."""
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        return list(pool.map(lambda n: send(nodes[n % 2]), range(count)))


def test_of_many_at_once_on_both_nodes_one_redeems_a_code(nodes):
    """RFC 6749, 4.1.2."""
    flow = flow_on(nodes[0])
    form = flow.redemption(flow.code())
    replies = raced(nodes, 100, lambda node: Issuer(node).token(form))
    assert sorted(reply.status for reply in replies) == [200] + 99 * [400]
    assert {reply.error for reply in replies if reply.status == 400} == {"invalid_grant"}


def test_many_refreshes_at_once_on_both_nodes_do_not_end_the_family(nodes):
    """RFC 9700, 4.14.2: within the grace, which is one for both."""
    first = flow_on(nodes[0]).tokens()
    replies = raced(nodes, 50, lambda node: refresh(Issuer(node), first["refresh_token"]))
    good = [reply.json() for reply in replies if reply.status == 200]
    # The rotation, and three answers that may have been lost: as on one node.
    assert sorted(reply.status for reply in replies) == 4 * [200] + 46 * [503]
    assert {oauth.claims_of(each["access_token"])["sid"] for each in good} == \
        {oauth.claims_of(first["access_token"])["sid"]}
    assert len({each["refresh_token"] for each in good}) == 4
    assert refresh(Issuer(nodes[1]), good[-1]["refresh_token"]).status == 200


def test_a_refresh_token_before_the_last_is_a_theft_on_whichever_node(nodes):
    """RFC 9700, 4.14.2."""
    here, there = (Issuer(node) for node in nodes)
    first = flow_on(nodes[0]).tokens()
    second = refresh(there, first["refresh_token"]).json()
    third = refresh(here, second["refresh_token"]).json()
    assert opens(nodes[1], third["access_token"])
    assert refresh(there, first["refresh_token"]).status == 400
    assert refresh(here, third["refresh_token"]).status == 400
    for node in nodes:
        wait_until(lambda at=node: not opens(at, third["access_token"]), "the end of the family")


def test_tokens_of_old_and_new_keys_count_on_both_nodes(nodes):
    """OpenID Connect Core, 10.1.1: the new key is known everywhere before it signs."""
    writer, other = nodes
    form = {"grant_type": "client_credentials"}
    issuers = [Issuer(node, oauth.OLD_REALM) for node in nodes]

    def token(issuer):
        return issuer.token(form, "machine").json()["access_token"]

    def counts(issuer, text):
        headers = [("Authorization", "Bearer " + text)]
        return issuer.get("verify", headers=headers).status == 204

    def kids(issuer):
        return {key["kid"] for key in issuer.keys()}
    before = token(issuers[0])
    assert all(counts(issuer, before) for issuer in issuers)
    made = ask(writer, "POST", f"/realms/{oauth.OLD_REALM}/keys/rotate", {}).json()["kid"]
    follow(nodes)
    assert made in kids(issuers[0]) and kids(issuers[0]) == kids(issuers[1])
    for issuer in issuers:
        text = token(issuer)  # the old key signs until the new one is known everywhere
        assert all(counts(each, text) and counts(each, before) for each in issuers)
    last = ask(writer, "POST", f"/realms/{oauth.OLD_REALM}/keys/rotate",
               {"emergency": True}).json()["kid"]
    follow(nodes)
    assert kids(issuers[1]) == {last}
    assert not any(counts(issuer, before) for issuer in issuers)
    for issuer in issuers:
        text = token(issuer)
        assert all(counts(each, text) for each in issuers)


# --- two who change the same ----------------------------------------------------------------------

def test_of_two_administrators_who_change_one_user_one_is_told_that_he_is_late(nodes, home):
    path = f"/realms/{home}/users/ann"
    for round_number in range(5):
        seen = nodes[0].ask_admin("GET", path).headers["etag"]
        wait_until(lambda s=seen: nodes[1].ask_admin("GET", path).headers["etag"] == s,
                   "the same version on both")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(
                lambda node, s=seen, n=round_number: node.ask_admin(
                    "PUT", path, {"meta": {"by": node.home.name, "n": n}}, {"If-Match": s}), nodes))
        assert sorted(answer.status for answer in answers) == [200, 412], answers
        won = next(node for node, answer in zip(nodes, answers) if answer.status == 200)
        for node in nodes:
            wait_until(lambda at=node, n=round_number: at.ask_admin("GET", path).json()["meta"] ==
                       {"by": won.home.name, "n": n}, "what the first has written")


def publish_on_both(nodes, specs):
    """At the same moment; what each of them said."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda node, spec: node.ask_admin("POST", "/api_specs", spec),
                             nodes, specs))


def test_of_two_who_publish_one_path_one_is_told_who_has_it(nodes):
    for number in itertools.islice(NUMBERS, 10):
        specs = [{**static_spec(f"both{number}", name, OPEN), "id": f"com.example.{name}{number}"}
                 for name in ("this", "that")]
        answers = publish_on_both(nodes, specs)
        assert sorted(answer.status for answer in answers) == [200, 409], answers
        won = 0 if answers[0].status == 200 else 1
        assert f"is taken by '/both{number}/static' of the API '{specs[won]['id']}'" in \
            answers[1 - won].text
        for node in nodes:
            wait_until(lambda at=node, n=number, name=("this", "that")[won]:
                       serves(at, f"both{n}", name), "who was first")


def test_two_who_publish_other_paths_at_once_both_do(nodes):
    for number in itertools.islice(NUMBERS, 10):
        specs = [static_spec(f"{name}{number}", name, OPEN) for name in ("here", "there")]
        assert [answer.status for answer in publish_on_both(nodes, specs)] == [200, 200]


def test_changes_of_both_nodes_to_different_records_all_count(nodes, home):
    def add(number):
        return nodes[number % 2].ask_admin("POST", f"/realms/{home}/users",
                                           {"username": f"many{number}"}).status
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(add, range(40))) == {200}
    wanted = {f"many{number}" for number in range(40)}
    for node in nodes:
        wait_until(lambda at=node: wanted <= {user["username"] for user in at.ask_admin(
            "GET", f"/realms/{home}/users?limit=1000").json()}, "everybody")


# --- rows that somebody has edited by hand --------------------------------------------------------

def write_by_hand(server, database, kind, realm, key, value):
    """A next version, as a transaction of a node would write it."""
    server.sql(f"""
        BEGIN;
        UPDATE head SET seq = seq + 1, tag = 4711;
        INSERT INTO versions SELECT '{kind}', '{realm}', '{key}', 1 + COALESCE(
            (SELECT MAX(version) FROM versions
             WHERE kind = '{kind}' AND realm = '{realm}' AND key = '{key}'), 0),
            seq, 0, 'somebody', '', 0, $value${value}$value$ FROM head;
        INSERT INTO records SELECT kind, realm, key, version, 0 FROM versions, head
            WHERE versions.seq = head.seq
            ON CONFLICT (kind, realm, key) DO UPDATE SET version = excluded.version, deleted = 0;
        INSERT INTO changes SELECT head.seq, 0, 4711, kind, realm, key, version
            FROM versions, head WHERE versions.seq = head.seq;
        COMMIT;""", database)


GARBAGE = [  # kind, key (a realm's records have the realm's name), value
    ("api_spec", "com.example.kept", "no JSON at all"),
    ("api_spec", "com.example.kept", json.dumps({**static_spec("kept", 2, OPEN), "versions": {}})),
    ("api_spec", "com.example.kept", "[" * 10000),
    ("api_spec", "com.example.neighbour", json.dumps(
        {**static_spec("kept", 2, OPEN), "id": "com.example.neighbour"})),
    ("unheard_of", "it", '{"a": 1}'),
    ("user", "ghost", "{"),
    ("user", "specter", "[1, 2]"),
    ("group", "ghosts", '"text"'),
    ("source", "nonsense", '{"cidr": "nowhere"}'),
    ("grant", "nonsense", '{"permissions": 7}'),
    ("key", "nonsense", '{"kid": []}'),
    ("api_key", "nonsense", "null"),
    ("ticket", "nonsense", "7"),
    ("revocation", "nonsense", ""),
    ("alias", "nonsense", "{}"),
    ("setting", "nonsense", "{"),
    ("realm", "", "{"),
]
TOLD = ("does not compile", "claims a path of another", "cannot be read", "specter", "ghosts")


def test_rows_that_mean_nothing_leave_all_else_as_it_was(make_node, server):
    database = f"garbage{next(NUMBERS)}"
    settings = {"store.url": server.new_database(database)}
    nodes = [make_node(name, settings).start() for name in ("first", "second")]
    nodes[0].create_open_realm(OPEN)
    ask(nodes[0], "POST", "/realms", {"uri": "com.example.people", "authmethods": ["password"],
                                      "password_opts": FEW})
    nodes[0].publish(static_spec("kept", 1, OPEN))
    wait_until(lambda: serves(nodes[1], "kept", 1), "the good one on the other node")
    for kind, key, value in GARBAGE:
        realm = "" if kind in ("api_spec", "setting") else "com.example.people"
        write_by_hand(server, database, kind, realm, key, value)
    for node in nodes:
        wait_until(lambda at=node: all(text in at.log_text() for text in TOLD), "the garbage")
        assert serves(node, "kept", 1)
    nodes[0].publish(static_spec("after", 1, OPEN))  # goes on behind it
    for node in nodes:
        wait_until(lambda at=node: serves(at, "after", 1), "what came behind the garbage")
        assert serves(node, "kept", 1)
    third = make_node("third", settings).start()  # comes up, without what it never could read
    assert serves(third, "after", 1)
    assert not serves(third, "kept", 1)
    assert "does not serve: postern api rollback" in third.log_text()
    # What is written anew is good again everywhere.
    ask(third, "DELETE", "/api_specs/com.example.neighbour")
    ask(third, "POST", "/api_specs/com.example.kept/rollback", {"version": 1})
    for node in (*nodes, third):
        wait_until(lambda at=node: serves(at, "kept", 1), "the specification that was mended")
        assert node.stop() == 0


# --- backup ---------------------------------------------------------------------------------------

def test_a_dump_that_is_restored_has_it_all(make_node, server):
    """As docs/cluster.md has it."""
    database = f"dumped{next(NUMBERS)}"
    settings = {"store.url": server.new_database(database)}
    node = make_node("before", settings).start()
    node.create_open_realm(OPEN)
    node.publish(static_spec("kept", 1, OPEN))
    ask(node, "POST", f"/realms/{OPEN}/users", {"username": "una"})
    keys = ask(node, "GET", f"/realms/{OPEN}/keys").json()
    dump = server.program("pg_dump", "-Fc", "--exclude-table-data=nodes", "-d",
                          f"dbname={database} user=postgres", text=False)
    node.publish(static_spec("kept", 2, OPEN))
    assert node.stop() == 0
    server.program("pg_restore", "--clean", "--if-exists", "-d",
                   f"dbname={database} user=postgres", given=dump, text=False)
    after = make_node("after", settings).start()
    assert serves(after, "kept", 1)
    assert found(after, f"/realms/{OPEN}/users/una")
    assert ask(after, "GET", f"/realms/{OPEN}/keys").json() == keys
    assert after.publish(static_spec("kept", 3, OPEN))["version"] == 2
