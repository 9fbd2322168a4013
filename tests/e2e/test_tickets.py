"""Tickets: issued over WAMP, good for a login by clients that are not ours, and ended in every way."""
import base64
import json
import subprocess
import time

import pytest

from support.node import Node, clean_environment
from support.patience import PATIENCE, wait_until
from support.places import E2E, find_program
from support.wampraw import (ABORT, AUTHENTICATE, CALL, CHALLENGE, ERROR, GOODBYE, HELLO, RESULT,
                             WELCOME, Closed, RawSocket)

SHOP, STORE, SSO = "com.example.shop", "com.example.store", "com.example.sso"
BRANCH = "com.example.branch"
FEW = {"protocol": "cra", "params": {"iterations": 4096}}
PASSWORD = "the right password"
FAILED = "wamp.error.authentication_failed"
DENIED = "wamp.error.not_authorized"
METHODS = ["password", "wampcra", "ticket"]


def run(*words, given=None):
    return subprocess.run(words, check=True, capture_output=True, input=given).stdout


def user(name, *groups, **more):
    return {"username": name, "groups": list(groups), "password": PASSWORD, **more}


def realm(uri, users, **more):
    return {"uri": uri, "authmethods": METHODS, "password_opts": FEW, "users": users,
            "groups": [{"name": "staff"}, {"name": "guests"}],
            "sources": [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                        for method in METHODS],
            "grants": [{"permissions": ["wamp.call"], "uri": "bondy.", "match": "prefix",
                        "roles": ["staff", "guests"]},
                       {"permissions": ["bondy.issue"], "uri": "bondy.ticket.scope.",
                        "match": "prefix", "roles": ["staff"]}], **more}


def security(private_key, password=PASSWORD):
    return [
        realm(SHOP, [user(name, "staff", **({"password": password} if name == "pat" else {}))
                     for name in ("joe", "ann", "bob", "cat", "dan", "fay", "pat", "app")] +
              [user("eve", "guests"), user("sam", "staff", sso_realm_uri=SSO),
               user("una", "staff", sso_realm_uri=SSO),
               user("kim", "staff", sso_realm_uri=SSO)], sso_realm_uri=SSO),
        realm(STORE, [user("joe", "staff"), user("sam", "staff", sso_realm_uri=SSO)],
              sso_realm_uri=SSO, private_keys=[private_key]),
        realm(BRANCH, [user("kim", "staff", sso_realm_uri=SSO)], sso_realm_uri=SSO,
              authmethods=[*METHODS, "trust"],
              sources=[{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                       for method in [*METHODS, "trust"]]),
        realm(SSO, [], is_sso_realm=True),
    ]


@pytest.fixture(scope="module")
def private_key():
    return run("openssl", "ecparam", "-name", "prime256v1", "-genkey").decode()


@pytest.fixture(scope="module")
def node(tmp_path_factory, private_key):
    home = tmp_path_factory.mktemp("tickets")
    file = home / "security.json"
    file.write_text(json.dumps(security(private_key)))
    with Node(home / "node", settings={"security.config_file": str(file)}) as running:
        running.file = file
        yield running
        told = running.log_text()
        assert PASSWORD not in told and "PRIVATE KEY" not in told and "eyJ" not in told


# --- by hand --------------------------------------------------------------------------------------

def enter(node, realm, authid, secret, method="ticket"):
    """A session, or the reason of the ABORT."""
    wire = RawSocket(node.rawsocket, "json")
    wire.send(HELLO, realm, {"roles": {"caller": {}}, "authmethods": [method], "authid": authid})
    challenge = wire.receive()
    assert challenge[:2] == [CHALLENGE, method] and challenge[2] == {}, challenge
    wire.send(AUTHENTICATE, secret, {})
    answer = wire.receive()
    if answer[0] == WELCOME:
        assert (answer[2]["authid"], answer[2]["authmethod"]) == (authid, method)
        return wire
    assert answer[0] == ABORT, answer
    wire.close()
    return answer[2]


def call(wire, procedure, *args, **kwargs):
    """The result, or the error's URI."""
    answer = wire.ask(CALL, {}, procedure, list(args), kwargs)
    assert answer[0] in (RESULT, ERROR), answer
    return (answer[3] or [None])[0] if answer[0] == RESULT else answer[4]


def issue(node, realm, authid, **kwargs):
    """What bondy.ticket.issue says to somebody who came in by his password."""
    with enter(node, realm, authid, PASSWORD, "password") as wire:
        return call(wire, "bondy.ticket.issue", **kwargs)


def enters(node, realm, authid, ticket):
    got = enter(node, realm, authid, ticket)
    if isinstance(got, str):
        assert got == FAILED
        return False
    got.close()
    return True


def ends(wire):
    """Whether the router says goodbye and why; waits for it."""
    try:
        message = wire.receive()
    except Closed:
        return None
    assert message[0] == GOODBYE, message
    return message[2]


def claims_of(ticket):
    part = ticket.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# --- clients that are not ours --------------------------------------------------------------------

CLIENTS = {
    "py": ["/usr/bin/python3", str(E2E / "support" / "auth_py.py")],
    "js": ["node", str(E2E / "support" / "auth_js.js")],
}
NPM = {"NODE_PATH": str(E2E / "node_modules")}


def login(node, way, authid, secret):
    client, transport, serializer = way
    words = CLIENTS[client] + [node.url(transport), SHOP, serializer, "ticket", authid, secret]
    done = subprocess.run(words, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
                          env=clean_environment(PYTHONDONTWRITEBYTECODE="1", **NPM))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    return lines[0]


@pytest.mark.parametrize("way", [("py", "ws", "json"), ("py", "raw", "msgpack"),
                                 ("js", "ws", "json"), ("js", "ws", "cbor")], ids="-".join)
def test_clients_of_others_log_in_with_a_ticket(node, way):
    ticket = issue(node, SHOP, "joe")["ticket"]
    joined = login(node, way, "joe", ticket)
    assert (joined["authid"], joined["authmethod"], joined["authrole"]) == \
        ("joe", "ticket", "staff"), joined
    ended = login(node, way, "eve", ticket)
    assert ended["reason"] == FAILED, ended


def jose(keys, token, **options):
    asked = json.dumps({"keys": keys, "token": token, "options": options})
    return json.loads(subprocess.run(
        ["node", str(E2E / "support" / "verify_jose.mjs"), asked], capture_output=True, text=True,
        timeout=2 * PATIENCE, check=True, env=clean_environment(**NPM)).stdout)


def keys_of(node, realm):
    with enter(node, realm, "sam", PASSWORD, "password") as wire:
        return call(wire, "bondy.key.list")


def test_jose_verifies_tickets_by_the_keys_that_the_realm_shows(node):
    issued = issue(node, STORE, "joe")
    keys = keys_of(node, STORE)
    assert "PRIVATE" not in json.dumps(keys) and all("d" not in k["public_key"] for k in keys)
    told = jose([key["public_key"] for key in keys], issued["ticket"], issuer=STORE,
                audience=STORE, typ="ticket+jwt", algorithms=["ES256"])
    assert told["header"] == {"alg": "ES256", "typ": "ticket+jwt", "kid": keys[0]["kid"]}
    claims = told["claims"]
    assert (claims["sub"], claims["jti"]) == ("joe", issued["id"])
    assert (claims["authrealm"], claims["authid"], claims["authmethod"]) == \
        (STORE, "joe", "password")
    assert claims["exp"] == claims["expires_at"] == issued["expires_at"]
    others = [key["public_key"] for key in keys_of(node, SHOP)]
    assert jose(others, issued["ticket"])["error"] == "ERR_JWKS_NO_MATCHING_KEY"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_jose_verifies_every_algorithm(make_node, tmp_path, private_key, algorithm):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security(private_key)))
    node = make_node(settings={"security.config_file": str(file)}).start()
    with enter(node, SHOP, "joe", PASSWORD, "password") as wire:
        made = call(wire, "bondy.key.rotate", algorithm=algorithm, emergency=True)
        assert (made["alg"], made["status"]) == (algorithm, "active"), made
        ticket = call(wire, "bondy.ticket.issue")["ticket"]
    told = jose([made["public_key"]], ticket, issuer=SHOP, algorithms=[algorithm])
    assert told["header"]["kid"] == made["kid"], told
    assert enters(node, SHOP, "joe", ticket)


# --- what it is for -------------------------------------------------------------------------------

def test_the_answer_says_what_the_ticket_is(node):
    before = int(time.time())
    issued = issue(node, SHOP, "joe", expiry_time_secs=100)
    assert issued["expires_at"] - issued["issued_at"] == 100 and issued["issued_at"] >= before
    assert issued["scope"] == {"realm": SHOP, "client_id": None, "device_id": None}
    assert issued["type"] == "local" and claims_of(issued["ticket"])["id"] == issued["id"]
    much = issue(node, SHOP, "joe", expiry_time_secs=10 ** 12)
    assert much["expires_at"] - much["issued_at"] == 30 * 24 * 3600


def test_a_ticket_is_for_its_realm_and_its_user(node):
    ticket = issue(node, SHOP, "joe")["ticket"]
    assert not enters(node, STORE, "joe", ticket)
    assert not enters(node, SHOP, "fay", ticket)
    assert not enters(node, SHOP, "nobody", ticket)
    assert enters(node, SHOP, "joe", ticket)


def test_a_newer_ticket_takes_the_place_of_the_older(node):
    first = issue(node, SHOP, "ann")["ticket"]
    with enter(node, SHOP, "ann", first) as wire:
        second = issue(node, SHOP, "ann")["ticket"]
        assert ends(wire) == "wamp.close.logout"
    assert not enters(node, SHOP, "ann", first)
    assert enters(node, SHOP, "ann", second)


def test_a_ticket_expires(node):
    issued = issue(node, SHOP, "bob", expiry_time_secs=2)
    assert enters(node, SHOP, "bob", issued["ticket"])
    wait_until(lambda: time.time() >= issued["expires_at"], "its end")
    assert not enters(node, SHOP, "bob", issued["ticket"])
    with enter(node, SHOP, "bob", PASSWORD, "password") as wire:
        assert call(wire, "bondy.ticket.verify", issued["ticket"]) == {"active": False}


def test_a_revoked_ticket_ends_its_sessions_and_lets_nobody_in(node):
    issued = issue(node, SHOP, "cat")
    with enter(node, SHOP, "cat", issued["ticket"]) as live, \
            enter(node, SHOP, "cat", PASSWORD, "password") as other:
        told = call(other, "bondy.ticket.verify", issued["ticket"])
        assert told["active"] is True and (told["id"], told["authid"]) == (issued["id"], "cat")
        assert call(other, "bondy.ticket.revoke", issued["ticket"]) is None
        assert ends(live) == "wamp.close.logout"
        assert call(other, "bondy.ticket.verify", issued["ticket"]) == {"active": False}
        assert call(other, "bondy.ticket.revoke", issued["ticket"]) == "bondy.error.not_found"
        assert not enters(node, SHOP, "cat", issued["ticket"])
        again = call(other, "bondy.ticket.issue")
        assert enters(node, SHOP, "cat", again["ticket"])
        assert call(other, "bondy.ticket.revoke", again["id"]) is None
        assert not enters(node, SHOP, "cat", again["ticket"])


def test_all_tickets_of_a_user_are_revoked_at_once_and_nobody_elses(node):
    kept = issue(node, SHOP, "joe")["ticket"]
    tickets = [issue(node, SHOP, "dan", **more)["ticket"]
               for more in ({}, {"client_id": "phone"}, {"client_id": "phone", "device_id": "d1"})]
    assert all(enters(node, SHOP, "dan", ticket) for ticket in tickets)
    with enter(node, SHOP, "dan", PASSWORD, "password") as wire:
        assert call(wire, "bondy.ticket.revoke_all", "joe") == DENIED
        assert call(wire, "bondy.ticket.revoke_all", "dan") is None
    assert not any(enters(node, SHOP, "dan", ticket) for ticket in tickets)
    assert enters(node, SHOP, "joe", kept)


def test_only_its_owner_or_who_is_granted_it_revokes_a_ticket(node):
    ticket = issue(node, SHOP, "joe")["ticket"]
    with enter(node, SHOP, "fay", PASSWORD, "password") as wire:
        assert call(wire, "bondy.ticket.revoke", ticket) == DENIED
        assert call(wire, "bondy.ticket.revoke_all", STORE, "joe") == DENIED
    assert enters(node, SHOP, "joe", ticket)


# --- single sign-on -------------------------------------------------------------------------------

def test_an_sso_ticket_is_good_in_every_realm_where_its_user_is(node):
    issued = issue(node, SHOP, "sam")
    assert issued["type"] == "sso" and issued["scope"]["realm"] is None
    assert claims_of(issued["ticket"])["iss"] == SSO
    assert enters(node, SHOP, "sam", issued["ticket"])
    assert enters(node, STORE, "sam", issued["ticket"])
    alone = issue(node, SHOP, "una")["ticket"]
    assert enters(node, SHOP, "una", alone)
    assert not enters(node, STORE, "una", alone)
    assert not enters(node, STORE, "sam", alone)
    with enter(node, STORE, "sam", PASSWORD, "password") as wire:
        assert call(wire, "bondy.ticket.revoke_all", "sam") is None
    assert not enters(node, SHOP, "sam", issued["ticket"])


def test_a_user_with_sso_may_ask_for_a_ticket_of_one_realm(node):
    issued = issue(node, SHOP, "una", allow_sso=False)
    assert issued["type"] == "local" and issued["scope"]["realm"] == SHOP
    assert enters(node, SHOP, "una", issued["ticket"])


def test_who_showed_nothing_of_the_sso_realms_gets_a_ticket_of_one_realm(node):
    """By trust a realm of its own says who is there: that is worth nothing in another one."""
    hello = {"roles": {"caller": {}}, "authmethods": ["trust"], "authid": "kim"}
    with RawSocket(node.rawsocket, "json").join(BRANCH, hello) as wire:
        for asked in ({}, {"allow_sso": True}):
            issued = call(wire, "bondy.ticket.issue", **asked)
            assert issued["type"] == "local" and issued["scope"]["realm"] == BRANCH
            assert enters(node, BRANCH, "kim", issued["ticket"])
            assert not enters(node, SHOP, "kim", issued["ticket"])
    assert issue(node, BRANCH, "kim")["type"] == "sso"


def test_somebody_of_the_same_name_without_sso_is_somebody_else(node):
    assert not enters(node, STORE, "joe", issue(node, SHOP, "joe")["ticket"])
    assert issue(node, STORE, "joe")["type"] == "local"


# --- clients --------------------------------------------------------------------------------------

def test_a_ticket_for_a_client_stands_beside_the_users_others(node):
    client = issue(node, SHOP, "app")["ticket"]
    own = issue(node, SHOP, "fay")["ticket"]
    bound = issue(node, SHOP, "fay", client_ticket=client, device_id="phone")
    assert bound["type"] == "client_local"
    assert bound["scope"] == {"realm": SHOP, "client_id": "app", "device_id": "phone"}
    assert enters(node, SHOP, "fay", bound["ticket"]) and enters(node, SHOP, "fay", own)
    with enter(node, SHOP, "fay", PASSWORD, "password") as wire:
        for wrong in ({"client_ticket": "x.y.z"}, {"client_ticket": 1}, {"client_ticket": ""},
                      {"client_ticket": bound["ticket"]}, {"client_ticket": client + "A"},
                      {"client_ticket": client, "client_id": "another"}, {"client_id": "a b"},
                      {"client_id": "x" * 255}, {"device_id": "phone"}, {"client_id": 1}):
            assert call(wire, "bondy.ticket.issue", **wrong) == "wamp.error.invalid_argument", wrong


# --- who may have one -----------------------------------------------------------------------------

def test_a_ticket_needs_the_grant_of_its_scope_and_a_method_that_may_have_one(node):
    assert issue(node, SHOP, "eve") == DENIED
    with enter(node, SHOP, "joe", issue(node, SHOP, "joe")["ticket"]) as wire:
        assert call(wire, "bondy.ticket.issue") == DENIED
    for wrong in ({"expiry_time_secs": 0}, {"expiry_time_secs": -1}, {"expiry_time_secs": "1"},
                  {"expiry_time_secs": 1.5}, {"allow_sso": "yes"}, {"expiry": 1}):
        assert issue(node, SHOP, "joe", **wrong) == "wamp.error.invalid_argument", wrong


NO_TICKETS = ("", "x", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\0", "é.é.é", "A" * 20000,
              "." * 9000)


@pytest.mark.parametrize("number", range(len(NO_TICKETS)))
def test_what_is_no_ticket_is_refused_like_a_wrong_one(node, number):
    for authid in ("joe", f"nobody{number}"):
        assert enter(node, SHOP, authid, NO_TICKETS[number]) == FAILED
    assert enters(node, SHOP, "joe", issue(node, SHOP, "joe")["ticket"])


def test_what_happens_to_its_user_ends_a_ticket_and_its_sessions(node):
    def change(procedure, *args):
        with enter(node, "com.leapsight.bondy", "admin", node.password, "password") as wire:
            got = call(wire, procedure, SHOP, *args)
        assert not str(got).startswith(("wamp.error", "bondy.error")), got

    for procedure, *more in (("bondy.user.disable",), ("bondy.user.change_password", "a new one"),
                             ("bondy.user.delete",)):
        name = f"tim{len(more)}{len(procedure)}"
        change("bondy.user.add", user(name, "staff"))
        ticket = issue(node, SHOP, name)["ticket"]
        with enter(node, SHOP, name, ticket) as live:
            change(procedure, name, *more)
            assert ends(live) == "wamp.close.logout", procedure
        assert not enters(node, SHOP, name, ticket), procedure


# --- keys, changes, restarts ----------------------------------------------------------------------

def test_keys_change_with_an_overlap_or_at_once(make_node, tmp_path, private_key):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security(private_key)))
    node = make_node(settings={"security.config_file": str(file)}).start()
    ticket = issue(node, SHOP, "joe")["ticket"]
    with enter(node, SHOP, "joe", PASSWORD, "password") as wire:
        first = call(wire, "bondy.key.list")[0]["kid"]
        next_one = call(wire, "bondy.key.rotate")["kid"]
        statuses = {key["kid"]: key["status"] for key in call(wire, "bondy.key.list")}
        assert statuses == {first: "retiring", next_one: "active"}
        # Others learn of the new key before it signs.
        assert enters(node, SHOP, "joe", ticket)
        ticket = call(wire, "bondy.ticket.issue")["ticket"]
        with enter(node, SHOP, "joe", ticket) as live:
            last = call(wire, "bondy.key.rotate", emergency=True)["kid"]
            assert ends(live) == "wamp.close.logout"
        statuses = {key["kid"]: key["status"] for key in call(wire, "bondy.key.list")}
        assert statuses == {first: "retired", next_one: "retired", last: "active"}
        assert not enters(node, SHOP, "joe", ticket)
        assert enters(node, SHOP, "joe", call(wire, "bondy.ticket.issue")["ticket"])
        assert call(wire, "bondy.key.rotate", algorithm="HS256") == "wamp.error.invalid_argument"
        told = [call(wire, "bondy.key.rotate") for _ in range(32)]
        assert told[-1] == "bondy.error.property_range_limit" and "kid" in told[-2]


def test_a_realm_signs_with_the_key_that_its_file_brings(node, private_key):
    issued = issue(node, STORE, "joe")
    key = keys_of(node, STORE)
    assert len(key) == 1 and key[0]["alg"] == "ES256"
    public = run("openssl", "ec", "-pubout", "-outform", "DER", given=private_key.encode())
    x = base64.urlsafe_b64encode(public[-64:-32]).rstrip(b"=").decode()
    assert key[0]["public_key"]["x"] == x
    assert jose([key[0]["public_key"]], issued["ticket"])["header"]["kid"] == key[0]["kid"]


def test_a_realm_shows_its_public_keys_and_never_the_others(node):
    made = node.ask_admin("POST", "/realms", {"uri": "com.example.keys", "authmethods": METHODS})
    assert made.status in (200, 201), made.text
    for uri in (SHOP, STORE, SSO, "com.example.keys", "com.leapsight.bondy"):
        answer = node.ask_admin("GET", f"/realms/{uri}")
        keys = answer.json()["public_keys"]
        assert len(keys) == 1 and keys[0]["use"] == "sig" and "PRIVATE" not in answer.text, uri
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(keys[0])


def test_tickets_and_keys_over_the_admin_api(node):
    ticket = issue(node, SHOP, "bob")
    told = node.ask_admin("POST", f"/realms/{SHOP}/tickets/verify", {"ticket": ticket["ticket"]})
    assert told.status == 200 and told.json()["id"] == ticket["id"], told.text
    gone = node.ask_admin("DELETE", f"/realms/{SHOP}/users/bob/tickets/{ticket['id']}")
    assert gone.status == 204, gone.text
    assert not enters(node, SHOP, "bob", ticket["ticket"])
    keys = node.ask_admin("GET", "/realms/com.example.keys/keys")
    assert keys.status == 200 and len(keys.json()) == 1 and "PRIVATE" not in keys.text
    made = node.ask_admin("POST", "/realms/com.example.keys/keys/rotate", {"algorithm": "EdDSA"})
    assert made.status == 200 and made.json()["alg"] == "EdDSA", made.text
    assert node.ask_admin("POST", "/realms/com.example.keys/keys/rotate", {}).status == 200
    wrong = node.ask_admin("POST", "/realms/com.example.keys/keys/rotate", {"algorithm": "none"})
    assert wrong.status == 400, wrong.text
    keys = node.ask_admin("GET", "/realms/com.example.keys/keys").json()
    assert sorted(key["status"] for key in keys) == ["active", "retiring", "retiring"]


@pytest.mark.parametrize("made,says", [
    (["ecparam", "-name", "secp384r1", "-genkey", "-noout"], "P-256"),
    (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "2048"),
    (["genpkey", "-algorithm", "ED448"], "Ed25519"),
    (["genpkey", "-algorithm", "ED25519"], None)])
def test_keys_in_a_file_are_checked(tmp_path, made, says):
    pem = run("openssl", *made).decode()
    file = tmp_path / "security.json"
    file.write_text(json.dumps([realm(SHOP, [], private_keys=[pem])]))
    done = subprocess.run([str(find_program()), "check", str(file)], capture_output=True, text=True,
                          check=False, env=clean_environment())
    assert done.returncode == (3 if says else 0), done.stderr
    assert (says or "") in done.stderr and "PRIVATE" not in done.stderr + done.stdout


def test_tickets_outlive_a_restart_and_a_changed_password_ends_them(make_node, tmp_path,
                                                                    private_key):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security(private_key)))
    node = make_node(settings={"security.config_file": str(file)}).start()
    kept, ended = (issue(node, SHOP, name)["ticket"] for name in ("joe", "pat"))
    assert enters(node, SHOP, "pat", ended)
    assert node.stop() == 0
    file.write_text(json.dumps(security(private_key, "another password")))
    node.restart()
    assert enters(node, SHOP, "joe", kept)
    assert not enters(node, SHOP, "pat", ended)
