"""The files of the web console, by both fronts: of a program that has a small one, and of one that
has none."""
import gzip
import re

import pytest

from support.console import is_secure, raw
from support.node import Node, ask
from support.places import find_program

SCRIPT = "/ui/app-1f2e3d4c.js"
LARGE = "/ui/chunks/large-5b6a7988.js"
PAGE = "/ui/plain.html"
FOR_EVER = "public, max-age=31536000, immutable"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def program_with_console():
    """tests/CMakeLists.txt builds it of tests/e2e/console."""
    return find_program().parent / "tests" / "postern-with-console"


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


@pytest.fixture(scope="module")
def console(tmp_path_factory, front):
    if not program_with_console().is_file():
        pytest.skip("the tests' own program is not beside the one under test")
    with Node(tmp_path_factory.mktemp("console"), settings={"admin.front": front},
              program=program_with_console()) as running:
        yield running


def get(node, path, headers=None, method="GET"):
    return ask(node.admin, method, path, headers=headers)


def test_the_index_is_there_and_asked_about_each_time(console):
    answer = get(console, "/ui/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "a small console" in answer.text


def test_each_index_has_a_nonce_of_its_own_that_its_policy_names(console):
    nonces = set()
    for _ in range(3):
        answer = get(console, "/ui/")
        nonce, = re.findall(r'csp-nonce" content="([\w-]{22})"', answer.text)
        assert is_secure(answer) == f"style-src 'self' 'nonce-{nonce}'"
        assert "etag" not in answer.headers  # or an old page would meet a new policy
        nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize("path", ["/ui/apis", "/ui/apis/x", "/ui/realms/com.example.app/users/a.b",
                                  "/ui/realms/caf%C3%A9", "/ui//apis"])
def test_a_deep_link_is_the_index(console, path):
    answer = get(console, path)
    assert answer.status == 200 and "a small console" in answer.text
    is_secure(answer)


def test_a_deep_link_that_is_called_as_files_are_is_a_page_for_who_wants_one(console):
    assert get(console, "/ui/users/ann.js", BROWSER).status == 200
    assert get(console, "/ui/users/ann.js", {"Accept": "*/*"}).status == 404


@pytest.mark.parametrize("path", ["/ui/app-00000000.js", "/ui/chunks/none.js", "/ui/none.html",
                                  "/ui/app-1f2e3d4c.js.map", "/ui/apis/app-1f2e3d4c.js"])
def test_an_unknown_file_is_not_found(console, path):
    answer = get(console, path)
    assert answer.status == 404
    assert answer.json()["code"] == "http.not_found"
    is_secure(answer)


def test_a_file_of_a_changing_name_is_kept_for_ever_and_others_are_asked_about(console):
    assert get(console, SCRIPT).headers["cache-control"] == FOR_EVER
    assert get(console, LARGE).headers["cache-control"] == FOR_EVER
    assert get(console, PAGE).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", [SCRIPT, LARGE, PAGE])
def test_who_takes_gzip_gets_it_and_who_does_not_gets_the_same_bytes(console, path):
    zipped, plain = get(console, path, GZIP), get(console, path)
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(zipped.body) == plain.body != b""
    assert zipped.headers["content-type"] == plain.headers["content-type"]
    assert zipped.headers["etag"] != plain.headers["etag"]
    for answer in (zipped, plain):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert is_secure(answer) == "style-src 'self'"


@pytest.mark.parametrize("said,zipped", [
    ("gzip", True), ("GZIP", True), ("br, gzip;q=0.5", True), ("*", True), ("x-gzip", True),
    ("gzip;q=0", False), ("gzip; q=0.000, *", False), ("*;q=0", False), ("identity", False),
    ("br", False), ("", False), ("gzipped", False)])
def test_whether_gzip_is_taken_is_read_by_the_book(console, said, zipped):
    answer = get(console, SCRIPT, {"Accept-Encoding": said})
    assert answer.status == 200
    assert ("content-encoding" in answer.headers) == zipped


@pytest.mark.parametrize("path", [SCRIPT, PAGE])
@pytest.mark.parametrize("headers", [{}, GZIP])
def test_who_has_it_is_told_so(console, path, headers):
    first = get(console, path, headers)
    etag = first.headers["etag"]
    for said in (etag, f'"other", {etag}', f"W/{etag}"):
        again = get(console, path, {**headers, "If-None-Match": said})
        assert again.status == 304 and again.body == b""
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        is_secure(again)
    assert get(console, path, {**headers, "If-None-Match": '"other"'}).status == 200


def test_what_is_had_zipped_is_not_had_plain(console):
    etag = get(console, SCRIPT, GZIP).headers["etag"]
    assert get(console, SCRIPT, {"If-None-Match": etag}).status == 200


@pytest.mark.parametrize("path", ["/ui/", "/ui/apis/x", SCRIPT, LARGE, "/ui/none.js"])
def test_head_is_get_without_a_body(console, path):
    for headers in ({}, GZIP):
        got, head = get(console, path, headers), get(console, path, headers, "HEAD")
        assert head.status == got.status and head.body == b""
        for name in ("content-type", "content-length", "etag", "cache-control", "vary"):
            assert head.headers.get(name) == got.headers.get(name), name


def test_a_range_is_passed_over(console):
    whole = get(console, LARGE)
    part = get(console, LARGE, {"Range": "bytes=0-9"})
    assert part.status == 200 and part.body == whole.body and len(whole.body) == 300000
    assert part.headers["accept-ranges"] == "none"


@pytest.mark.parametrize("path", ["/ui/../ping", "/ui/%2e%2e/ping", "/ui/%2E./ping", "/ui/.",
                                  "/ui/..%2fping", "/ui/%2fetc/passwd", "/ui/a%5c..%5cb",
                                  "/ui/%00", "/ui/%zz", "/ui/apis/../../../etc/passwd"])
def test_a_path_that_leads_elsewhere_leads_nowhere(console, path):
    answer = raw(console.admin, f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert re.match(rb"HTTP/1.1 400 ", answer), answer
    assert b"a small console" not in answer


def test_the_files_are_read_and_nothing_else(console):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = get(console, "/ui/", method=method)
        assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"
        is_secure(answer)


def test_a_link_on_another_site_opens_the_console(console):
    """It is what is asked for from there that would be somebody else's wish."""
    away = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", **BROWSER}
    assert get(console, "/ui/apis/x", away).status == 200


def test_a_browser_is_sent_to_the_console_from_the_bare_address(console):
    for path, headers in (("/", BROWSER), ("/ui", {}), ("/ui", BROWSER)):
        answer = get(console, path, headers)
        assert answer.status == 302 and answer.headers["location"] == "/ui/"
        is_secure(answer)
    assert get(console, "/").status in (401, 404)  # the admin API's


def test_the_admin_api_is_where_it_was(console):
    assert console.ask_admin("GET", "/realms").status == 200
    assert get(console, "/ping").status == 204


def test_the_public_listener_has_no_console(console):
    for path in ("/ui/", SCRIPT, "/session"):
        assert ask(console.gateway, "GET", path).status == 404


def test_switched_off_there_is_none(make_node):
    with make_node(settings={"admin.ui": "false"}) as node:
        for path in ("/ui/", "/ui", SCRIPT, "/session", "/"):
            answer = node.ask_admin("GET", path, headers=BROWSER)
            assert answer.status == 404, path
            assert answer.headers["content-type"] == "application/problem+json", path
            # That of the API, which lets nothing run; not that of a page.
            assert "script-src" not in answer.headers["content-security-policy"], path
        assert node.ask_admin("POST", "/session", {"username": "admin"}).status == 404


def test_the_program_serves_its_console_or_says_how_to_make_one(make_node):
    with make_node() as node:
        answer = get(node, "/ui/", BROWSER)
        is_secure(answer)
        if answer.status == 404:
            assert "./dev ui" in answer.text
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        else:
            assert answer.status == 200 and "<!doctype html>" in answer.text.lower()
        assert node.ask_admin("GET", "/session").status == 200
