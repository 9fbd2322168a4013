"""OAuth clients that are not ours, unmodified, against a live node: npm's and Debian's."""
import json
import subprocess
from urllib.parse import urlencode

import oauthlib.oauth2
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken
from requests_oauthlib import OAuth2Session

from support.node import clean_environment
from support.oauth import (CALLBACK, DEVICE_GRANT, OLD_REALM, PASSWORD, REALM, SECRET, Browser,
                           Issuer, challenge_of, claims_of)
from support.patience import PATIENCE
from support.places import E2E

BYE = "https://app.example.com/bye"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def person(issuer, url, browser=None):
    """Where a person's browser ends up who logs in and allows."""
    browser = browser or Browser(issuer.node.gateway)
    browser.visit(url)
    return browser.reply.header("location") or ""


def enter(issuer, url, code):
    browser = Browser(issuer.node.gateway)
    browser.get(url)
    browser.submit(username="ann", password=PASSWORD)
    browser.submit(user_code=code)
    assert "Allowed" in browser.submit(consent="allow").text


# --- npm ------------------------------------------------------------------------------------------

def run_js(issuer, script, **given):
    """What the script has found out; its person is one browser."""
    asked = json.dumps({"issuer": issuer.url, "redirect": CALLBACK, "bye": BYE, **given})
    environment = clean_environment(NODE_PATH=str(E2E / "node_modules"))
    browser = Browser(issuer.node.gateway)
    with subprocess.Popen(["node", str(E2E / "support" / script), asked], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment) as process:
        for line in process.stdout:
            told = json.loads(line)
            if "done" in told:
                assert process.wait(timeout=PATIENCE) == 0
                return told["done"]
            if "open" in told:
                answer = person(issuer, told["open"], browser)
            else:
                answer = enter(issuer, told["enter"], told["code"]) or ""
            process.stdin.write(answer + "\n")
            process.stdin.flush()
        raise AssertionError(process.stderr.read())


def test_openid_client_walks_every_flow(issuer):
    told = run_js(issuer, "oauth_openid_client.mjs", client="web", secret=SECRET, device="telly")
    assert told["claims"]["sub"] == "ann" and told["claims"]["iss"] == issuer.url
    assert told["scope"] == "openid staff" and 0 < told["expires"] <= 900
    assert told["again"] and told["device"] == "staff"
    assert claims_of(told["own"])["sub"] == "web"
    metadata = issuer.metadata()
    if "userinfo_endpoint" in metadata:
        assert told["userinfo"]["sub"] == "ann"
    if "introspection_endpoint" in metadata:
        assert told["introspection"]["active"] is True
    if "revocation_endpoint" in metadata:
        assert told["revoked"] == "invalid_grant"


def test_oauth4webapi_finds_nothing_amiss(issuer):
    """RFC 8414, 9207, 7636, 9068 and OpenID Connect as that library reads them; and jose."""
    told = run_js(issuer, "oauth_oauth4webapi.mjs", client="house", audience=REALM)
    assert told["same"] and told["sub"] == "ann" and told["twice"] == "invalid_grant"
    assert told["claims"]["client_id"] == "house" and told["claims"]["scope"] == "openid staff"
    assert told["header"]["typ"] == "at+jwt" and told["header"]["alg"] == "ES256"


def test_simple_oauth2_walks_the_code_flow(issuer):
    told = run_js(issuer, "oauth_simple.mjs", client="web", secret=SECRET, verifier=VERIFIER,
                  challenge=challenge_of(VERIFIER))
    assert told == {"own": "staff", "scope": "staff ops", "again": "staff", "expired": False}


def test_simple_oauth2_has_tokens_by_password_where_the_realm_gives_them(issuer):
    old = Issuer(issuer.node, OLD_REALM)
    told = run_js(old, "oauth_simple.mjs", client="machine", secret=SECRET, owner="ann",
                  password=PASSWORD)
    assert told == {"own": "staff", "scope": "resource_owners staff ops", "wrong": "invalid_grant"}


# --- Debian ---------------------------------------------------------------------------------------

@pytest.fixture(autouse=True)
def plain_http(monkeypatch):
    """Both refuse tokens over plain HTTP, also on loopback, unless they are told not to."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def test_requests_oauthlib_walks_the_code_flow(issuer):
    metadata = issuer.metadata()
    session = OAuth2Session("web", redirect_uri=CALLBACK, scope=["openid", "staff"])
    url, state = session.authorization_url(metadata["authorization_endpoint"],
                                           code_challenge=challenge_of(VERIFIER),
                                           code_challenge_method="S256")
    back = person(issuer, url)
    assert f"state={state}" in back
    token = session.fetch_token(metadata["token_endpoint"], authorization_response=back,
                                client_secret=SECRET, code_verifier=VERIFIER)
    assert token["scope"] == ["openid", "staff"]
    again = session.refresh_token(metadata["token_endpoint"], auth=("web", SECRET))
    assert again["refresh_token"] != token["refresh_token"]


def test_requests_oauthlib_has_client_credentials(issuer):
    client = oauthlib.oauth2.BackendApplicationClient("machine", scope=["staff"])
    session = OAuth2Session(client=client)
    token = session.fetch_token(issuer.metadata()["token_endpoint"], client_id="machine",
                                client_secret=SECRET)
    assert token["scope"] == ["staff"] and token["token_type"] == "Bearer"


def test_oauthlib_reads_what_goes_wrong(issuer):
    """RFC 6749, 4.1.2.1 and 5.2, as that library reads them."""
    client = oauthlib.oauth2.WebApplicationClient("app")
    url = client.prepare_request_uri(issuer.metadata()["authorization_endpoint"], CALLBACK,
                                     ["staff"], "a state", code_challenge_method="S256",
                                     code_challenge=challenge_of(VERIFIER))
    browser = Browser(issuer.node.gateway)
    back = browser.visit(url, "bob", consent="deny").header("location")
    with pytest.raises(oauthlib.oauth2.AccessDeniedError):
        client.parse_request_uri_response(back, "a state")
    body = client.prepare_request_body("no code", redirect_uri=CALLBACK, code_verifier=VERIFIER)
    reply = issuer.post("token", body.encode())
    with pytest.raises(oauthlib.oauth2.InvalidGrantError):
        client.parse_request_body_response(reply.text)


def test_oauthlib_has_a_device(issuer):
    """RFC 8628."""
    client = oauthlib.oauth2.DeviceClient("telly")
    begun = issuer.post("device_authorization", {"client_id": "telly", "scope": "staff"}).json()
    enter(issuer, begun["verification_uri"], begun["user_code"])
    body = client.prepare_request_body(begun["device_code"], include_client_id=True, scope=None)
    token = client.parse_request_body_response(issuer.post("token", body.encode()).text)
    assert token["scope"] == ["staff"]
    assert client.grant_type == DEVICE_GRANT


def authlib_session(client, secret=None, **more):
    method = "client_secret_basic" if secret else "none"
    return AuthlibSession(client, secret, redirect_uri=CALLBACK, token_endpoint_auth_method=method,
                          **more)


@pytest.mark.parametrize("client, secret", [("web", SECRET), ("house", None)])
def test_authlib_walks_the_code_flow_and_verifies_the_id_token(issuer, client, secret):
    metadata = issuer.metadata()
    session = authlib_session(client, secret, scope="openid staff", code_challenge_method="S256")
    url, state = session.create_authorization_url(metadata["authorization_endpoint"], nonce="n1",
                                                  code_verifier=VERIFIER)
    back = person(issuer, url)
    token = session.fetch_token(metadata["token_endpoint"], authorization_response=back,
                                state=state, code_verifier=VERIFIER)
    keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=PATIENCE).json())
    claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken,
                        claims_options={"iss": {"value": issuer.url}},
                        claims_params={"client_id": client, "nonce": "n1",
                                       "access_token": token["access_token"]})
    claims.validate()
    assert claims["sub"] == "ann"
    again = session.refresh_token(metadata["token_endpoint"])
    assert again["refresh_token"] != token["refresh_token"]
    if secret and "introspection_endpoint" in metadata:
        told = session.introspect_token(metadata["introspection_endpoint"],
                                        again["refresh_token"], "refresh_token").json()
        assert told["active"] is True
    if "revocation_endpoint" in metadata:
        assert session.revoke_token(metadata["revocation_endpoint"], again["refresh_token"],
                                    "refresh_token").status_code == 200


def test_authlib_verifies_an_access_token(issuer):
    """RFC 9068, by the keys that are published."""
    session = authlib_session("machine", SECRET, scope="staff")
    token = session.fetch_token(issuer.metadata()["token_endpoint"])
    claims = jwt.decode(token["access_token"], JsonWebKey.import_key_set({"keys": issuer.keys()}),
                        claims_options={"iss": {"essential": True, "value": issuer.url},
                                        "aud": {"essential": True, "value": REALM}})
    claims.validate()
    assert claims.header["typ"] == "at+jwt" and claims["client_id"] == "machine"


def test_urlencoded_answers_are_not_mistaken(issuer):
    """A body by another library's encoder."""
    body = urlencode({"grant_type": "client_credentials", "scope": "staff"})
    reply = requests.post(issuer.metadata()["token_endpoint"], data=body, auth=("machine", SECRET),
                          headers={"Content-Type": "application/x-www-form-urlencoded"},
                          timeout=PATIENCE)
    assert reply.json()["scope"] == "staff"
