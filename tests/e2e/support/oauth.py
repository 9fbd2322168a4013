"""OAuth2 by hand: requests to the byte, a browser without script, and a realm to try them on."""
import base64
import hashlib
import html.parser
import http.client
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlencode, urljoin, urlsplit

from .patience import PATIENCE

REALM, OLD_REALM = "com.example.login", "com.example.old"
PASSWORD, SECRET = "the right password", "the right secret"
CALLBACK = "https://app.example.com/cb"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
FEW = {"protocol": "cra", "params": {"iterations": 4096}}


def client(name, kind, grants, **more):
    record = {"type": kind, "name": f"The {name}", "grant_types": grants}
    secret = {"password": SECRET} if kind == "confidential" else {}
    groups = ["api_clients", *more.pop("groups", [])]
    return {"username": name, "groups": groups, **secret, "client": {**record, **more}}


def realm(uri, users, **more):
    return {"uri": uri, "authmethods": ["password", "oauth2"], "password_opts": FEW,
            "groups": [{"name": "staff"}, {"name": "ops"}], "users": users,
            "sources": [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                        for method in ("password", "oauth2")], **more}


def security():
    """A realm with every kind of client, and one as Bondy's are: with the password grant."""
    browser = ["authorization_code", "refresh_token"]
    people = [{"username": name, "password": PASSWORD,
               "groups": ["resource_owners", "staff", "ops"]}
              for name in ("ann", "bob", "cat", "dan", "eve")]
    return [
        realm(REALM, people + [
            client("app", "public", browser, redirect_uris=[CALLBACK, "http://127.0.0.1/cb"],
                   post_logout_redirect_uris=["https://app.example.com/bye"]),
            client("house", "public", browser, redirect_uris=[CALLBACK], consent=False),
            client("web", "confidential", browser + ["client_credentials"], groups=["staff"],
                   redirect_uris=[CALLBACK], consent=False),
            client("other", "confidential", browser, redirect_uris=[CALLBACK], consent=False),
            client("narrow", "confidential", ["client_credentials"], groups=["staff", "ops"],
                   scopes=["staff"]),
            client("bounded", "public", browser, redirect_uris=[CALLBACK], consent=False,
                   scopes=["ops"]),
            client("telly", "public", [DEVICE_GRANT, "refresh_token"]),
            {"username": "machine", "password": SECRET, "groups": ["api_clients", "staff"]},
            {"username": "guessed", "password": SECRET, "groups": ["api_clients", "staff"]},
            {"username": "urn:app:1", "password": "p %+ä:&=", "groups": ["api_clients", "staff"]},
        ]),
        realm(OLD_REALM, people + [
            {"username": "machine", "password": SECRET, "groups": ["api_clients", "staff"]},
        ], info={"oauth2": {"password_grant": True}}),
    ]


# --- HTTP -----------------------------------------------------------------------------------------

@dataclass
class Reply:
    status: int
    headers: list  # pairs, names in lower case
    body: bytes

    def header(self, name):
        found = [value for key, value in self.headers if key == name]
        assert len(found) < 2, f"{name} twice: {found}"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json().get("error")

    @property
    def text(self):
        return self.body.decode()

    @property
    def location(self):
        """Where a redirect goes, without its query, and the parameters of that."""
        assert self.status == 303, (self.status, self.body)
        where, _, query = self.header("location").partition("?")
        values = parse_qs(query, keep_blank_values=True, strict_parsing=True)
        assert all(len(value) == 1 for value in values.values()), query
        return where, {name: value[0] for name, value in values.items()}


def send(address, method, path, body=None, headers=(), source="127.0.0.1"):
    """One request with exactly these headers, which may come twice, from an address of 127/8."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE,
                                            source_address=(source, 0))
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, [(k.lower(), v) for k, v in response.getheaders()],
                     response.read())
    finally:
        connection.close()


def basic(name, secret):
    """RFC 6749, 2.3.1: each half encoded as in a form."""
    pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
    return "Basic " + base64.b64encode(pair).decode()


FORM = "application/x-www-form-urlencoded"


@dataclass
class Issuer:
    node: object
    realm: str = REALM
    source: str = "127.0.0.1"

    @property
    def url(self):
        return f"http://{self.node.gateway}/realms/{self.realm}"

    def path(self, endpoint):
        return f"/realms/{self.realm}/oauth/{endpoint}"

    def post(self, endpoint, form, user=None, secret=SECRET, headers=(), kind=FORM, source=None):
        """A form: fields, or bytes as they are. JSON comes back, and is not to be kept."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        headers = [("Content-Type", kind), *headers]
        if user is not None:
            headers.append(("Authorization", basic(user, secret)))
        reply = send(self.node.gateway, "POST", self.path(endpoint), body, headers,
                     source or self.source)
        if reply.header("content-type") != "application/problem+json":
            assert reply.header("content-type") == "application/json", reply.headers
            assert reply.header("cache-control") == "no-store", reply.headers
        return reply

    def token(self, form, user=None, **rest):
        return self.post("token", form, user, **rest)

    def get(self, endpoint, query=(), headers=()):
        path = self.path(endpoint) + ("?" + urlencode(query) if query else "")
        return send(self.node.gateway, "GET", path, None, headers, self.source)

    def metadata(self):
        return send(self.node.gateway, "GET",
                    f"/realms/{self.realm}/.well-known/openid-configuration").json()

    def keys(self):
        return self.get("jwks").json()["keys"]


# --- a browser ------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """The form of a page, and what could run or be loaded."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.inputs, self.buttons = None, {}, [], []
        self.labels, self.tags, self.attributes, self.language = set(), set(), set(), None
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(given)
        if tag == "html":
            self.language = given.get("lang")
        elif tag == "form":
            assert given["method"] == "post"
            self.action = given["action"]
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given["value"]
        elif tag == "input":
            self.inputs.append(given)
        elif tag == "button":
            self.buttons.append((given.get("name"), given.get("value")))
        elif tag == "label":
            self.labels.add(given["for"])

    def handle_data(self, data):
        self.words += data


@dataclass
class Browser:
    """Keeps cookies and sends forms; follows no redirect by itself."""
    address: str
    source: str = "127.0.0.1"
    cookies: dict = field(default_factory=dict)
    url: str = ""
    reply: Reply = None

    def _send(self, method, url, body=None, headers=()):
        headers = list(headers)
        if self.cookies:
            headers.append(("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items())))
        split = urlsplit(url)
        path = split.path + ("?" + split.query if split.query else "")
        self.reply = send(self.address, method, path, body, headers, self.source)
        self.url = url
        for name, value in self.reply.headers:
            if name == "set-cookie":
                pair, *attributes = [part.strip() for part in value.split(";")]
                assert "HttpOnly" in attributes and "Path=/" in attributes, value
                key, _, text = pair.partition("=")
                self.cookies[key] = text
                if "Max-Age=0" in attributes:
                    del self.cookies[key]
        return self.reply

    def get(self, url):
        return self._send("GET", url)

    @property
    def page(self):
        assert self.reply.header("content-type") == "text/html; charset=utf-8", self.reply
        return Page(self.reply.text)

    def submit(self, headers=(), **filled):
        """The form of the page that is shown, with these fields filled in."""
        page = self.page
        body = urlencode({**page.fields, **filled}).encode()
        origin = "http://" + self.address
        return self._send("POST", urljoin(self.url, page.action), body,
                          headers or [("Content-Type", FORM), ("Origin", origin)])

    def visit(self, url, user="ann", password=PASSWORD, consent="allow"):
        """Logs in and consents where it is asked to; the reply that sends it elsewhere."""
        reply = self.get(url)
        if reply.status == 200 and "password" in [each["name"] for each in self.page.inputs]:
            reply = self.submit(username=user, password=password)
        if reply.status == 200 and ("consent", "allow") in self.page.buttons:
            reply = self.submit(consent=consent)
        return reply


# --- the code flow --------------------------------------------------------------------------------

def challenge_of(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Flow:
    """One walk through the code flow."""
    issuer: Issuer
    client: str = "house"
    redirect: str = CALLBACK
    browser: Browser = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    def __post_init__(self):
        self.browser = self.browser or Browser(self.issuer.node.gateway, self.issuer.source)

    def query(self, **changed):
        """The parameters; None leaves one out."""
        base = {"response_type": "code", "client_id": self.client, "state": self.state,
                "redirect_uri": self.redirect, "code_challenge_method": "S256",
                "code_challenge": challenge_of(self.verifier)}
        return {k: v for k, v in {**base, **changed}.items() if v is not None}

    def url(self, **changed):
        return f"{self.issuer.url}/oauth/authorize?{urlencode(self.query(**changed))}"

    def walk(self, user="ann", consent="allow", **changed):
        """Where the browser is sent, and with what."""
        return self.browser.visit(self.url(**changed), user, consent=consent).location

    def code(self, user="ann", **changed):
        where, answer = self.walk(user, **changed)
        assert where == self.redirect and answer["state"] == self.state
        assert answer["iss"] == self.issuer.url
        return answer["code"]

    def redemption(self, code, **changed):
        base = {"grant_type": "authorization_code", "code": code, "client_id": self.client,
                "redirect_uri": self.redirect, "code_verifier": self.verifier}
        return {k: v for k, v in {**base, **changed}.items() if v is not None}

    def redeem(self, code, user=None, **changed):
        return self.issuer.token(self.redemption(code, **changed), user)

    def tokens(self, user="ann", **changed):
        reply = self.redeem(self.code(user, **changed))
        assert reply.status == 200, reply.body
        return reply.json()


def refresh(issuer, token, client="house", **more):
    return issuer.token({"grant_type": "refresh_token", "refresh_token": token,
                         "client_id": client, **more})


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def fields_of(url):
    return dict(parse_qsl(urlsplit(url).query))
