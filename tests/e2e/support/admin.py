"""Every operation of specs/admin.json with sample arguments, and realms in which they succeed.

An operation of the specification without a row in SAMPLES is a KeyError: whoever adds a path says
here what a good request for it looks like, and the generated tests ask it.
"""
import base64
import collections
import copy
import http.client
import json
import re
import shutil
import sqlite3
import tempfile
from urllib.parse import quote

from .node import Answer
from .patience import PATIENCE
from .places import ROOT
from .specs import static_spec
from .wampraw import AUTHENTICATE, CALL, CHALLENGE, HELLO, REGISTER, RESULT, WELCOME, RawSocket

MASTER = "com.leapsight.bondy"
METHODS = ("get", "put", "post", "patch", "delete")
PASSWORD = "the word of ann"
HASH_OPTIONS = {"protocol": "cra", "params": {"iterations": 4096}}  # few, so that logins are cheap

Operation = collections.namedtuple("Operation", "method path procedure binds")


def read_spec():
    """Operations of the specification, in its order."""
    spec = json.loads((ROOT / "specs" / "admin.json").read_text())
    version, = spec["versions"].values()
    found = []
    for path, item in version["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            told = item[method]
            if isinstance(told, str):
                told = spec["variables"][re.fullmatch(r"{{variables\.(\w+)}}", told).group(1)]
            found.append(Operation(method.upper(), path, told["action"]["procedure"],
                                   re.findall(r":(\w+)", path)))
    return found


OPERATIONS = read_spec()

# Bodies of good requests: {key: value}, of which those in `required` must be there, or any other
# value. `query` is what follows the path. `free` are keys whose text may be any text.
Sample = collections.namedtuple("Sample", "body required free query", defaults=(None, (), (), ""))
NOTHING = Sample()
GRANT = {"permissions": ["wamp.call"], "uri": "com.shop.", "match": "prefix", "roles": ["crew"]}
WORD = {"new_password": "another good word"}
ALL_OF_SPECS = Sample(body="SPEC", query="")


def realm_body(uri):
    return {"uri": uri, "description": "d", "authmethods": ["password"],
            "security_enabled": True, "allow_connections": True, "is_prototype": False,
            "groups": [{"name": "g"}], "users": [{"username": "una", "groups": ["g"]}],
            "sources": [{"usernames": ["una"], "authmethod": "password", "cidr": "10.0.0.0/8"}],
            "grants": [{"permissions": ["wamp.call"], "uri": "com.", "match": "prefix",
                        "roles": ["g"]}], "info": {"a": 1}}


SAMPLES = {
    "GET /api_specs": NOTHING,
    "POST /api_specs": ALL_OF_SPECS,
    "POST /services/load_api_spec": ALL_OF_SPECS,
    "GET /api_specs/:id": NOTHING,
    "DELETE /api_specs/:id": NOTHING,
    "GET /api_specs/:id/info": NOTHING,
    "GET /api_specs/:id/versions": NOTHING,
    "POST /api_specs/:id/rollback": Sample({"version": 1}, ["version"]),
    "GET /realms": NOTHING,
    "POST /realms": Sample(realm_body("NEW"), ["uri"], ["description"]),
    "GET /realms/:realm_uri": NOTHING,
    "PUT /realms/:realm_uri": Sample(
        {k: v for k, v in realm_body("").items() if k != "uri"}, [], ["description"]),
    "DELETE /realms/:realm_uri": Sample(query="?force=true"),
    "GET /realms/:realm_uri/security_enabled": NOTHING,
    "PUT /realms/:realm_uri/security_enabled": NOTHING,
    "DELETE /realms/:realm_uri/security_enabled": NOTHING,
    "GET /realms/:realm_uri/users": NOTHING,
    "POST /realms/:realm_uri/users": Sample(
        {"username": "bob", "password": "a word of bob", "groups": ["crew"], "meta": {"a": 1},
         "enabled": True, "authorized_keys": ["00" * 31 + "01"]}, ["username"], ["password"]),
    "GET /realms/:realm_uri/users/:id": NOTHING,
    "PUT /realms/:realm_uri/users/:id": Sample(
        {"password": "a new word of ann", "groups": ["crew"], "meta": {"b": 2},
         "authorized_keys": []}, [], ["password"]),
    "DELETE /realms/:realm_uri/users/:id": NOTHING,
    "POST /realms/:realm_uri/users/:id/change_password": Sample(
        WORD, ["new_password"], ["new_password"]),
    "POST /realms/:realm_uri/services/change_password": Sample(
        {"username": "ann", **WORD}, ["username", "new_password"], ["new_password"]),
    "GET /realms/:realm_uri/users/:id/enabled": NOTHING,
    "PUT /realms/:realm_uri/users/:id/enabled": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/enabled": NOTHING,
    "POST /realms/:realm_uri/users/:id/aliases": Sample("annika"),
    "PUT /realms/:realm_uri/users/:id/aliases/:alias": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/aliases/:alias": NOTHING,
    "PUT /realms/:realm_uri/users/:id/groups/:group": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/groups/:group": NOTHING,
    "GET /realms/:realm_uri/users/:id/grants": NOTHING,
    "GET /realms/:realm_uri/users/:id/sources": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/sources": Sample(query="?cidr=10.0.0.0%2F8"),
    "GET /realms/:realm_uri/users/:id/api_keys": NOTHING,
    "POST /realms/:realm_uri/users/:id/api_keys": Sample(
        {"name": "ci", "expires_at": 4000000000}, [], ["name"]),
    "DELETE /realms/:realm_uri/users/:id/api_keys/:key_id": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/tickets": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/tickets/:ticket_id": NOTHING,
    "DELETE /realms/:realm_uri/users/:id/tokens": NOTHING,
    "GET /realms/:realm_uri/groups": NOTHING,
    "POST /realms/:realm_uri/groups": Sample(
        {"name": "band", "groups": ["crew"], "meta": {"a": 1}}, ["name"]),
    "GET /realms/:realm_uri/groups/:id": NOTHING,
    "PUT /realms/:realm_uri/groups/:id": Sample({"groups": ["staff"], "meta": {"a": 2}}),
    "DELETE /realms/:realm_uri/groups/:id": NOTHING,
    "GET /realms/:realm_uri/groups/:id/grants": NOTHING,
    "GET /realms/:realm_uri/grants": NOTHING,
    "POST /realms/:realm_uri/grants": Sample(GRANT, ["permissions", "uri", "roles"]),
    "PUT /realms/:realm_uri/grants": Sample(GRANT, ["permissions", "uri", "roles"]),
    "POST /realms/:realm_uri/grants/test": Sample(
        {"authid": "ann", "permission": "wamp.call", "resource": "com.shop.buy",
         "match": "exact"}, ["authid", "permission", "resource"]),
    "GET /realms/:realm_uri/sources": NOTHING,
    "POST /realms/:realm_uri/sources": Sample(
        {"usernames": ["ann"], "authmethod": "password", "cidr": "10.1.0.0/16",
         "meta": {"a": 1}}, ["usernames", "authmethod", "cidr"]),
    "GET /realms/:realm_uri/clients": NOTHING,
    "POST /realms/:realm_uri/clients": Sample(
        {"client_id": "new.app", "client_secret": "a secret of app", "groups": ["crew"],
         "meta": {"a": 1}}, [], ["client_secret"]),
    "GET /realms/:realm_uri/clients/:id": NOTHING,
    "PUT /realms/:realm_uri/clients/:id": Sample(
        {"client_secret": "a new secret of app", "groups": []}, [], ["client_secret"]),
    "DELETE /realms/:realm_uri/clients/:id": NOTHING,
    "POST /realms/:realm_uri/clients/:id/rotate_secret": Sample({"overlap_secs": 60}),
    "GET /realms/:realm_uri/resource_owners": NOTHING,
    "POST /realms/:realm_uri/resource_owners": Sample(
        {"username": "new.owner", "password": "a word of owner", "groups": ["crew"],
         "meta": {"a": 1}}, ["username"], ["password"]),
    "GET /realms/:realm_uri/resource_owners/:id": NOTHING,
    "PUT /realms/:realm_uri/resource_owners/:id": Sample(
        {"password": "a new word of owner", "groups": []}, [], ["password"]),
    "DELETE /realms/:realm_uri/resource_owners/:id": NOTHING,
    "POST /realms/:realm_uri/tickets/verify": Sample({"ticket": "TICKET"}, ["ticket"]),
    "GET /realms/:realm_uri/keys": NOTHING,
    "POST /realms/:realm_uri/keys/rotate": Sample({"algorithm": "ES256", "emergency": False}),
    "GET /realms/:realm_uri/sessions": NOTHING,
    "GET /realms/:realm_uri/sessions/:session_id": NOTHING,
    "DELETE /realms/:realm_uri/sessions/:session_id": NOTHING,
    "GET /realms/:realm_uri/registrations": NOTHING,
    "GET /realms/:realm_uri/registrations_summary": NOTHING,
    "GET /realms/:realm_uri/registrations/:id": NOTHING,
    "GET /realms/:realm_uri/registrations/:id/callees": NOTHING,
    "GET /realms/:realm_uri/callees": NOTHING,
    "GET /realms/:realm_uri/callees/:session_id": NOTHING,
    "GET /realms/:realm_uri/subscriptions": NOTHING,
    "GET /realms/:realm_uri/subscriptions_summary": NOTHING,
    "POST /services/call": Sample(
        {"procedure": "bondy.ping", "args": [], "kwargs": {}, "options": {}}, ["procedure"]),
    "GET /openapi.json": NOTHING,
    "GET /stats": NOTHING,
    "POST /try": Sample(
        {"method": "GET", "scheme": "http", "path": "/nothing?a=b", "host": "a.example",
         "headers": {"Accept": "*/*"}, "body": "b"}, ["path"], ["body"]),
    "GET /stats/stream": Sample(query="?count=1"),
    "GET /nodes": NOTHING,
    "GET /node": NOTHING,
    "GET /audit": NOTHING,
}


def story():
    """All operations in an order in which each finds what it needs. The session goes by itself,
    sooner or later, when its realm is no longer as it was."""
    rank = ["bondy.session.kill", "bondy.ticket.verify", "bondy.ticket.revoke",
            "bondy.ticket.revoke_all"]
    verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    def place(operation):
        if operation.procedure in rank:
            return (1, rank.index(operation.procedure))
        deep = operation.path.count("/") if operation.method == "DELETE" else 0
        return (0 if operation.method == "GET" else 2, verbs.index(operation.method), -deep)
    return sorted(OPERATIONS, key=place)


def key_of(operation):
    return f"{operation.method} {operation.path}"


def sample_of(operation):
    return SAMPLES[key_of(operation)]


def logged_in(node, realm, user, password):
    """A session of his."""
    wire = RawSocket(node.rawsocket)
    wire.send(HELLO, realm, {"roles": {"caller": {}}, "authid": user, "authmethods": ["password"]})
    assert wire.receive()[0] == CHALLENGE
    wire.send(AUTHENTICATE, password, {})
    assert wire.receive()[0] == WELCOME
    return wire


# ---- a realm in which every sample is good -------------------------------------------------------

class Place:
    """A realm with everything that the samples name, and somebody in it."""

    def __init__(self, node, uri):
        self.uri, self.spec = uri, f"com.example.{uri.split('.')[-1]}"
        self.node = node
        everybody = "0.0.0.0/0"
        self.ask("POST", "/realms", {
            "uri": uri, "authmethods": ["anonymous", "password"],
            "password_opts": HASH_OPTIONS,
            "groups": [{"name": "crew"}, {"name": "staff"}],
            "users": [{"username": "ann", "password": PASSWORD, "groups": ["crew"]}],
            "grants": [{"permissions": ["wamp.call", "wamp.register", "wamp.subscribe"], "uri": "",
                        "match": "prefix", "roles": ["crew"]},
                       {"permissions": ["bondy.issue"], "uri": "bondy.ticket.scope.",
                        "match": "prefix", "roles": ["crew"]},
                       {"permissions": ["wamp.register", "wamp.subscribe"], "uri": "com.work.",
                        "match": "prefix", "roles": ["anonymous"]}],
            "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": everybody},
                        {"usernames": ["ann"], "authmethod": "password", "cidr": everybody},
                        {"usernames": ["ann"], "authmethod": "password", "cidr": "10.0.0.0/8"}]})
        self.ask("PUT", f"/realms/{uri}/users/ann/aliases/annie")
        self.key_id = self.ask("POST", f"/realms/{uri}/users/ann/api_keys", {"name": "k"})["id"]
        self.ask("POST", f"/realms/{uri}/clients", {"client_id": "app"})
        self.ask("POST", f"/realms/{uri}/resource_owners", {"username": "owner"})
        self.ask("POST", "/api_specs", self.spec_body())
        self.worker = RawSocket(node.rawsocket).join(uri)
        self.registration = self.worker.ask(REGISTER, {}, "com.work.do")[2]
        self.ticket = self.issue()
        self.ticket_id = json.loads(base64.urlsafe_b64decode(
            self.ticket.split(".")[1] + "=="))["jti"]

    def ask(self, method, path, body=None):
        answer = self.node.ask_admin(method, path, body)
        assert answer.status in (200, 201, 204), (method, path, answer.text)
        return answer.json() if answer.body else None

    def spec_body(self):
        return {**static_spec(self.spec.split(".")[-1], 0, self.uri), "id": self.spec}

    def issue(self):
        with logged_in(self.node, self.uri, "ann", PASSWORD) as wire:
            told = wire.ask(CALL, {}, "bondy.ticket.issue")
            assert told[0] == RESULT, told
            return told[3][0]["ticket"]

    def close(self):
        self.worker.close()

    # What stands for a binding, by the part of the path in front of it.
    def binding(self, operation, name):
        before = operation.path.split(f":{name}")[0].rstrip("/").rsplit("/", 1)[-1]
        return str({
            ("realms", "realm_uri"): self.uri,
            ("api_specs", "id"): self.spec,
            ("users", "id"): "ann",
            ("groups", "id"): "crew",
            ("clients", "id"): "app",
            ("resource_owners", "id"): "owner",
            ("registrations", "id"): self.registration,
            ("aliases", "alias"): "anny" if operation.method == "PUT" else "annie",
            ("groups", "group"): "staff" if operation.method == "PUT" else "crew",
            ("api_keys", "key_id"): self.key_id,
            ("tickets", "ticket_id"): self.ticket_id,
            ("sessions", "session_id"): self.worker.session,
            ("callees", "session_id"): self.worker.session,
        }[before, name])

    def path(self, operation, query=None, **instead):
        """The path with its bindings, of which some may be others, already quoted."""
        path = operation.path
        for name in operation.binds:
            value = instead.get(name) or quote(self.binding(operation, name), safe="")
            path = re.sub(rf":{name}(?=/|$)", lambda _, v=value: v, path)
        return path + (sample_of(operation).query if query is None else query)

    def body(self, operation):
        body = copy.deepcopy(sample_of(operation).body)
        if body == "SPEC":
            body = self.spec_body()
            body["meta"] = {"by": operation.path}
        elif isinstance(body, dict) and body.get("uri") == "NEW":
            body["uri"] = f"{self.uri}.new"
        elif isinstance(body, dict) and "ticket" in body:
            body["ticket"] = self.ticket
        return body


# ---- asking --------------------------------------------------------------------------------------

class Asker:
    """One connection that is kept, with the same credentials in every request."""

    def __init__(self, address, authorization=None, more=None):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        self.headers = dict(more or {})
        if authorization:
            self.headers["Authorization"] = authorization

    def __call__(self, method, path, body=None, headers=None):
        sent = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is None and method in ("POST", "PUT", "PATCH"):
            body = b""
        try:
            self.connection.request(method, path, body=body, headers=sent)
            response = self.connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()  # a refused request may end the connection
            raise

    def close(self):
        self.connection.close()


def error_of(operation, answer):
    """The error's URI; None if it is no problem as RFC 9457 wants it, and no call that failed."""
    kind, told = answer.headers.get("content-type", ""), json.loads(answer.text or "null")
    if operation.procedure == "bondy.wamp.call" and kind.startswith("application/json"):
        return told["error_uri"]
    if kind != "application/problem+json" or told["status"] != answer.status:
        return None
    return told["request_id"] and told["title"] and told["code"]


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def api_key(node, realm, user):
    """A key of his, as a header."""
    answer = node.ask_admin("POST", f"/realms/{realm}/users/{user}/api_keys")
    assert answer.status == 200, answer.text
    return answer.json()["key"]


def dump(node):
    """Every record that is there, with version and value; not what only the audit has.

    The node keeps its database to itself, so a copy is read: the log first, since its pages are
    only ever moved into the other file.
    """
    with tempfile.TemporaryDirectory() as place:
        for name in ("postern.db-wal", "postern.db"):
            shutil.copy(node.home / "data" / name, place)
        db = sqlite3.connect(f"{place}/postern.db")
        try:
            records = db.execute("SELECT kind, realm, key, version, value FROM records"
                                 " JOIN versions USING (kind, realm, key, version)"
                                 " WHERE NOT records.deleted ORDER BY 1, 2, 3").fetchall()
            return records + db.execute("SELECT * FROM leases ORDER BY 1, 2").fetchall()
        finally:
            db.close()
