"""The web console's side of the admin listener: raw requests, and somebody who is logged in."""
import json
import socket
from dataclasses import dataclass

from .admin import Asker
from .node import ask
from .patience import PATIENCE

COOKIE = "__Host-postern"
SCRIPT = {"X-Postern-CSRF": "1"}
SECURE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = ["default-src 'none'", "script-src 'self'", "img-src 'self' data:", "connect-src 'self'",
          "font-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]


def is_secure(answer):
    """Every header that the console's answers have; the policy of styles is returned."""
    assert {name: answer.headers.get(name) for name in SECURE} == SECURE
    policy = answer.headers["content-security-policy"].split("; ")
    styles, = [one for one in policy if one.startswith("style-src ")]
    assert sorted(policy) == sorted(POLICY + [styles])
    return styles


def raw(address, text):
    """What comes back for these bytes, until the node closes."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(text.encode())
        came = b""
        while piece := connection.recv(65536):
            came += piece
    return came


def log_in(node, username="admin", password=None, headers=None, body=None):
    """The answer to a login."""
    told = {"username": username, "password": password or node.password}
    return ask(node.admin, "POST", "/session", body if body is not None else json.dumps(told),
               {"Content-Type": "application/json", **(headers or {})})


def cookie_of(answer):
    """The value that a browser would send back."""
    name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
    assert name == COOKIE
    return value


@dataclass
class Browser:
    """Somebody with a cookie, which he keeps as it is; `fresh` is what an answer has set."""
    node: object
    cookie: str
    fresh: str = None

    @classmethod
    def logged_in(cls, node, username="admin", password=None):
        answer = log_in(node, username, password)
        assert answer.status == 200, answer.text
        return cls(node, cookie_of(answer))

    def ask(self, method, path, body=None, headers=None, script=True, at=None):
        sent = {"Cookie": f"{COOKIE}={self.cookie}", **(SCRIPT if script else {}),
                **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        answer = ask(at or self.node.admin, method, path, body, sent)
        self.fresh = cookie_of(answer) if "set-cookie" in answer.headers else None
        return answer

    def status(self, path="/realms"):
        return self.ask("GET", path).status

    def asker(self):
        return Asker(self.node.admin, more={"Cookie": f"{COOKIE}={self.cookie}", **SCRIPT})
