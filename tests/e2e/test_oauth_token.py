"""The token endpoint: what it asks of a request, of a client, of a code and of a scope."""
import base64
import concurrent.futures
import re

import pytest

from support.oauth import (CALLBACK, OLD_REALM, PASSWORD, SECRET, Flow, Issuer, basic, claims_of,
                           refresh, send)

MACHINE = {"grant_type": "client_credentials"}


def refused(reply, status, error):
    """RFC 6749, 5.2: the members, and which characters a description may have."""
    assert (reply.status, reply.error) == (status, error), reply.body
    told = reply.json()
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", told["error_description"])
    assert (told["code"], told["message"]) == (error, told["error_description"])
    return reply


# --- the request ----------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_a_token_is_asked_for_by_post_alone(issuer, method):
    """RFC 6749, 3.2."""
    reply = send(issuer.node.gateway, method, issuer.path("token") + "?grant_type=password")
    assert (reply.status, reply.header("allow")) == (405, "POST")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_a_body_that_is_no_form_is_refused(issuer, kind):
    """RFC 6749, 3.2."""
    reply = issuer.post("token", b'{"grant_type": "client_credentials"}', "machine", kind=kind)
    refused(reply, 400, "invalid_request")


def test_a_form_may_name_its_character_set(issuer):
    """RFC 6749, appendix B."""
    kind = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    assert issuer.token(MACHINE, "machine", kind=kind).status == 200


def test_parameters_in_the_uri_count_for_nothing(issuer):
    """RFC 6749, 2.3.1 and 3.2."""
    path = issuer.path("token") + "?grant_type=client_credentials"
    headers = [("Content-Type", "application/x-www-form-urlencoded"),
               ("Authorization", basic("machine", SECRET))]
    refused(send(issuer.node.gateway, "POST", path, b"", headers), 400, "invalid_request")


def test_the_grant_must_be_named_known_and_the_clients(issuer):
    """RFC 6749, 5.2."""
    refused(issuer.token({}, "machine"), 400, "invalid_request")
    refused(issuer.token({"grant_type": ""}, "machine"), 400, "invalid_request")
    for name in ("implicit", "Client_Credentials", "client_credentials ", "x" * 5000,
                 "\N{SNOWMAN}"):
        refused(issuer.token({"grant_type": name}, "machine"), 400, "unsupported_grant_type")
    refused(issuer.token({"grant_type": "authorization_code", "code": "x"}, "narrow"), 400,
            "unauthorized_client")


@pytest.mark.parametrize("twice", ["grant_type", "scope", "client_id", "unknown", "client%5fid"])
def test_a_parameter_that_comes_twice_is_refused(issuer, twice):
    """RFC 6749, 3.2."""
    body = f"grant_type=client_credentials&scope=staff&client_id=machine&unknown=1&{twice}=staff"
    refused(issuer.token(body.encode(), "machine"), 400, "invalid_request")


def test_an_empty_parameter_counts_as_absent_and_unknown_ones_are_passed_over(issuer):
    """RFC 6749, 3.2."""
    plain = issuer.token(MACHINE, "machine").json()
    reply = issuer.token({**MACHINE, "scope": "", "client_secret": "", "whatever": "x"}, "machine")
    assert reply.status == 200 and reply.json()["scope"] == plain["scope"]


@pytest.mark.parametrize("bad", [b"x=%00", b"x=%ff", b"%c3=1", b"x=\xff", b"x=%zz", b"x=%4",
                                 b"x=a\x00b", b"x=%ed%a0%80", b"x=%01"])
def test_what_is_no_text_is_refused(issuer, bad):
    """RFC 6749, appendix B."""
    reply = issuer.token(b"grant_type=client_credentials&" + bad, "machine")
    refused(reply, 400, "invalid_request")


def test_a_body_and_its_parameters_are_bounded(issuer):
    many = "&".join(f"p{i}=1" for i in range(10_000)).encode()[:60_000]
    refused(issuer.token(b"grant_type=client_credentials&" + many, "machine"), 400,
            "invalid_request")
    long = b"grant_type=client_credentials&x="
    most = issuer.token(long + b"y" * (65536 - len(long)), "machine")
    assert most.status == 200, most.body
    assert issuer.token(long + b"y" * (65537 - len(long)), "machine").status == 413
    assert issuer.token(MACHINE, "machine").status == 200


# --- the client -----------------------------------------------------------------------------------

def test_an_unknown_client_and_a_wrong_secret_look_the_same(issuer):
    """RFC 6749, 5.2: 401, and a challenge for who tried by Basic."""
    wrong = refused(issuer.token(MACHINE, "guessed", secret="no"), 401, "invalid_client")
    unknown = refused(issuer.token(MACHINE, "nobody-at-all", secret="no"), 401, "invalid_client")
    assert wrong.header("www-authenticate").startswith('Basic realm="')
    assert wrong.body == unknown.body
    same = [[pair for pair in reply.headers if pair[0] != "date"] for reply in (wrong, unknown)]
    assert same[0] == same[1]
    posted = {**MACHINE, "client_id": "guessed", "client_secret": "no"}
    assert refused(issuer.token(posted), 401, "invalid_client").body == wrong.body
    person = refused(issuer.token(MACHINE, "ann", secret=PASSWORD), 401, "invalid_client")
    assert person.body == wrong.body  # who is in no group for clients is none


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"machine").decode(),
    "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Bearer abc", "Digest x",
    "Basic " + "A" * 5000,
    "Basic " + base64.b64encode(b"machine\x00:x").decode()])
def test_a_broken_authorization_header_is_no_client(issuer, header):
    """RFC 6749, 5.2."""
    refused(issuer.token(MACHINE, headers=[("Authorization", header)]), 401, "invalid_client")


def test_halves_of_basic_are_decoded_as_forms_are(issuer):
    """RFC 6749, 2.3.1."""
    reply = issuer.token(MACHINE, "urn:app:1", secret="p %+\xe4:&=")
    assert reply.status == 200 and claims_of(reply.json()["access_token"])["sub"] == "urn:app:1"
    headers = [("Authorization", "basic " + base64.b64encode(b"machine:the right secret").decode())]
    assert issuer.token(MACHINE, headers=headers).status == 200  # taken as it is


def test_a_client_proves_itself_in_one_way(issuer):
    """RFC 6749, 2.3."""
    both = {**MACHINE, "client_id": "machine", "client_secret": SECRET}
    refused(issuer.token(both, "machine"), 400, "invalid_request")
    assert issuer.token(both).status == 200
    assert issuer.token({**MACHINE, "client_id": "machine"}, "machine").status == 200
    refused(issuer.token({**MACHINE, "client_id": "web"}, "machine"), 400, "invalid_request")


def test_two_authorization_headers_are_one_too_many(issuer):
    """RFC 6749, 2.3."""
    headers = [("Authorization", basic("nobody-at-all", "x"))]
    reply = issuer.token(MACHINE, "machine", headers=headers)
    assert reply.status == 400, reply.body


def test_a_confidential_client_without_a_secret_is_nobody(issuer):
    """RFC 6749, 3.2.1."""
    for form in (MACHINE, {**MACHINE, "client_id": "machine"}):
        refused(issuer.token(form), 401, "invalid_client")
    flow = Flow(issuer, "web")
    refused(flow.redeem(flow.code()), 401, "invalid_client")


def test_a_public_client_names_itself_and_has_no_secret(issuer):
    """RFC 6749, 2.1 and 3.2.1."""
    flow = Flow(issuer, "house")
    code = flow.code()
    refused(flow.redeem(code, client_secret="x"), 401, "invalid_client")
    assert flow.redeem(code).status == 200


def test_a_public_client_has_no_credentials_to_ask_with(issuer):
    """RFC 6749, 4.4."""
    reply = issuer.token({**MACHINE, "client_id": "house"})
    refused(reply, 400, "unauthorized_client")


# --- the answer -----------------------------------------------------------------------------------

def test_a_token_answer_says_what_was_given(issuer):
    """RFC 6749, 5.1 and 4.4.3: no refresh token for who can prove himself anew."""
    reply = issuer.token({**MACHINE, "scope": "staff"}, "machine")
    told = reply.json()
    assert reply.header("pragma") == "no-cache"
    assert set(told) == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["scope"]) == ("Bearer", "staff")
    assert type(told["expires_in"]) is int and told["expires_in"] == 900
    all_of_it = issuer.token(MACHINE, "machine").json()["scope"]
    assert sorted(all_of_it.split(" ")) == ["api_clients", "staff"]


def test_an_access_token_is_a_jwt_for_its_realm(issuer):
    """RFC 9068, 2.2."""
    told = issuer.token({**MACHINE, "scope": "staff"}, "machine").json()
    claims = claims_of(told["access_token"])
    assert set(claims) >= {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"}
    assert (claims["iss"], claims["aud"]) == (issuer.url, issuer.realm)
    assert claims["exp"] - claims["iat"] == 900


# RFC 6749, 3.3
@pytest.mark.parametrize("scope", ["nothing", "staff nothing", "ops", 'sta"ff', "sta\\ff",
                                   "staff\n", "\N{SNOWMAN}", "resource_owners",
                                   "STAFF", "x" * 60_000])
def test_a_scope_that_the_client_has_not_is_refused(issuer, scope):
    refused(issuer.token({**MACHINE, "scope": scope}, "machine"), 400, "invalid_scope")


def test_a_scope_ends_where_the_client_was_bounded(issuer):
    """RFC 6749, 3.3."""
    assert issuer.token(MACHINE, "narrow").json()["scope"] == "staff"
    refused(issuer.token({**MACHINE, "scope": "ops"}, "narrow"), 400, "invalid_scope")
    told = issuer.token({**MACHINE, "scope": " staff  staff "}, "narrow").json()
    assert told["scope"] == "staff"


def test_the_password_grant_is_there_for_realms_that_ask_for_it(issuer):
    """RFC 9700, 2.4."""
    form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
    refused(issuer.token(form, "machine"), 400, "unsupported_grant_type")
    old = Issuer(issuer.node, OLD_REALM)
    assert old.token(form, "machine").json()["refresh_token"].startswith("rt_")
    for change in ({"password": "no"}, {"username": "nobody-at-all"}, {"username": "machine"}):
        refused(old.token({**form, **change}, "machine"), 400, "invalid_grant")
    refused(old.token({"grant_type": "password", "username": "ann"}, "machine"), 400,
            "invalid_request")


def works(issuer, tokens):
    """Whether the access token is taken, where one is asked for."""
    bearer = [("Authorization", "Bearer " + tokens["access_token"])]
    status = issuer.get("userinfo", headers=bearer).status
    assert status in (200, 401)
    return status == 200


# --- codes ----------------------------------------------------------------------------------------

def test_a_code_that_comes_twice_ends_what_came_of_it(issuer):
    """RFC 6749, 4.1.2."""
    flow = Flow(issuer)
    code = flow.code(scope="openid staff")
    tokens = flow.redeem(code).json()
    assert works(issuer, tokens)
    refused(flow.redeem(code), 400, "invalid_grant")
    assert not works(issuer, tokens)
    refused(refresh(issuer, tokens["refresh_token"]), 400, "invalid_grant")


def test_a_code_is_bound_to_its_client_and_redirect_uri(issuer):
    """RFC 6749, 4.1.3."""
    flow = Flow(issuer)
    code = flow.code()
    refused(flow.redeem(code, client_id="app"), 400, "invalid_grant")
    refused(flow.redeem(code, user="other", client_id=None), 400, "invalid_grant")
    for uri in (None, CALLBACK + "/", CALLBACK + "?", "", "https://app.example.com"):
        refused(flow.redeem(code, redirect_uri=uri), 400, "invalid_grant")
    assert flow.redeem(code).status == 200  # nobody else has used it up


def test_a_code_that_nobody_gave_is_refused(issuer):
    flow = Flow(issuer)
    for code in ("x", "A" * 43, "%00", "../..", "x" * 20_000):
        refused(flow.redeem(code), 400, "invalid_grant")
    refused(flow.redeem(None), 400, "invalid_request")
    other = Flow(Issuer(issuer.node, OLD_REALM))
    code = flow.code()
    refused(other.issuer.token(flow.redemption(code), "machine"), 400, "invalid_request")


def test_of_many_at_once_one_redeems_a_code(issuer):
    """RFC 6749, 4.1.2."""
    flow = Flow(issuer)
    code = flow.code()
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        replies = list(pool.map(lambda _: flow.redeem(code), range(100)))
    assert sorted(reply.status for reply in replies) == [200] + 99 * [400]
    assert {reply.error for reply in replies if reply.status == 400} == {"invalid_grant"}
