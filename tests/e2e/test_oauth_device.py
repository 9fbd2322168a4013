"""The device grant (RFC 8628): a code on one screen, a person at another."""
import json
import re
import time

import pytest

from support.oauth import (DEVICE_GRANT, PASSWORD, Browser, Issuer, claims_of, refresh, security)


def begin(issuer, **more):
    """RFC 8628, 3.2."""
    reply = issuer.post("device_authorization", {"client_id": "telly", **more})
    assert reply.status == 200, reply.body
    return reply.json()


def poll(issuer, told, client="telly"):
    return issuer.token({"grant_type": DEVICE_GRANT, "device_code": told["device_code"],
                         "client_id": client})


def waits(issuer, told, error):
    reply = poll(issuer, told)
    assert (reply.status, reply.error) == (400, error), reply.body


def person(issuer, told, user="ann"):
    """A browser at the page of consent, by the address that is shown with the code in it."""
    browser = Browser(issuer.node.gateway, issuer.source)
    browser.get(told["verification_uri_complete"])
    browser.submit(username=user, password=PASSWORD)
    return browser


def test_a_device_is_told_where_to_send_whom(issuer):
    """RFC 8628, 3.2 and 6.1."""
    told = begin(issuer, scope="staff")
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", told["user_code"])
    assert told["verification_uri"] == issuer.url + "/oauth/device"
    assert told["verification_uri_complete"].endswith("?user_code=" + told["user_code"])
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert len(told["device_code"]) >= 43
    assert issuer.metadata()["device_authorization_endpoint"].endswith("/device_authorization")


def test_who_may_not_use_the_grant_gets_no_code(issuer):
    reply = issuer.post("device_authorization", {"client_id": "app"})
    assert (reply.status, reply.error) == (400, "unauthorized_client")
    reply = issuer.post("device_authorization", {"client_id": "nobody-at-all"})
    assert (reply.status, reply.error) == (401, "invalid_client")


def test_a_device_waits_and_is_slowed_down(issuer):
    """RFC 8628, 3.5."""
    told = begin(issuer)
    waits(issuer, told, "authorization_pending")
    waits(issuer, told, "slow_down")
    time.sleep(5.5)
    waits(issuer, told, "slow_down")  # it was to wait five seconds longer


def test_an_allowed_device_gets_tokens_once(issuer):
    """RFC 8628, 3.3 and 3.5."""
    told = begin(issuer, scope="staff")
    browser = person(issuer, told)
    shown = browser.page.words
    assert "The telly" in shown and "staff" in shown and told["user_code"] in shown
    assert "Allowed" in browser.submit(consent="allow").text
    tokens = poll(issuer, told).json()
    assert tokens["scope"] == "staff" and claims_of(tokens["access_token"])["sub"] == "ann"
    assert refresh(issuer, tokens["refresh_token"], "telly").status == 200
    waits(issuer, told, "expired_token")


def test_a_denied_device_is_told_so(issuer):
    """RFC 8628, 3.5."""
    told = begin(issuer)
    browser = person(issuer, told)
    assert "Denied" in browser.submit(consent="deny").text
    waits(issuer, told, "access_denied")


def test_a_code_is_typed_in_in_any_way(issuer):
    """RFC 8628, 6.1."""
    told = begin(issuer)
    browser = Browser(issuer.node.gateway)
    browser.get(told["verification_uri"])
    browser.submit(username="bob", password=PASSWORD)
    assert [each["name"] for each in browser.page.inputs] == ["user_code"]
    browser.submit(user_code=" " + told["user_code"].lower().replace("-", " - "))
    assert ("consent", "allow") in browser.page.buttons


def test_a_device_code_is_of_one_client(issuer):
    told = begin(issuer)
    person(issuer, told).submit(consent="allow")
    assert poll(issuer, told, "app").error == "unauthorized_client"
    assert poll(issuer, told).status == 200


def test_a_link_alone_allows_nothing(issuer):
    """RFC 8628, 5.4: a person is asked, also when the code came with the address."""
    told = begin(issuer)
    browser = person(issuer, told)
    assert ("consent", "deny") in browser.page.buttons
    waits(issuer, told, "authorization_pending")
    browser.get(told["verification_uri_complete"] + "&consent=allow")
    assert ("consent", "deny") in browser.page.buttons


def test_guessing_codes_is_slowed_down(issuer):
    """RFC 8628, 5.1."""
    told = begin(issuer)
    guesser = Browser(issuer.node.gateway, "127.0.0.77")
    guesser.get(told["verification_uri"])
    guesser.submit(username="ann", password=PASSWORD)
    seen = [guesser.submit(user_code="BBBB-BBBB").status for _ in range(7)]
    assert seen == 5 * [200] + 2 * [429]
    assert guesser.submit(user_code=told["user_code"]).status == 429
    elsewhere = person(Issuer(issuer.node, source="127.0.0.78"), told, "bob")
    assert ("consent", "allow") in elsewhere.page.buttons


def test_a_device_code_that_nobody_gave_is_refused(issuer):
    for code in ("x", "", "x" * 30_000):
        reply = poll(issuer, {"device_code": code})
        assert reply.status == 400 and reply.error in ("expired_token", "invalid_request")


@pytest.fixture
def hasty(make_node, tmp_path):
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security()))
    return Issuer(make_node(settings={"security.config_file": str(file),
                                      "oauth2.device.duration": "1s"}).start())


def test_a_device_code_ends(hasty):
    """RFC 8628, 3.5."""
    told = begin(hasty)
    time.sleep(2.1)
    waits(hasty, told, "expired_token")
