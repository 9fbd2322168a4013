"""Refresh tokens: rotated at each use, one family a grant, ended when somebody else has one."""
import concurrent.futures
import json
import time

import pytest

from support.oauth import OLD_REALM, PASSWORD, Flow, Issuer, claims_of, refresh, security
from support.patience import wait_until


def good(reply):
    assert reply.status == 200, reply.body
    return reply.json()


def dead(reply):
    assert (reply.status, reply.error) == (400, "invalid_grant"), reply.body
    return True


def family_of(tokens):
    return claims_of(tokens["access_token"])["sid"]


def put_user(issuer, name, **changed):
    path = f"/realms/{issuer.realm}/users/{name}"
    reply = issuer.node.ask_admin("PUT", path, changed, {"Content-Type": "application/json"})
    assert reply.status == 200, reply.text


# --- one node with the usual times ----------------------------------------------------------------

def test_each_refresh_gives_another_token_of_the_same_family(issuer):
    """RFC 9700, 4.14.2."""
    first = Flow(issuer).tokens(scope="openid staff")
    second = good(refresh(issuer, first["refresh_token"]))
    third = good(refresh(issuer, second["refresh_token"]))
    seen = {each["refresh_token"] for each in (first, second, third)}
    assert len(seen) == 3
    assert {family_of(each) for each in (second, third)} == {family_of(first)}
    assert len({each["access_token"] for each in (first, second, third)}) == 3
    assert third["scope"] == "openid staff"


def test_an_answer_that_was_lost_is_asked_for_again(issuer):
    """RFC 9700, 4.14.2: what a grace is for; three times, and with the client that had it."""
    first = Flow(issuer).tokens()
    answers = [good(refresh(issuer, first["refresh_token"])) for _ in range(4)]
    assert {family_of(each) for each in answers} == {family_of(first)}
    late = refresh(issuer, first["refresh_token"])
    assert (late.status, late.error) == (503, "temporarily_unavailable")
    assert int(late.header("retry-after")) > 0
    dead(refresh(issuer, first["refresh_token"], "app"))
    for each in answers[::-1]:
        good(refresh(issuer, each["refresh_token"]))  # whichever of them arrived


def test_many_refreshes_at_once_do_not_end_the_family(issuer):
    first = Flow(issuer).tokens()
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        replies = list(pool.map(lambda _: refresh(issuer, first["refresh_token"]), range(50)))
    assert {reply.status for reply in replies} <= {200, 503}
    answers = [reply.json() for reply in replies if reply.status == 200]
    assert answers and {family_of(each) for each in answers} == {family_of(first)}
    good(refresh(issuer, answers[-1]["refresh_token"]))


def test_the_token_before_the_last_is_a_theft(issuer):
    """RFC 9700, 4.14.2."""
    first = Flow(issuer).tokens(scope="openid")
    second = good(refresh(issuer, first["refresh_token"]))
    third = good(refresh(issuer, second["refresh_token"]))
    bearer = [("Authorization", "Bearer " + third["access_token"])]
    assert issuer.get("userinfo", headers=bearer).status == 200
    dead(refresh(issuer, first["refresh_token"]))
    dead(refresh(issuer, third["refresh_token"]))  # and what came of it ends
    assert issuer.get("userinfo", headers=bearer).status == 401


def test_a_scope_may_be_narrowed_and_comes_back(issuer):
    """RFC 6749, 6."""
    first = Flow(issuer).tokens(scope="staff")
    wide = refresh(issuer, first["refresh_token"], scope="staff ops")
    assert (wide.status, wide.error) == (400, "invalid_scope")
    both = Flow(issuer).tokens(scope="staff ops")
    narrow = good(refresh(issuer, both["refresh_token"], scope="ops"))
    assert narrow["scope"] == "ops" and claims_of(narrow["access_token"])["groups"] == ["ops"]
    assert good(refresh(issuer, narrow["refresh_token"]))["scope"] == "staff ops"
    good(refresh(issuer, first["refresh_token"]))  # nothing was used up


def test_a_token_is_of_one_client(issuer):
    """RFC 6749, 10.4: whoever else has it cannot use it, nor end it."""
    first = Flow(issuer).tokens()
    dead(refresh(issuer, first["refresh_token"], "app"))
    dead(issuer.token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]},
                      "web"))
    good(refresh(issuer, first["refresh_token"]))


def test_a_token_is_of_one_realm(issuer):
    old = Issuer(issuer.node, OLD_REALM)
    form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
    token = good(old.token(form, "machine"))["refresh_token"]
    again = {"grant_type": "refresh_token", "refresh_token": token}
    assert issuer.token(again, "machine").status == 400
    good(old.token(again, "machine"))


@pytest.mark.parametrize("token", ["x", "rt_", "rt_a.0.b", "rt_..", "rt_a.18446744073709551616.b",
                                   "rt_a.-1.b", "rt_" + "x" * 60_000, "rt_a.0.b.c"])
def test_what_is_no_token_is_refused(issuer, token):
    dead(refresh(issuer, token))


def test_a_token_with_another_ending_ends_nothing(issuer):
    token = Flow(issuer).tokens()["refresh_token"]
    selector, generation, secret = token.split(".")
    for wrong in (f"{selector}.{generation}.{secret[:-2]}__", f"{selector}.7.{secret}",
                  f"{selector}.{generation}.", f"{selector}.{generation}.{secret}="):
        dead(refresh(issuer, wrong))
    good(refresh(issuer, token))


def test_a_user_who_is_disabled_gets_no_more_tokens(issuer):
    """RFC 6749, 10.4."""
    token = Flow(issuer).tokens("bob")["refresh_token"]
    put_user(issuer, "bob", enabled=False)
    dead(refresh(issuer, token))
    put_user(issuer, "bob", enabled=True)


def test_a_group_that_the_user_has_left_is_in_no_new_token(issuer):
    tokens = Flow(issuer).tokens("cat", scope="staff ops")
    put_user(issuer, "cat", groups=["resource_owners", "staff"])
    after = good(refresh(issuer, tokens["refresh_token"]))
    assert after["scope"] == "staff"
    put_user(issuer, "cat", groups=["resource_owners", "staff", "ops"])


def test_a_grant_of_nothing_stays_one_of_nothing(issuer):
    """RFC 6749, 6: a group that the user comes into later was never granted."""
    put_user(issuer, "dan", groups=["resource_owners", "staff"])
    flow = Flow(issuer, "bounded")
    tokens = flow.tokens("dan")
    assert tokens["scope"] == ""
    put_user(issuer, "dan", groups=["resource_owners", "staff", "ops"])
    after = good(refresh(issuer, tokens["refresh_token"], "bounded"))
    assert after["scope"] == "" and claims_of(after["access_token"])["groups"] == []


# --- nodes with short times -----------------------------------------------------------------------

@pytest.fixture
def short(make_node, tmp_path):
    """A node of these settings, with the realms."""
    def make(**settings):
        file = tmp_path / "security.json"
        file.write_text(json.dumps(security()))
        return Issuer(make_node(settings={"security.config_file": str(file), **settings}).start())
    return make


def test_after_the_grace_a_used_token_ends_the_family_and_is_noted(short):
    """RFC 9700, 4.14.2."""
    issuer = short(**{"oauth2.refresh_token.grace": "1s"})
    first = Flow(issuer).tokens()
    second = good(refresh(issuer, first["refresh_token"]))
    time.sleep(2.1)
    dead(refresh(issuer, first["refresh_token"]))
    dead(refresh(issuer, second["refresh_token"]))
    notes = wait_until(lambda: [each for each in issuer.node.ask_admin("GET", "/audit").json()
                                if "reuse_detected" in json.dumps(each)], "the note of the theft")
    assert second["refresh_token"] not in json.dumps(notes)
    assert issuer.node.metric("postern_oauth_notes_total", action="token.reuse_detected") == 1


def test_a_family_ends_however_often_it_is_refreshed(short):
    """RFC 9700, 4.14.2: refreshing does not put off the end."""
    issuer = short(**{"oauth2.refresh_token.duration": "4s", "oauth2.refresh_token.idle": "4s"})
    started = time.monotonic()
    token = Flow(issuer).tokens()["refresh_token"]
    while time.monotonic() < started + 20:
        reply = refresh(issuer, token)
        if reply.status != 200:
            dead(reply)
            break
        token = reply.json()["refresh_token"]
        time.sleep(0.3)
    assert 3 < time.monotonic() - started < 20


def test_a_token_that_is_not_used_ends(short):
    issuer = short(**{"oauth2.refresh_token.idle": "2s"})
    used = Flow(issuer).tokens()["refresh_token"]
    left = Flow(issuer).tokens()["refresh_token"]
    end = time.monotonic() + 3.1
    while time.monotonic() < end:
        used = good(refresh(issuer, used))["refresh_token"]
        time.sleep(0.3)
    dead(refresh(issuer, left))
    good(refresh(issuer, used))


def test_a_code_ends_soon(short):
    """RFC 6749, 4.1.2."""
    issuer = short(**{"oauth2.code.duration": "1s"})
    flow = Flow(issuer)
    code = flow.code()
    time.sleep(2.1)
    dead(flow.redeem(code))


def test_tokens_and_logins_outlive_the_process(short):
    issuer = short()
    flow = Flow(issuer)
    tokens = flow.tokens()
    issuer.node.kill()
    issuer.node.restart()
    flow.browser.address = issuer.node.gateway
    good(refresh(issuer, tokens["refresh_token"]))
    assert flow.browser.get(flow.url()).location[1]["code"]
