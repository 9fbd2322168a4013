"""Clients over the admin API: made, used, rotated, deleted; and from which origins they are used."""
import json
import time

import pytest

from support.admin import dump
from support.oauth import CALLBACK, REALM, Flow, basic, send
from support.patience import wait_until
from support.wampraw import AUTHENTICATE, CHALLENGE, HELLO, WELCOME, RawSocket

MACHINE = {"grant_type": "client_credentials"}
PAGE = "https://app.example.com"


@pytest.fixture
def api(issuer):
    """Requests to the admin API about the realm's clients; what was made goes."""
    made = []

    def ask(method, path="", body=None, status=200, **rest):
        answer = issuer.node.ask_admin(method, f"/realms/{REALM}/clients{path}", body, **rest)
        assert answer.status == status, answer.text
        told = answer.json() if answer.body else None
        if method == "POST" and not path and status == 200:
            made.append(told["client_id"])
        return told
    yield ask
    for name in made:
        issuer.node.ask_admin("DELETE", f"/realms/{REALM}/clients/{name}")


def takes(issuer, name, secret):
    """Whether it gets a token by that secret."""
    reply = issuer.token(MACHINE, name, secret=secret)
    assert reply.status in (200, 401), reply.body
    return reply.status == 200


def test_a_client_that_is_made_gets_a_token_with_the_secret_that_it_was_told_once(issuer, api):
    told = api("POST", body={"client_id": "maker", "groups": ["staff"]})
    secret = told["client_secret"]
    assert secret.startswith("cs_") and len(secret) == 46
    reply = issuer.token(MACHINE, "maker", secret=secret)
    assert reply.status == 200 and "refresh_token" not in reply.json()
    assert not takes(issuer, "maker", secret[:-1] + ("A" if secret[-1] != "A" else "B"))
    again = api("GET", "/maker")
    assert "client_secret" not in again and len(again["secrets"]) == 1
    assert set(again["secrets"][0]) == {"id", "created"}
    assert "maker" in [one["client_id"] for one in api("GET")]
    # Nowhere else: not in what is stored, nor in the log.
    assert secret not in json.dumps([str(row) for row in dump(issuer.node)])
    assert secret not in issuer.node.log_text()
    for file in (issuer.node.home / "data").iterdir():
        assert secret.encode() not in file.read_bytes(), file


def test_a_generated_secret_is_a_password_over_wamp_and_signs_no_challenge(issuer, api):
    secret = api("POST", body={"client_id": "wamper"})["client_secret"]
    with RawSocket(issuer.node.rawsocket) as wire:
        wire.send(HELLO, REALM, {"roles": {"caller": {}}, "authid": "wamper",
                                 "authmethods": ["wamp-scram", "wampcra", "password"]})
        answer = wire.receive()
        assert answer[:2] == [CHALLENGE, "password"], answer
        wire.send(AUTHENTICATE, secret, {})
        assert wire.receive()[0] == WELCOME


def test_a_rotated_secret_overlaps_with_the_one_before_which_then_dies(issuer, api):
    first = api("POST", body={"client_id": "rotor"})["client_secret"]
    assert takes(issuer, "rotor", first)  # and is remembered
    told = api("POST", "/rotor/rotate_secret", {"overlap_secs": 3})
    second = told["client_secret"]
    assert [("expires" in one) for one in told["secrets"]] == [True, False]
    assert takes(issuer, "rotor", second)
    assert takes(issuer, "rotor", first) or time.time() >= told["secrets"][0]["expires"]
    wait_until(lambda: not takes(issuer, "rotor", first), "the first secret still holds")
    assert takes(issuer, "rotor", second)
    assert len(api("GET", "/rotor")["secrets"]) == 1
    third = api("POST", "/rotor/rotate_secret", {"overlap_secs": 0})["client_secret"]
    assert not takes(issuer, "rotor", second) and takes(issuer, "rotor", third)


def test_a_rotation_with_overlap_goes_without_a_body(issuer, api):
    api("POST", body={"client_id": "bare", "client_secret": "a word of its own"})
    told = api("POST", "/bare/rotate_secret")
    assert takes(issuer, "bare", told["client_secret"]) and takes(issuer, "bare", "a word of its own")


def test_a_public_client_has_no_secret_and_walks_the_code_flow(issuer, api):
    told = api("POST", body={"client_id": "page", "type": "public", "redirect_uris": [CALLBACK],
                             "name": "The Page"})
    assert "client_secret" not in told and told["has_secret"] is False
    reply = issuer.token(MACHINE | {"client_id": "page"})
    assert (reply.status, reply.error) == (400, "unauthorized_client")
    flow = Flow(issuer, "page")
    assert flow.tokens()["access_token"]


def test_what_is_wrong_is_a_400_that_says_where(issuer, api):
    told = api("POST", body={"client_id": "wrong", "redirect_uri": CALLBACK}, status=400)
    assert "redirect_uris" in told["detail"]
    told = api("POST", body={"client_id": "wrong", "redirect_uris": ["javascript:alert(1)"]},
               status=400)
    assert "redirect_uris" in told["detail"]
    api("GET", "/wrong", status=404)


def test_a_deleted_client_gets_no_token(issuer, api):
    secret = api("POST", body={"client_id": "gone"})["client_secret"]
    assert takes(issuer, "gone", secret)
    api("DELETE", "/gone", status=204)
    assert not takes(issuer, "gone", secret)


def test_a_client_changes_against_the_version_that_was_read(issuer, api):
    api("POST", body={"client_id": "etag"})
    path = f"/realms/{REALM}/clients/etag"
    etag = issuer.node.ask_admin("GET", path).headers["etag"]
    for status in (200, 412):
        answer = issuer.node.ask_admin("PUT", path, {"name": f"n{status}"},
                                       headers={"If-Match": etag})
        assert answer.status == status, answer.text


def test_a_client_signs_that_it_is_itself(issuer, api):
    """RFC 7523."""
    jose = pytest.importorskip("authlib.jose")
    pair = jose.JsonWebKey.generate_key("EC", "P-256", is_private=True)
    api("POST", body={"client_id": "leaky", "token_endpoint_auth_method": "private_key_jwt",
                      "jwks": {"keys": [pair.as_dict(is_private=True)]}}, status=400)
    told = api("POST", body={"client_id": "signer", "groups": ["staff"],
                             "token_endpoint_auth_method": "private_key_jwt",
                             "jwks": {"keys": [pair.as_dict(is_private=False)]}})
    assert "client_secret" not in told and told["has_secret"] is False
    claims = {"iss": "signer", "sub": "signer", "aud": issuer.metadata()["issuer"], "jti": "1",
              "exp": int(time.time()) + 60}
    form = {**MACHINE, "client_assertion": jose.jwt.encode({"alg": "ES256"}, claims, pair).decode(),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    reply = issuer.token(form)
    assert reply.status == 200, reply.body
    reply = issuer.token(form)  # once
    assert (reply.status, reply.error) == (401, "invalid_client")
    assert "private_key_jwt" in issuer.metadata()["token_endpoint_auth_methods_supported"]


# --- origins --------------------------------------------------------------------------------------

@pytest.fixture
def shared(api):
    """A client for pages of one origin; and its secret."""
    told = api("POST", body={"client_id": "shared", "origins": [PAGE]})
    return told["client_secret"]


def preflight(issuer, endpoint, origin):
    return send(issuer.node.gateway, "OPTIONS", issuer.path(endpoint), None,
                [("Origin", origin), ("Access-Control-Request-Method", "POST")])


def test_pages_of_a_clients_origin_may_ask_and_read(issuer, shared):
    for endpoint in ("token", "jwks"):
        reply = preflight(issuer, endpoint, PAGE)
        assert reply.status == 204 and reply.header("access-control-allow-origin") == PAGE
        assert "authorization" in reply.header("access-control-allow-headers")
        assert reply.header("access-control-allow-credentials") is None
        assert reply.header("vary") == "Origin"
    reply = issuer.token(MACHINE, "shared", secret=shared, headers=[("Origin", PAGE)])
    assert reply.status == 200 and reply.header("access-control-allow-origin") == PAGE
    reply = issuer.token(MACHINE, "shared", secret="wrong", headers=[("Origin", PAGE)])
    assert reply.status == 401 and reply.header("access-control-allow-origin") == PAGE
    reply = issuer.get("jwks", headers=[("Origin", PAGE)])
    assert reply.header("access-control-allow-origin") == PAGE


@pytest.mark.parametrize("origin", ["https://evil.example.com", PAGE + ".evil.example.com",
                                    PAGE.replace("https", "http"), PAGE + ":8443", "null", "*"])
def test_pages_of_other_origins_read_nothing(issuer, shared, origin):
    reply = preflight(issuer, "token", origin)
    assert reply.status == 204 and reply.header("access-control-allow-origin") is None
    for reply in (issuer.get("jwks", headers=[("Origin", origin)]),
                  issuer.token(MACHINE, "shared", secret=shared, headers=[("Origin", origin)])):
        assert reply.status == 200 and reply.header("access-control-allow-origin") is None
        assert reply.header("vary") == "Origin"


def test_an_origin_is_its_clients_alone_once_the_client_is_known(issuer, shared):
    reply = issuer.token(MACHINE, "machine", headers=[("Origin", PAGE)])
    assert reply.status == 200 and reply.header("access-control-allow-origin") is None


def test_pages_of_other_origins_never_ask_for_a_login(issuer, shared):
    """Case 28: the authorization endpoint works by the browser's login."""
    assert preflight(issuer, "authorize", PAGE).status == 405
    reply = issuer.get("authorize", {"client_id": "shared"}, [("Origin", PAGE)])
    assert reply.header("access-control-allow-origin") is None


def test_an_origin_goes_with_its_client(issuer, api):
    api("POST", body={"client_id": "fleeting", "origins": ["https://fleeting.example.com"]})
    origin = "https://fleeting.example.com"
    assert preflight(issuer, "token", origin).header("access-control-allow-origin") == origin
    api("PUT", "/fleeting", {"origins": None})
    assert preflight(issuer, "token", origin).header("access-control-allow-origin") is None
