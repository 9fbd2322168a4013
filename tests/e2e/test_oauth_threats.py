"""What is tried against the OAuth2 endpoints beyond single parameters: time, and who is asked."""
import http.client
import time
from urllib.parse import urlencode

from support.oauth import REALM, SECRET, basic, send
from support.patience import PATIENCE


def begin(issuer, form, user):
    """A POST whose body lacks its last byte; and that byte."""
    host, port = issuer.node.gateway.rsplit(":", 1)
    body = urlencode(form).encode()
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    connection.putrequest("POST", issuer.path("token"))
    connection.putheader("Content-Type", "application/x-www-form-urlencoded")
    connection.putheader("Authorization", basic(user, SECRET))
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:-1])
    return connection, body[-1:]


def test_who_dribbles_his_request_is_judged_by_what_is_so_at_its_end(issuer):
    """A client that is taken away while its body is on its way gets nothing."""
    form = {"grant_type": "client_credentials"}
    assert issuer.token(form, "guessed").status == 200
    connection, rest = begin(issuer, form, "guessed")
    try:
        time.sleep(0.3)  # the head is read, and the realm found
        reply = issuer.node.ask_admin("DELETE", f"/realms/{REALM}/users/guessed/enabled")
        assert reply.status < 300, reply.body
        connection.send(rest)
        answer = connection.getresponse()
        assert answer.status == 401, answer.read()
    finally:
        connection.close()
        issuer.node.ask_admin("PUT", f"/realms/{REALM}/users/guessed/enabled")


def test_a_realm_is_found_however_its_uri_is_spelled_and_is_one(issuer):
    """Tokens of one realm, whatever the path's spelling: one issuer, one audience."""
    spelled = issuer.path("token").replace(REALM, REALM.replace(".", "%2E").upper())
    headers = [("Content-Type", "application/x-www-form-urlencoded"),
               ("Authorization", basic("machine", SECRET))]
    reply = send(issuer.node.gateway, "POST", spelled, b"grant_type=client_credentials", headers)
    assert reply.status in (200, 404), reply.body
    for odd in ("%00", "..", "%2e%2e", "com.example.login%00", "com.example.login%2F", "%zz"):
        path = f"/realms/{odd}/oauth/token"
        reply = send(issuer.node.gateway, "POST", path, b"grant_type=client_credentials", headers)
        assert reply.status in (400, 404), (odd, reply.status, reply.body)
