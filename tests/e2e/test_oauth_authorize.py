"""The authorization endpoint: whom it sends where, with what, and what its pages are like."""
import re
import time

import pytest

from support.oauth import (CALLBACK, FORM, OLD_REALM, PASSWORD, REALM, Browser, Flow, Issuer,
                           challenge_of, claims_of, send)

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def stays(reply, status=400):
    """An error page: nobody is sent anywhere."""
    assert reply.status == status and reply.header("location") is None, reply
    assert reply.header("content-type").startswith("text/html")
    return reply


def told(reply, redirect=CALLBACK):
    """The error that the client is told, by a redirect that says who tells it (RFC 9207)."""
    where, answer = reply.location
    assert where == redirect and "code" not in answer
    return answer


# --- who is asked for -----------------------------------------------------------------------------

@pytest.mark.parametrize("changed", [
    {"client_id": "nobody-at-all"}, {"client_id": None}, {"client_id": "ann"},
    {"client_id": "machine"},
    {"redirect_uri": "https://evil.example.com/cb"}, {"redirect_uri": "javascript:alert(1)"},
    {"redirect_uri": "//app.example.com/cb"}, {"redirect_uri": "/cb"},
    {"redirect_uri": "data:text/html,x"}])
def test_nobody_is_sent_to_an_address_that_is_not_registered(issuer, changed):
    """RFC 6749, 4.1.2.1 and 3.1.2.4."""
    reply = stays(Flow(issuer).browser.get(Flow(issuer).url(**changed)))
    assert "evil" not in reply.text and "alert" not in reply.text


@pytest.mark.parametrize("other", [
    "https://app.example.com/cb/", "https://app.example.com/cb?x", "https://app.example.com/cb?",
    "https://app.example.com/cb#f", "https://app.example.com/cb#", "https://app.example.com%2Fcb",
    "HTTPS://APP.EXAMPLE.COM/cb", "https://app.example.com/cb/../x", "https://app.example.com/./cb",
    "https://u@app.example.com/cb", "https://app.example.com:443/cb", "http://app.example.com/cb",
    "https://app.example.com/CB", "https://app.example.com/cb%20", "https://app.example.com/c%62",
    " https://app.example.com/cb", "https://app.example.com\\@evil.example.com/cb",
    "https://app.example.com.evil.example.com/cb", "https://app.example.com/cb\r\nX: y"])
def test_a_redirect_uri_is_the_registered_one_to_the_byte(issuer, other):
    """RFC 9700, 2.1."""
    stays(Flow(issuer).browser.get(Flow(issuer).url(redirect_uri=other)))


def test_the_port_of_loopback_is_the_applications(issuer):
    """RFC 8252, 7.3."""
    flow = Flow(issuer, "app", "http://127.0.0.1:51234/cb")
    assert flow.tokens()["refresh_token"]
    for other in ("http://127.0.0.1:51234/other", "http://127.0.0.2:51234/cb",
                  "http://localhost:51234/cb", "http://[::1]:51234/cb", "http://127.0.0.1:x/cb",
                  "http://127.0.0.1:51234@evil.example.com/cb", "https://127.0.0.1:51234/cb"):
        stays(flow.browser.get(flow.url(redirect_uri=other)))


# --- what is wrong with a request -----------------------------------------------------------------

@pytest.mark.parametrize("changed, error", [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "eyJ"}, "request_not_supported"),
    ({"request_uri": "https://a/b"}, "request_uri_not_supported"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "dance"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    # RFC 7636, 4.4.1, and RFC 9700, 2.1.1: no challenge, none that anybody can turn around
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": "S512"}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1] + "="}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "A"}, "invalid_request")])
@pytest.mark.parametrize("client", ["house", "web"])
def test_what_is_wrong_is_told_to_the_client(issuer, client, changed, error):
    """RFC 6749, 4.1.2.1; RFC 9207, 2."""
    flow = Flow(issuer, client)
    answer = told(flow.browser.get(flow.url(**changed)))
    assert answer == {"error": error, "state": flow.state, "iss": issuer.url}


@pytest.mark.parametrize("state", ["a b&c=d#e?f/%25+\"'<>\\", "\N{SNOWMAN} \N{GRINNING FACE}",
                                   "x" * 2000,
                                   pytest.param("x" * 4096, marks=pytest.mark.strict)])
def test_a_state_comes_back_as_it_was(issuer, state):
    """RFC 6749, 4.1.2."""
    flow = Flow(issuer, state=state)
    assert told(flow.browser.get(flow.url(response_type=None)))["state"] == state
    assert flow.walk()[1]["state"] == state


def test_a_state_has_an_end(issuer):
    flow = Flow(issuer, state="x" * 4097)
    assert stays(flow.browser.get(flow.url()))
    reply = flow.browser.get(flow.url(state="y" * 200_000))
    assert reply.status in (400, 414)


def test_without_a_state_there_is_none_in_the_answer(issuer):
    flow = Flow(issuer)
    assert set(flow.walk(state=None)[1]) == {"code", "iss"}


@pytest.mark.parametrize("twice", ["client_id", "redirect_uri", "state", "code_challenge"])
def test_a_parameter_that_comes_twice_gets_a_page(issuer, twice):
    """RFC 6749, 3.1."""
    flow = Flow(issuer)
    reply = flow.browser.get(flow.url() + f"&{twice}=x")
    assert "twice" in stays(reply).text


def test_a_scope_that_the_user_has_not_is_told(issuer):
    """RFC 6749, 4.1.2.1."""
    flow = Flow(issuer)
    assert told(flow.browser.visit(flow.url(scope="nothing")))["error"] == "invalid_scope"


def test_a_client_without_the_grant_is_told(issuer):
    flow = Flow(issuer, "narrow")
    stays(flow.browser.get(flow.url()))  # it has no address to be told at


# --- what is right --------------------------------------------------------------------------------

def test_a_code_comes_with_the_state_and_with_who_gives_it(issuer):
    """RFC 9207, 2."""
    flow = Flow(issuer)
    where, answer = flow.walk()
    assert where == CALLBACK and set(answer) == {"code", "state", "iss"}
    metadata = issuer.metadata()
    assert answer["iss"] == metadata["issuer"]
    assert metadata["authorization_response_iss_parameter_supported"] is True


def test_after_a_form_comes_a_303(issuer):
    """RFC 9700, 4.12."""
    flow = Flow(issuer)
    flow.browser.get(flow.url())
    reply = flow.browser.submit(username="ann", password=PASSWORD)
    assert reply.status == 303
    assert reply.header("cache-control") == "no-store"
    assert reply.header("referrer-policy") == "no-referrer"
    assert reply.body == b""


def test_a_client_of_somebody_else_needs_consent_once(issuer):
    flow = Flow(issuer, "app")
    browser = flow.browser
    browser.get(flow.url(scope="staff"))
    assert browser.submit(username="cat", password=PASSWORD).status == 200
    assert "The app" in browser.page.words and "staff" in browser.page.words
    assert browser.submit(consent="allow").location[1]["code"]
    assert browser.get(flow.url(scope="staff")).location[1]["code"]
    assert browser.get(flow.url(scope="staff ops")).status == 200  # more than before
    assert ("consent", "allow") in browser.page.buttons
    assert browser.get(flow.url(scope="staff", prompt="consent")).status == 200


def test_who_denies_is_believed(issuer):
    """RFC 6749, 4.1.2.1."""
    flow = Flow(issuer, "app")
    where, answer = flow.walk("dan", consent="deny")
    assert answer == {"error": "access_denied", "state": flow.state, "iss": issuer.url}


def test_a_wrong_password_shows_the_page_again(issuer):
    flow = Flow(issuer)
    flow.browser.get(flow.url())
    wrong = flow.browser.submit(username="eve", password="no")
    assert wrong.header("location") is None and "wrong" in wrong.text
    unknown = flow.browser.submit(username="nobody-at-all", password="no")
    # Which of both it was is not said.
    assert unknown.text.replace("nobody-at-all", "eve") == wrong.text
    assert flow.browser.submit(username="eve", password=PASSWORD).location[1]["code"]


def test_a_hint_is_filled_in_where_the_name_goes(issuer):
    """OpenID Connect Core, 3.1.2.1."""
    flow = Flow(issuer)
    flow.browser.get(flow.url(login_hint='ann"><b>'))
    name, password = flow.browser.page.inputs
    assert name["value"] == 'ann"><b>' and "autofocus" in password
    assert "b" not in flow.browser.page.tags


def test_who_is_logged_in_is_not_asked_again(issuer):
    """OpenID Connect Core, 3.1.2.3."""
    flow = Flow(issuer)
    flow.code()
    assert flow.browser.get(flow.url()).location[1]["code"]


def test_a_login_is_of_one_realm(issuer):
    flow = Flow(issuer)
    flow.code()
    old = Flow(Issuer(issuer.node, OLD_REALM), browser=flow.browser)
    stays(old.browser.get(old.url()))  # who is a client here is none there


def test_prompt_none_never_shows_a_page(issuer):
    """OpenID Connect Core, 3.1.2.6."""
    flow = Flow(issuer, "app")
    quiet = flow.url(prompt="none", scope="openid")
    assert told(flow.browser.get(quiet))["error"] == "login_required"
    flow.browser.get(flow.url(scope="openid"))
    flow.browser.submit(username="bob", password=PASSWORD)
    assert told(flow.browser.get(quiet))["error"] == "consent_required"
    flow.browser.get(flow.url(scope="openid"))
    flow.browser.submit(consent="allow")
    assert flow.browser.get(quiet).location[1]["code"]


@pytest.mark.parametrize("again", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_login_that_is_asked_for_again_happens_again(issuer, again):
    """OpenID Connect Core, 3.1.2.1."""
    flow = Flow(issuer)
    first = claims_of(flow.tokens(scope="openid")["id_token"])["auth_time"]
    while time.time() < first + 1.1:
        time.sleep(0.05)
    reply = flow.browser.get(flow.url(scope="openid", **again))
    assert reply.status == 200 and flow.browser.page.inputs[0]["name"] == "username"
    code = flow.browser.submit(username="ann", password=PASSWORD).location[1]["code"]
    assert claims_of(flow.redeem(code).json()["id_token"])["auth_time"] > first


def test_a_login_that_is_young_enough_is_enough(issuer):
    flow = Flow(issuer)
    flow.code()
    assert flow.browser.get(flow.url(max_age="3600")).location[1]["code"]


def test_a_request_may_be_posted(issuer):
    """OpenID Connect Core, 3.1.2.1."""
    flow = Flow(issuer)
    body = flow.url().partition("?")[2].encode()
    reply = send(issuer.node.gateway, "POST", issuer.path("authorize"), body,
                 [("Content-Type", FORM)])
    assert reply.status == 200 and b'name="username"' in reply.body


# --- PKCE -----------------------------------------------------------------------------------------

def test_the_example_of_the_rfc(issuer):
    """RFC 7636, appendix B."""
    assert challenge_of(VERIFIER) == CHALLENGE
    flow = Flow(issuer, verifier=VERIFIER)
    assert flow.redeem(flow.code()).status == 200


@pytest.mark.parametrize("verifier", [None, "", "wrong" * 9, VERIFIER[:-1], VERIFIER + "A",
                                      "a" * 42, "a" * 129, VERIFIER[:-1] + "!", CHALLENGE])
def test_a_code_needs_its_verifier(issuer, verifier):
    """RFC 7636, 4.6."""
    flow = Flow(issuer, verifier=VERIFIER)
    code = flow.code()
    reply = flow.redeem(code, code_verifier=verifier)
    assert (reply.status, reply.error) == (400, "invalid_grant")


@pytest.mark.parametrize("length", [42, 43, 128, 129])
def test_a_verifier_has_43_to_128_characters(issuer, length):
    """RFC 7636, 4.1: also when the challenge fits."""
    flow = Flow(issuer, verifier="~" * length)
    assert flow.redeem(flow.code()).status == (200 if 43 <= length <= 128 else 400)


# --- pages ----------------------------------------------------------------------------------------

def test_a_page_is_framed_by_nobody_kept_by_nobody_and_runs_nothing(issuer):
    """RFC 9700, 4.16."""
    for url in (Flow(issuer).url(), Flow(issuer).url(client_id="nobody"),
                issuer.url + "/oauth/device", issuer.url + "/oauth/logout"):
        browser = Browser(issuer.node.gateway)
        reply = browser.get(url)
        policy = reply.header("content-security-policy")
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "script" not in policy
        assert reply.header("x-frame-options") == "DENY"
        assert reply.header("referrer-policy") == "no-referrer"
        assert reply.header("x-content-type-options") == "nosniff"
        assert reply.header("cache-control") == "no-store"
        page = browser.page
        assert page.language == "en" and "script" not in page.tags
        assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
        assert {each["id"] for each in page.inputs} == page.labels


def test_no_other_site_may_read_a_page(issuer):
    """RFC 9700, 2.6."""
    reply = issuer.get("authorize", Flow(issuer).query(), [("Origin", "https://app.example.com")])
    assert not [name for name, _ in reply.headers if name.startswith("access-control-")]


def test_what_a_client_sends_is_text_on_a_page(issuer):
    flow = Flow(issuer, state="\"'><script>alert(1)</script>")
    page = flow.browser.get(flow.url()).text
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert flow.browser.page.fields["state"] == flow.state


def test_a_form_that_another_site_sends_is_refused(issuer):
    """RFC 9700, 4.7."""
    flow = Flow(issuer)
    browser = flow.browser
    browser.get(flow.url())
    fields = {**browser.page.fields, "username": "ann", "password": PASSWORD}
    stays(browser.submit(**{**fields, "form_mark": "x" * 43}))
    browser.get(flow.url())
    stays(browser.submit(headers=[("Content-Type", FORM), ("Origin", "https://evil.example.com")],
                         **fields))
    browser.get(flow.url())
    browser.cookies.clear()
    stays(browser.submit(**fields))


def test_pages_in_two_tabs_do_not_spoil_each_other(issuer):
    first, second = Flow(issuer), Flow(issuer)
    second.browser = first.browser
    browser = first.browser
    browser.get(first.url())
    form = browser.page
    browser.get(second.url())
    browser.submit(**form.fields, username="ann", password=PASSWORD)
    assert browser.reply.location[1]["state"] == first.state


@pytest.mark.parametrize("cookie", ["=", ";;;", "x" * 2000, "postern-login-x=\xff", "a=b; =c; d",
                                    "postern-form-=%00"])
def test_a_broken_cookie_is_none(issuer, cookie):
    flow = Flow(issuer)
    reply = send(issuer.node.gateway, "GET", flow.url().partition(issuer.node.gateway)[2], None,
                 [("Cookie", cookie)])
    assert reply.status == 200 and b'name="username"' in reply.body


def test_a_login_of_somebody_else_is_not_guessed(issuer):
    flow = Flow(issuer)
    flow.code()
    for name in [name for name in flow.browser.cookies if "login" in name]:
        flow.browser.cookies[name] = flow.browser.cookies[name][:-1] + "_"
    assert flow.browser.get(flow.url()).status == 200


def test_a_cookie_is_kept_from_scripts_and_other_sites(issuer):
    flow = Flow(issuer)
    reply = flow.browser.get(flow.url())
    for name, value in reply.headers:
        if name == "set-cookie":
            assert re.search(r"; HttpOnly; SameSite=Lax; Max-Age=\d+$", value)


# --- realms ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["com.nowhere", "%", "%00", "%ff", "..",
                                  "com.example.login%2f", "com.example.login%00"])
@pytest.mark.parametrize("endpoint, kind", [("token", "application/json"),
                                            ("jwks", "application/json"),
                                            ("authorize", "text/html; charset=utf-8")])
def test_a_realm_that_is_not_there_has_no_endpoints(issuer, name, endpoint, kind):
    method, body = ("POST", b"") if endpoint == "token" else ("GET", None)
    reply = send(issuer.node.gateway, method, f"/realms/{name}/oauth/{endpoint}", body)
    assert (reply.status, reply.header("content-type")) == (404, kind)


@pytest.mark.parametrize("spelling", [REALM.replace(".", "%2E"), REALM.upper()])
def test_a_realm_that_is_spelled_otherwise_is_the_same_issuer(issuer, spelling):
    """RFC 8414, 3.3: what its metadata says is one text, however it was asked for."""
    other = Issuer(issuer.node, spelling)
    assert other.metadata()["issuer"] == issuer.url
    assert other.keys() == issuer.keys()
