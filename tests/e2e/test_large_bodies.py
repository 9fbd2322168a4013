"""Bodies that are read beside the workers: what they say counts as in small ones."""
import base64
import json
import socket

import pytest

COUNT = 4000


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


def realm_of(uri, **more):
    users = [{"username": f"user{i:05d}", "groups": [], "meta": {"text": "x" * 60}}
             for i in range(COUNT)]
    return {"uri": uri, "authmethods": ["anonymous", "password"], "users": users, **more}


def test_a_realm_with_many_users_is_made(node):
    realm = realm_of("com.large.good")
    assert len(json.dumps(realm)) > 400000
    answer = node.ask_admin("POST", "/realms", realm)
    assert answer.status == 201, answer.text
    page = node.ask_admin("GET", "/realms/com.large.good/users?limit=2&sort=-name")
    assert page.headers["x-total-count"] == str(COUNT)
    assert [user["username"] for user in page.json()] == ["user03999", "user03998"]
    assert page.json()[0]["meta"] == {"text": "x" * 60}
    assert node.ask_admin("DELETE", "/realms/com.large.good?force=true").status == 204


def test_a_mistake_has_its_place(node):
    text = json.dumps(realm_of("com.large.bad"), indent=1)
    answer = node.ask_admin("POST", "/realms", text[:-1] + "]")
    assert answer.status == 400, answer.text
    assert f"line {text.count(chr(10)) + 1}, column 1 " in answer.text
    assert node.ask_admin("GET", "/realms/com.large.bad").status == 404


def test_a_key_that_is_there_twice_is_refused(node):
    text = json.dumps(realm_of("com.large.twice"))
    answer = node.ask_admin("POST", "/realms", text[:-1] + ', "uri": "com.large.other"}')
    assert answer.status == 400, answer.text
    assert node.ask_admin("GET", "/realms/com.large.other").status == 404


def test_what_is_refused_leaves_its_row_in_the_audit(node):
    answer = node.ask_admin("POST", "/realms", realm_of("com.large.unknown", nonsense=1))
    assert answer.status == 400, answer.text
    row = node.ask_admin("GET", "/audit?action=bondy.realm.create&limit=1").json()[0]
    assert row["outcome"] == "refused" and row["target"] == "com.large.unknown"


def test_who_hangs_up_meanwhile_is_survived(node):
    host, port = node.admin.rsplit(":", 1)
    body = json.dumps(realm_of("com.large.gone")).encode()
    who = base64.b64encode(f"admin:{node.password}".encode()).decode()
    head = (f"POST /realms HTTP/1.1\r\nHost: {node.admin}\r\nAuthorization: Basic {who}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    for _ in range(10):
        with socket.create_connection((host, int(port))) as sock:
            sock.sendall(head + body)
    assert node.ask_admin("GET", "/realms").status == 200
