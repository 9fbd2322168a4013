"""What an issuer says of itself, its keys and their rotation, ID tokens, and logging out."""
import base64
import hashlib
import json

import pytest

from support.oauth import (CALLBACK, DEVICE_GRANT, OLD_REALM, PASSWORD, REALM, Flow, Issuer,
                           claims_of, send)

ENDPOINTS = ["authorization_endpoint", "token_endpoint", "revocation_endpoint",
             "introspection_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
             "device_authorization_endpoint"]
GRANTS = ["authorization_code", "client_credentials", "password", "refresh_token", DEVICE_GRANT,
          "implicit", "urn:ietf:params:oauth:grant-type:token-exchange",
          "urn:ietf:params:oauth:grant-type:jwt-bearer"]
BYE = "https://app.example.com/bye"


def header_of(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# --- metadata -------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/realms/{}/.well-known/openid-configuration",
                                  "/realms/{}/.well-known/oauth-authorization-server",
                                  "/.well-known/oauth-authorization-server/realms/{}",
                                  "/.well-known/openid-configuration/realms/{}"])
def test_the_issuer_is_what_its_metadata_is_under(issuer, path):
    """RFC 8414, 3.1 and 3.3; OpenID Connect Discovery, 4."""
    reply = send(issuer.node.gateway, "GET", path.format(REALM))
    told = reply.json()
    assert told["issuer"] == issuer.url
    assert reply.header("content-type") == "application/json"
    assert reply.header("cache-control") == "public, max-age=300"
    head = send(issuer.node.gateway, "HEAD", path.format(REALM))
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == reply.header("content-length")


def test_the_issuer_is_not_what_a_host_header_says(issuer):
    """RFC 9700, 2.6: configured, or the machine's own."""
    told = send(issuer.node.gateway, "GET", f"/realms/{REALM}/.well-known/openid-configuration",
                None, [("X-Forwarded-Host", "evil.example.com"), ("Forwarded", "host=evil")]).json()
    assert told["issuer"] == issuer.url and "evil" not in json.dumps(told)


def test_a_configured_url_is_the_issuers(make_node):
    own = make_node(settings={"gateway.public_url": "https://login.example.com/base"}).start()
    own.create_open_realm("com.example.own")
    told = Issuer(own, "com.example.own").metadata()
    assert told["issuer"] == "https://login.example.com/base/realms/com.example.own"
    assert told["token_endpoint"] == told["issuer"] + "/oauth/token"


def test_what_openid_clients_look_for_is_there(issuer):
    """OpenID Connect Discovery, 3."""
    told = issuer.metadata()
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert {"openid", "offline_access"} <= set(told["scopes_supported"])
    assert told["subject_types_supported"] == ["public"]
    # what would be taken for true if it were not said
    assert told["request_uri_parameter_supported"] is False


def test_every_endpoint_that_is_told_of_answers(issuer):
    """RFC 8414, 2."""
    told = issuer.metadata()
    for name in (each for each in ENDPOINTS if each in told):
        assert told[name].startswith(issuer.url + "/oauth/")
        path = told[name].partition(issuer.node.gateway)[2]
        reply = send(issuer.node.gateway, "GET", path)
        assert reply.status != 404, name
        if reply.status == 405:
            assert send(issuer.node.gateway, "POST", path, b"").status in (400, 401)
    assert {"token_endpoint", "authorization_endpoint", "jwks_uri"} <= set(told)


@pytest.mark.parametrize("realm", [REALM, OLD_REALM])
@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_is_told_of_or_refused(issuer, realm, grant):
    """RFC 8414, 2."""
    here = Issuer(issuer.node, realm)
    told = here.metadata()["grant_types_supported"]
    error = here.token({"grant_type": grant}, "machine").error
    assert (error == "unsupported_grant_type") == (grant not in told)


# --- keys -----------------------------------------------------------------------------------------

def thumbprint(key):
    """RFC 7638."""
    members = {"EC": ["crv", "kty", "x", "y"], "RSA": ["e", "kty", "n"], "OKP": ["crv", "kty", "x"]}
    text = json.dumps({each: key[each] for each in members[key["kty"]]}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def test_keys_are_public_halves_that_may_be_cached(issuer):
    """RFC 7517, 4 and 9.3."""
    reply = issuer.get("jwks")
    assert reply.header("cache-control") == "public, max-age=300"
    for key in reply.json()["keys"]:
        assert key["use"] == "sig" and key["alg"] in ("ES256", "RS256", "EdDSA")
        assert key["kid"] == thumbprint(key)
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


def test_keys_that_have_not_changed_are_not_sent_again(issuer):
    """RFC 9110, 13.1.2."""
    tag = issuer.get("jwks").header("etag")
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        reply = issuer.get("jwks", headers=[("If-None-Match", given)])
        assert (reply.status, reply.body, reply.header("etag")) == (304, b"", tag)
    assert issuer.get("jwks", headers=[("If-None-Match", '"other"')]).status == 200


def rotate(node, realm, **how):
    reply = node.ask_admin("POST", f"/realms/{realm}/keys/rotate", how)
    assert reply.status == 200, reply.text
    return reply.json()["kid"]


def test_a_new_key_is_shown_before_it_signs(issuer):
    """OpenID Connect Core, 10.1.1."""
    here = Issuer(issuer.node, OLD_REALM)
    form = {"grant_type": "client_credentials"}
    before = here.token(form, "machine").json()["access_token"]
    made = rotate(issuer.node, OLD_REALM)
    kids = [key["kid"] for key in here.keys()]
    assert header_of(before)["kid"] in kids and made in kids
    after = here.token(form, "machine").json()["access_token"]
    assert header_of(after)["kid"] == header_of(before)["kid"] != made


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA", "ES256"])
def test_after_an_emergency_the_old_keys_are_gone(issuer, algorithm):
    here = Issuer(issuer.node, OLD_REALM)
    made = rotate(issuer.node, OLD_REALM, algorithm=algorithm, emergency=True)
    assert [(key["kid"], key["alg"]) for key in here.keys()] == [(made, algorithm)]
    token = here.token({"grant_type": "client_credentials"}, "machine").json()["access_token"]
    assert header_of(token) == {"alg": algorithm, "kid": made, "typ": "at+jwt"}


def counts(issuer, token):
    """What /verify says of it."""
    return issuer.get("verify", headers=[("Authorization", "Bearer " + token)]).status == 204


def test_after_an_emergency_old_tokens_are_refused_at_once(issuer):
    """Whatever has been remembered of them."""
    here = Issuer(issuer.node, OLD_REALM)
    form = {"grant_type": "client_credentials"}
    old = [here.token(form, "machine").json()["access_token"] for _ in range(2)]
    assert counts(here, old[0]) and counts(here, old[0])
    rotate(issuer.node, OLD_REALM)
    assert counts(here, old[0])  # by schedule it goes on
    rotate(issuer.node, OLD_REALM, emergency=True)
    for token in old:
        assert not counts(here, token)
    assert counts(here, here.token(form, "machine").json()["access_token"])


# --- ID tokens ------------------------------------------------------------------------------------

def test_an_id_token_says_who_logged_in_for_whom(issuer):
    """OpenID Connect Core, 2 and 3.1.3.6."""
    tokens = Flow(issuer).tokens(scope="openid", nonce="n-0S6_WzA2Mj é", max_age="100")
    claims = claims_of(tokens["id_token"])
    assert header_of(tokens["id_token"])["typ"] == "JWT"
    assert (claims["iss"], claims["sub"], claims["aud"]) == (issuer.url, "ann", "house")
    assert claims["azp"] == "house" and claims["nonce"] == "n-0S6_WzA2Mj é"
    assert claims["iat"] >= claims["auth_time"] > claims["iat"] - 60
    assert claims["exp"] > claims["iat"]
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def test_without_openid_there_is_no_id_token(issuer):
    """OpenID Connect Core, 3.1.2.1."""
    assert "id_token" not in Flow(issuer).tokens(scope="staff")
    assert "nonce" not in claims_of(Flow(issuer).tokens(scope="openid")["id_token"])


# --- logging out ----------------------------------------------------------------------------------

def end(flow, **query):
    browser = flow.browser
    return browser.get(f"{flow.issuer.url}/oauth/logout?" + "&".join(
        f"{name}={value}" for name, value in query.items()))


def is_logged_in(flow):
    return flow.browser.get(flow.url(prompt="none")).location[1].get("code") is not None


def logged_in(issuer, user="ann"):
    flow = Flow(issuer, "app")
    flow.walked = flow.tokens(user, scope="openid")
    assert is_logged_in(Flow(issuer, browser=flow.browser))
    return flow


def test_who_shows_the_id_token_is_logged_out(issuer):
    """OpenID Connect RP-Initiated Logout, 2 and 3."""
    flow = logged_in(issuer)
    where, answer = end(flow, id_token_hint=flow.walked["id_token"], state="a%20%26b",
                        post_logout_redirect_uri=BYE).location
    assert (where, answer) == (BYE, {"state": "a &b"})
    assert not is_logged_in(Flow(issuer, browser=flow.browser))
    again = end(flow, id_token_hint=flow.walked["id_token"], post_logout_redirect_uri=BYE)
    assert again.location == (BYE, {})


def test_without_an_id_token_the_person_is_asked(issuer):
    """OpenID Connect RP-Initiated Logout, 2: or any link could do it."""
    flow = logged_in(issuer)
    assert end(flow).status == 200
    assert is_logged_in(Flow(issuer, browser=flow.browser))
    end(flow)
    assert "logged out" in flow.browser.submit(confirm="yes").text
    assert not is_logged_in(Flow(issuer, browser=flow.browser))


def test_a_confirmation_that_is_not_ours_asks_again(issuer):
    flow = logged_in(issuer)
    end(flow)
    flow.browser.submit(confirm="yes", form_mark="x" * 43)
    assert is_logged_in(Flow(issuer, browser=flow.browser))
    end(flow)
    assert "logged out" in flow.browser.submit(confirm="yes").text


@pytest.mark.parametrize("uri", ["https://evil.example.com/bye", BYE + "/", CALLBACK,
                                 "javascript:x"])
def test_after_logging_out_nobody_is_sent_to_an_address_that_is_not_registered(issuer, uri):
    """OpenID Connect RP-Initiated Logout, 3."""
    flow = logged_in(issuer)
    reply = end(flow, id_token_hint=flow.walked["id_token"], post_logout_redirect_uri=uri)
    assert reply.status == 400 and reply.header("location") is None
    assert end(flow, post_logout_redirect_uri=BYE).status == 400  # whose would it be?


def test_a_hint_about_somebody_else_ends_nothing_unasked(issuer):
    flow, other = logged_in(issuer), logged_in(issuer, "bob")
    assert end(flow, id_token_hint=other.walked["id_token"]).status == 200
    assert is_logged_in(Flow(issuer, browser=flow.browser))


@pytest.mark.parametrize("kind", ["access_token", "other realm", "garbage"])
def test_a_hint_that_is_no_id_token_of_ours_is_refused(issuer, kind):
    flow = logged_in(issuer)
    old = Issuer(issuer.node, OLD_REALM)
    hint = {"access_token": flow.walked["access_token"], "garbage": "a.b.c"}.get(kind) or old.token(
        {"grant_type": "password", "username": "ann", "password": PASSWORD},
        "machine").json()["access_token"]
    assert end(flow, id_token_hint=hint).status == 400
    assert is_logged_in(Flow(issuer, browser=flow.browser))


def test_logging_out_may_be_posted(issuer):
    """OpenID Connect RP-Initiated Logout, 2."""
    flow = logged_in(issuer)
    body = f"id_token_hint={flow.walked['id_token']}".encode()
    cookies = "; ".join(f"{key}={value}" for key, value in flow.browser.cookies.items())
    reply = send(issuer.node.gateway, "POST", issuer.path("logout"), body,
                 [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookies)])
    assert reply.status == 200 and b"logged out" in reply.body
    assert not is_logged_in(Flow(issuer, browser=flow.browser))
