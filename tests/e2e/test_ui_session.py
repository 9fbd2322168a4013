"""The session of the web console: how it begins, what it may, what it is nothing for, how it ends."""
import base64
import http.client
import json
import time
from urllib.parse import quote

import pytest

from support.admin import MASTER, OPERATIONS, Place, basic, error_of, key_of
from support.console import COOKIE, SCRIPT, Browser, cookie_of, is_secure, log_in
from support.node import Node, ask, pause
from support.patience import PATIENCE, wait_until
from support.specs import static_spec

HOME = "com.example.console"
WORD = "a word for the console"
ROLES = {"admin": None, "reader": WORD, "powerless": WORD}
READS = ["bondy..list", "bondy..get", "bondy.http_gateway.api.get"]
JSON = {"Content-Type": "application/json"}


def user(name, **more):
    return {"username": name, "password": WORD, "groups": [], **more}


def security():
    return [{"uri": MASTER,
             "groups": [{"name": "readers"}, {"name": "watchers", "groups": ["readers"]}],
             "users": [user("reader", groups=["watchers"]), user("powerless")],
             "grants": [{"permissions": ["wamp.call"], "uri": uri, "match": "wildcard",
                         "roles": ["readers"]} for uri in READS]}]


@pytest.fixture(scope="module", params=["mhd", "h1"])
def node(tmp_path_factory, request):
    home = tmp_path_factory.mktemp("session")
    file = home / "security.json"
    file.write_text(json.dumps(security()))
    settings = {"admin.front": request.param, "security.config_file": str(file)}
    with Node(home / "node", settings=settings) as running:
        yield running
        told = running.log_text()
        for secret in (WORD, running.password, "eyJ", "PRIVATE KEY"):
            assert secret not in told, secret


@pytest.fixture
def short(make_node):
    """Sessions of two seconds without a request, of five in all."""
    settings = {"admin.session_idle": "2s", "admin.session_max": "5s"}
    with make_node(settings=settings) as running:
        yield running


def add_user(node, name, **more):
    answer = node.ask_admin("POST", f"/realms/{MASTER}/users", user(name, **more))
    assert answer.status == 200, answer.text


def claims(cookie):
    part = cookie.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# ---- logging in ----------------------------------------------------------------------------------

def test_a_login_sets_one_cookie_that_scripts_and_other_sites_do_not_get(node):
    answer = log_in(node)
    assert answer.status == 200
    value, *attributes = answer.headers["set-cookie"].split("; ")
    assert value.startswith(f"{COOKIE}=")
    assert attributes == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
    assert len(answer.headers["set-cookie"]) < 4096
    assert answer.headers["cache-control"] == "no-store"
    is_secure(answer)


def test_a_login_says_who_came_in_and_for_how_long(node):
    before = time.time()
    told = log_in(node, "reader", WORD).json()
    assert told["username"] == "reader" and told["realm"] == MASTER
    assert sorted(told["groups"]) == ["readers", "watchers"]
    assert 1800 - 5 <= told["expires"] / 1000 - before <= 1800 + 60
    assert 12 * 3600 - 5 <= told["ends"] / 1000 - before <= 12 * 3600 + 60


def test_a_name_in_other_letters_is_the_same_user(node):
    assert log_in(node, "READER", WORD).json()["username"] == "reader"


@pytest.mark.parametrize("username,password", [("reader", "wrong"), ("nobody", WORD),
                                               ("reader", WORD + " "), ("r" * 254, WORD)])
def test_a_wrong_name_and_a_wrong_password_are_one_answer(make_node, username, password):
    with make_node() as node:
        answer = log_in(node, username, password)
        assert answer.status == 401
        told = answer.json()
        assert told["code"] == "wamp.error.authentication_failed"
        assert told["detail"] == "the name or the password is wrong"
        assert "set-cookie" not in answer.headers
        # Or the browser would ask by a window of its own.
        assert answer.headers["www-authenticate"] == f'Session realm="{MASTER}"'
        is_secure(answer)


def test_logins_that_fail_are_throttled_and_in_the_audit(make_node):
    with make_node() as node:
        add_user(node, "victim")
        answers = [log_in(node, "victim", "wrong") for _ in range(8)]
        assert [a.status for a in answers[:4]] == [401] * 4
        assert answers[-1].status == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert log_in(node, "victim", WORD).status == 429

        def rows():
            listed = node.ask_admin("GET", "/audit?action=login.failed&actor=victim").json()
            return sum(row["count"] for row in listed) >= 8 and listed
        row = wait_until(rows, "the audit's row")[0]
        assert row["realm"] == MASTER and row["authmethod"] == "password"
        assert row["outcome"] == "failed" and row["address"] == "127.0.0.1"


def test_who_is_throttled_may_go_on_with_a_session_that_he_has(make_node):
    with make_node() as node:
        add_user(node, "victim", groups=["bondy.administrators"])
        browser = Browser.logged_in(node, "victim", WORD)
        for _ in range(7):
            log_in(node, "victim", "wrong")
        assert log_in(node, "victim", WORD).status == 429
        assert browser.status() == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain",
                                  "multipart/form-data; boundary=x", "", "application/jsonp",
                                  "application/yaml"])
def test_a_login_is_json_and_nothing_that_a_form_can_send(node, kind):
    answer = log_in(node, headers={"Content-Type": kind, **SCRIPT})
    assert answer.status == 415 and "set-cookie" not in answer.headers
    assert answer.json()["code"] == "http.unsupported_media_type"
    is_secure(answer)


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_a_page_of_another_origin_can_neither_log_in_nor_ask(node, headers):
    for answer in (log_in(node, headers=headers),
                   Browser.logged_in(node).ask("GET", "/session", headers=headers)):
        assert answer.status == 403 and "set-cookie" not in answer.headers
        assert answer.json()["code"] == "http.cross_origin"


def test_a_page_of_this_origin_logs_in(node):
    for headers in ({"Origin": f"http://{node.admin}", "Sec-Fetch-Site": "same-origin"},
                    {"Content-Type": "application/json; charset=utf-8"}, SCRIPT):
        assert log_in(node, headers=headers).status == 200


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", "{}", '{"username": "admin"}', '{"username": "admin", "password": ""}',
    '{"username": "", "password": "x"}', '{"username": 1, "password": "x"}',
    '{"username": "admin", "password": ["x"]}', '{"username": "admin", "password": "a\\u0000b"}',
    '{"username": "admin", "username": "ann", "password": "x"}',
    json.dumps({"username": "x" * 255, "password": "x"})])
def test_what_is_no_login_is_refused_in_words(node, body):
    answer = log_in(node, body=body)
    assert answer.status == 400, answer.text
    assert answer.json()["code"] == "bondy.error.invalid_data"


def test_an_empty_password_is_not_taken_from_elsewhere(node):
    """A header that stands beside the body is not the login."""
    body = json.dumps({"username": "admin", "password": ""})
    answer = log_in(node, body=body, headers={"Authorization": basic("admin", node.password)})
    assert answer.status == 400 and "set-cookie" not in answer.headers


def test_a_login_is_short(node):
    answer = log_in(node, body=json.dumps({"username": "admin", "password": "x" * 5000}))
    assert answer.status == 413
    assert answer.json()["code"] == "http.body_too_large"


def test_other_methods_are_refused(node):
    for method in ("PUT", "PATCH", "OPTIONS"):
        answer = ask(node.admin, method, "/session", headers=SCRIPT)
        assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD, POST, DELETE"
        is_secure(answer)


def test_who_may_not_come_in_by_password_has_no_session(make_node):
    """It stands for a password: a source that lets nobody in by one ends it."""
    with make_node() as node:
        add_user(node, "ann", groups=["bondy.administrators"])
        browser = Browser.logged_in(node, "ann", WORD)
        assert browser.status() == 200
        sources = f"/realms/{MASTER}/sources"
        own = {"usernames": ["admin"], "authmethod": "password", "cidr": "0.0.0.0/0"}
        assert node.ask_admin("POST", sources, own).status in (200, 201)
        for source in node.ask_admin("GET", sources).json():
            if source["authmethod"] == "password" and source["username"] == "all":
                where = quote(source["cidr"], safe="")
                gone = node.ask_admin("DELETE", f"/realms/{MASTER}/users/all/sources"
                                                f"?authmethod=password&cidr={where}")
                assert gone.status == 204, gone.text
        assert browser.status() == 403
        assert log_in(node, "ann", WORD).status == 403
        assert node.ask_admin("GET", "/realms").status == 200


# ---- what it may ---------------------------------------------------------------------------------

def test_who_has_it_is_a_user_of_the_admin_api(node):
    browser = Browser.logged_in(node)
    uri = f"{HOME}.made.{node.admin.rsplit(':', 1)[1]}"
    assert browser.ask("GET", "/realms").status == 200
    assert browser.ask("POST", "/realms", {"uri": uri}, JSON).status == 201
    assert browser.ask("PUT", f"/realms/{uri}", {"description": "d"}, JSON).status == 200
    assert browser.ask("DELETE", f"/realms/{uri}").status == 204


def test_what_it_changes_is_in_the_audit_under_its_users_name(node):
    browser = Browser.logged_in(node)
    uri = f"{HOME}.audited.{node.admin.rsplit(':', 1)[1]}"
    assert browser.ask("POST", "/realms", {"uri": uri}, JSON).status == 201
    row, = [one for one in node.ask_admin("GET", "/audit?action=bondy.realm.create").json()
            if one["target"] == uri]
    assert row["actor"] == "admin" and row["authmethod"] == "password"
    assert browser.ask("DELETE", f"/realms/{uri}").status == 204


def test_who_am_i_is_the_same_for_every_way_to_say_it(node):
    told = log_in(node, "reader", WORD).json()
    by_cookie = Browser.logged_in(node, "reader", WORD).ask("GET", "/session").json()
    by_password = node.ask_admin("GET", "/session", user="reader", password=WORD).json()
    for name in ("username", "realm", "groups", "may"):
        assert told[name] == by_cookie[name] == by_password[name]
    assert by_password["expires"] is None and by_password["ends"] is None


@pytest.mark.parametrize("who", ROLES)
def test_what_is_told_that_he_may_is_what_he_may(tmp_path, who):
    """Every operation is asked, with a good request: refused are those that are not in the list."""
    file = tmp_path / "security.json"
    file.write_text(json.dumps(security()))
    with Node(tmp_path / "node", settings={"security.config_file": str(file)}) as node:
        place = Place(node, HOME)
        browser = Browser.logged_in(node, who, ROLES[who])
        may = browser.ask("GET", "/session").json()["may"]
        assert may == sorted(set(may))
        asker, refused, done = browser.asker(), set(), set()
        # What takes most away comes last, so that there is something to ask about.
        for operation in sorted(OPERATIONS, key=lambda one: (one.method == "DELETE",
                                                             -one.path.count("/"))):
            answer = asker(operation.method, place.path(operation), place.body(operation))
            assert answer.status != 401, (key_of(operation), answer.text)
            (refused if answer.status == 403 else done).add(operation.procedure)
            if answer.status == 403:
                assert error_of(operation, answer) == "wamp.error.not_authorized"
                assert "www-authenticate" not in answer.headers
        asker.close()
        place.close()
        procedures = {operation.procedure for operation in OPERATIONS}
        assert set(may) <= procedures
        assert refused == procedures - set(may)
        assert (len(may) == len(procedures)) == (who == "admin")
        assert (not may) == (who == "powerless")


def test_a_new_group_counts_at_once(make_node):
    with make_node() as node:
        add_user(node, "ann")
        browser = Browser.logged_in(node, "ann", WORD)
        assert browser.status() == 403
        assert browser.ask("GET", "/session").json()["may"] == []
        path = f"/realms/{MASTER}/users/ann/groups/bondy.administrators"
        assert node.ask_admin("PUT", path).status == 204
        assert browser.status() == 200
        assert browser.ask("GET", "/session").json()["groups"] == ["bondy.administrators"]
        assert node.ask_admin("DELETE", path).status == 204
        assert browser.status() == 403


# ---- what it is nothing for ----------------------------------------------------------------------

WRITES = [("POST", "/realms", {"uri": f"{HOME}.forged"}), ("DELETE", f"/realms/{HOME}.forged", None),
          ("PUT", f"/realms/{HOME}.forged", {}), ("DELETE", "/session", None)]


def forged(node, browser, headers, script):
    for method, path, body in WRITES:
        answer = browser.ask(method, path, body, headers, script=script)
        assert answer.status == 403, (method, path, answer.text)
        assert answer.json()["code"] in ("http.csrf", "http.cross_origin")
        assert "set-cookie" not in answer.headers
    assert node.ask_admin("GET", f"/realms/{HOME}.forged").status == 404
    assert browser.status() == 200


@pytest.mark.parametrize("headers", [
    {}, JSON, {"X-Postern-CSRF": "0"}, {"X-Postern-CSRF": ""}, {"X-Requested-With": "fetch"},
    {"Sec-Fetch-Site": "same-origin"}])
def test_a_write_without_the_header_is_refused(node, headers):
    forged(node, Browser.logged_in(node), headers, script=False)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain",
                                  "text/plain; charset=utf-8", "multipart/form-data; boundary=x",
                                  "Application/X-WWW-Form-Urlencoded"])
def test_a_write_that_a_form_can_send_is_refused_with_the_header_too(node, kind):
    forged(node, Browser.logged_in(node), {"Content-Type": kind}, script=False)
    forged(node, Browser.logged_in(node), {"Content-Type": kind}, script=True)


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"}])
def test_a_write_from_elsewhere_is_refused_with_the_header_too(node, headers):
    forged(node, Browser.logged_in(node), {**JSON, **headers}, script=True)


def test_a_write_of_the_console_itself_goes_through(node):
    browser = Browser.logged_in(node)
    own = {**JSON, "Origin": f"http://{node.admin}", "Sec-Fetch-Site": "same-origin"}
    uri = f"{HOME}.own.{node.admin.rsplit(':', 1)[1]}"
    assert browser.ask("POST", "/realms", {"uri": uri}, own).status == 201
    assert browser.ask("DELETE", f"/realms/{uri}", headers=own).status == 204


def test_other_credentials_ask_for_no_header(node):
    """No browser sends them by itself for a page of its own script."""
    answer = node.ask_admin("POST", "/realms", {})
    assert answer.status == 400, answer.text


def test_authorization_is_what_counts_where_both_are_shown(node):
    browser = Browser.logged_in(node)
    wrong = browser.ask("GET", "/realms", headers={"Authorization": basic("reader", "wrong")})
    assert wrong.status == 401
    his = browser.ask("GET", "/session", headers={"Authorization": basic("powerless", WORD)})
    assert his.json()["username"] == "powerless"
    assert browser.ask("GET", "/realms", headers={"X-API-Key": "pk_a_b"}).status == 401


def test_two_cookies_of_the_name_are_none(node):
    browser = Browser.logged_in(node)
    for twice in (f"{COOKIE}={browser.cookie}; {COOKIE}={browser.cookie}",
                  f"{COOKIE}=x; {COOKIE}={browser.cookie}"):
        assert ask(node.admin, "GET", "/realms", headers={"Cookie": twice}).status == 401


def test_it_is_found_among_others(node):
    browser = Browser.logged_in(node)
    for cookies in (f"a=b;{COOKIE}={browser.cookie}", f"{COOKIE}={browser.cookie} ; a=b; c"):
        assert ask(node.admin, "GET", "/realms", headers={"Cookie": cookies}).status == 200
    for cookies in (f"postern={browser.cookie}", f"x{COOKIE}={browser.cookie}", COOKIE,
                    f"{COOKIE.lower()}={browser.cookie}", f"{COOKIE}="):
        assert ask(node.admin, "GET", "/realms", headers={"Cookie": cookies}).status == 401


def test_what_is_no_session_opens_nothing(node):
    real = Browser.logged_in(node).cookie
    head, body, signature = real.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"session+jwt"}').decode().rstrip("=")
    for cookie in ("x", "a.b.c", real[:-2], f"{none}.{body}.", f"{head}.{body}.{signature[::-1]}",
                   "eyJ" * 3000):
        assert Browser(node, cookie).status() in (401, 431), cookie[:20]


def test_it_is_no_bearer_token(node):
    cookie = Browser.logged_in(node).cookie
    for address in (node.admin, node.gateway):
        answer = ask(address, "GET", "/realms" if address == node.admin else
                     f"/realms/{MASTER}/oauth/userinfo", headers={"Authorization": f"Bearer {cookie}"})
        assert answer.status == 401, answer.text


def test_the_public_listener_neither_takes_it_nor_shows_it_to_services(node):
    browser = Browser.logged_in(node)
    for path in (f"/realms/{MASTER}/oauth/userinfo", "/realms", "/session"):
        assert browser.ask("GET", path, at=node.gateway).status in (401, 404)


@pytest.mark.parametrize("seen", ["{{request.headers.cookie}}", "{{request.headers}}"])
def test_services_do_not_see_it(node, seen):
    """Browsers send the cookies of a host to all of its ports."""
    realm = f"{HOME}.seen"
    if node.ask_admin("GET", f"/realms/{realm}").status == 404:
        node.create_open_realm(realm)
    node.publish(static_spec("seen", seen, realm))
    shown = f"theme=dark;{COOKIE}=eyJsecret; {COOKIE}=eyJagain ;lang=en"
    answer = node.ask("GET", "/seen/static", headers={"Cookie": shown})
    assert answer.status == 200, answer.text
    assert "theme=dark; lang=en" in answer.text and "eyJ" not in answer.text


# ---- how it ends ---------------------------------------------------------------------------------

def test_logging_out_ends_it_at_once_for_every_cookie_of_it(node):
    browser = Browser.logged_in(node)
    assert browser.status() == 200
    answer = browser.ask("DELETE", "/session")
    assert answer.status == 204
    cleared = answer.headers["set-cookie"].split("; ")
    assert cleared[0] == f"{COOKIE}=" and "Max-Age=0" in cleared and "Secure" in cleared
    is_secure(answer)
    for _ in range(8):  # on every worker
        assert browser.status() == 401
    again = browser.ask("GET", "/session")
    assert again.status == 401 and again.headers["www-authenticate"].startswith("Session ")
    assert browser.ask("DELETE", "/session").status == 401
    is_secure(again)


def test_logging_out_of_one_leaves_others(node):
    one, other = Browser.logged_in(node), Browser.logged_in(node)
    assert one.ask("DELETE", "/session").status == 204
    assert one.status() == 401 and other.status() == 200


def test_a_session_that_has_ended_stays_ended_after_a_restart(make_node):
    with make_node() as node:
        ended, stays = Browser.logged_in(node), Browser.logged_in(node)
        assert ended.ask("DELETE", "/session").status == 204
        assert node.stop() == 0
        node.restart()
        assert ended.status() == 401 and stays.status() == 200


def test_a_script_is_not_told_of_basic_and_others_are(node):
    """Of which a browser would ask in a window of its own."""
    over = Browser(node, "x")
    assert over.ask("GET", "/realms").headers["www-authenticate"] == f'Session realm="{MASTER}"'
    plain = over.ask("GET", "/realms", script=False)
    assert plain.headers["www-authenticate"].startswith("Basic ")
    fetched = ask(node.admin, "GET", "/realms", headers={"Sec-Fetch-Mode": "cors"})
    assert fetched.headers["www-authenticate"] == f'Session realm="{MASTER}"'


@pytest.mark.parametrize("how", ["disabled", "deleted", "password", "changed"])
def test_it_ends_with_its_user_or_his_password(make_node, how):
    with make_node() as node:
        add_user(node, "ann", groups=["bondy.administrators"])
        browser = Browser.logged_in(node, "ann", WORD)
        assert browser.status() == 200
        path = f"/realms/{MASTER}/users/ann"
        answer = {
            "disabled": lambda: node.ask_admin("DELETE", f"{path}/enabled"),
            "deleted": lambda: node.ask_admin("DELETE", path),
            "password": lambda: node.ask_admin("POST", f"{path}/change_password",
                                               {"new_password": "another good word"}),
            "changed": lambda: node.ask_admin("PUT", path, {"password": "another good word"}),
        }[how]()
        assert answer.status in (200, 204), answer.text
        for _ in range(8):
            assert browser.status() == 401
        if how == "deleted":
            add_user(node, "ann", groups=["bondy.administrators"])
            assert browser.status() == 401
        if how in ("password", "changed"):
            assert Browser.logged_in(node, "ann", "another good word").status() == 200


def test_without_requests_it_ends_by_itself(short):
    browser = Browser.logged_in(short)
    told = browser.ask("GET", "/session").json()
    assert told["expires"] / 1000 <= time.time() + 2
    wait_until(lambda: browser.ask("GET", "/session").status == 401, "the end of the session")
    assert time.time() >= told["expires"] / 1000
    assert browser.status() == 401


def test_requests_prolong_it_when_half_of_it_is_over_and_never_beyond_its_end(short):
    browser = Browser.logged_in(short)
    first = claims(browser.cookie)
    assert first["exp"] - first["iat"] == 2
    seen, last = 0, first
    while True:
        answer = browser.ask("GET", "/realms")
        if answer.status == 401:
            break
        assert answer.status == 200
        if browser.fresh:
            fresh = claims(browser.fresh)
            assert fresh["jti"] == first["jti"] and fresh["auth_time"] == first["auth_time"]
            assert fresh["iat"] >= last["iat"] + 1 and fresh["exp"] > last["exp"]
            assert fresh["exp"] <= first["auth_time"] + 5
            browser.cookie, last, seen = browser.fresh, fresh, seen + 1
        pause(0.1)
    assert seen >= 1 and time.time() >= last["exp"]
    assert time.time() < first["auth_time"] + 5 + 30


def test_asking_who_one_is_does_not_prolong_it(short):
    browser = Browser.logged_in(short)

    def ends():
        answer = browser.ask("GET", "/session")
        assert browser.fresh is None
        return answer.status == 401
    wait_until(ends, "the end of the session")


def test_logging_out_ends_what_was_prolonged_too(make_node):
    with make_node(settings={"admin.session_idle": "4s", "admin.session_max": "1m"}) as node:
        browser = Browser.logged_in(node)

        def prolonged():
            assert browser.ask("GET", "/realms").status == 200
            return browser.fresh
        fresh = wait_until(prolonged, "another cookie")
        assert browser.ask("DELETE", "/session").status == 204
        assert Browser(node, fresh).status() == 401 and browser.status() == 401


def test_the_settings_have_bounds(tmp_path):
    from support.cli import postern
    for key, value in (("admin.session_idle", "0s"), ("admin.session_idle", "25h"),
                       ("admin.session_max", "25h"), ("admin.session_max", "500ms")):
        file = tmp_path / "postern.yaml"
        file.write_text(f"{key}: {value}\n")
        assert postern("check", str(file)).returncode == 3, (key, value)


def stream_of(browser, query=""):
    """GET /stats/stream as an EventSource asks for it: the response, whose events are read."""
    host, port = browser.node.admin.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    connection.request("GET", f"/stats/stream{query}",
                       headers={"Cookie": f"{COOKIE}={browser.cookie}",
                                "Accept": "text/event-stream"})
    return connection, connection.getresponse()


@pytest.mark.parametrize("how", ["logout", "disabled", "password", "right"])
def test_a_stream_of_numbers_ends_with_the_session_or_its_right(make_node, how):
    with make_node() as node:
        add_user(node, "ann", groups=["bondy.administrators"])
        browser = Browser.logged_in(node, "ann", WORD)
        connection, response = stream_of(browser)
        assert response.status == 200 and response.readline()
        path = f"/realms/{MASTER}/users/ann"
        answer = {
            "logout": lambda: browser.ask("DELETE", "/session"),
            "disabled": lambda: node.ask_admin("DELETE", f"{path}/enabled"),
            "password": lambda: node.ask_admin("PUT", path, {"password": "another good word"}),
            "right": lambda: node.ask_admin("PUT", path, {"groups": []}),
        }[how]()
        assert answer.status in (200, 204), answer.text
        done = time.monotonic()
        while response.readline():
            assert time.monotonic() - done < PATIENCE
        assert time.monotonic() - done < PATIENCE  # not only when its five minutes are over
        connection.close()


def test_a_stream_does_not_prolong_the_session(make_node):
    with make_node(settings={"admin.session_idle": "6s", "admin.session_max": "1m"}) as node:
        browser = Browser.logged_in(node)

        def look():
            connection, response = stream_of(browser, "?count=1")
            connection.close()
            assert response.getheader("set-cookie") is None
            return response.status

        def prolonged():
            assert look() == 200 and browser.ask("GET", "/stats").status == 200
            return browser.fresh
        wait_until(prolonged, "another cookie")
        look()


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/realms", 200), ("GET", "/realms/none", 404), ("GET", "/nowhere", 404),
    ("DELETE", "/realms", 405), ("OPTIONS", "/realms", 200), ("GET", "/metrics", 200),
    ("GET", "/realms/%zz", 400)])
def test_no_answer_of_the_api_is_a_page_or_kept(node, method, path, status):
    for answer in (Browser.logged_in(node).ask(method, path),
                   node.ask_admin(method, path, user=None)):
        assert answer.status in (status, 401), answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["x/x{}", "ftp://{}", "//{}", "http:{}", "http://", "null",
                                    "http://x@{}", "http://{}.", "http://{}/", "chrome://{}"])
def test_what_is_no_origin_is_not_ours(node, origin):
    said = {"Origin": origin.format(node.admin)}
    browser = Browser.logged_in(node)
    assert browser.ask("GET", "/realms", headers=said).status == 403
    assert log_in(node, headers=said).status == 403
