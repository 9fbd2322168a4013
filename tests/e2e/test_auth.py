"""Logging in over WAMP: every method, by clients that are not ours where they know it."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
import ssl
import subprocess

import pytest
from nacl.signing import SigningKey

from support.node import Node, clean_environment
from support.patience import PATIENCE, wait_until
from support.places import E2E, find_program
from support.wampraw import (ABORT, AUTHENTICATE, CHALLENGE, HELLO, REGISTER, REGISTERED, WELCOME,
                             Closed, RawSocket, WebSocket, connect, read_exactly)
from test_listeners import free_port, make_certificate

REALM = "com.example.people"
PASSWORD = "the right password"
KEY = SigningKey(bytes(range(32)))
SEED = bytes(KEY).hex()
FAILED = "wamp.error.authentication_failed"
METHODS = ["password", "wampcra", "wamp-scram", "cryptosign", "tls", "trust"]
FEW = {"iterations": 4096}


def user(name, protocol="cra", **more):
    return {"username": name, "password": PASSWORD, "groups": ["staff"],
            "password_opts": {"protocol": protocol, "params": more.pop("params", FEW)}, **more}


SECURITY = [{
    "uri": REALM,
    "authmethods": METHODS,
    "password_opts": {"protocol": "cra", "params": FEW},
    "groups": [{"name": "staff"}],
    "users": [
        user("joe", authorized_keys=[KEY.verify_key.encode().hex()]),
        user("ann", "scram"),
        user("eve", "scram",
             params={"kdf": "argon2id13", "iterations": 1, "memory": 256}),
        user("off", enabled=False),
    ],
    "grants": [{"uri": "", "match": "prefix", "roles": ["staff"],
                "permissions": ["wamp.register", "wamp.call", "wamp.publish", "wamp.subscribe"]}],
    "sources": [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                for method in METHODS if method != "trust"],
}]


def run(*words):
    return subprocess.run(words, check=True, capture_output=True)


def client_certificate(where, name, authority, alternative):
    """Signed by `authority`, a pair of key and certificate."""
    key, request, certificate = (where / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
    extensions = where / f"{name}.ext"
    extensions.write_text(f"subjectAltName={alternative}\n")
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request))
    run("openssl", "x509", "-req", "-in", str(request), "-CA", str(authority[1]), "-CAkey",
        str(authority[0]), "-days", "2", "-extfile", str(extensions), "-out", str(certificate))
    return key, certificate


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("auth")
    security = home / "security.json"
    security.write_text(json.dumps(SECURITY))
    key, certificate = make_certificate(home, "server")
    authority = make_certificate(home, "authority", "Authority")
    port = free_port()
    settings = {"security.config_file": str(security),
                "rawsocket.tls.listen": f"127.0.0.1:{port}",
                "rawsocket.tls.certificate": str(certificate),
                "rawsocket.tls.key": str(key),
                "rawsocket.tls.client_ca": str(authority[1])}
    made = Node(home / "node", settings=settings)
    made.tls, made.certificate, made.authority = port, certificate, authority
    with made as running:
        yield running
        told = running.log_text()
        assert PASSWORD not in told and SEED not in told and "a guess" not in told


# --- clients that are not ours --------------------------------------------------------------------

CLIENTS = {
    "py": ["/usr/bin/python3", str(E2E / "support" / "auth_py.py")],
    "js": ["node", str(E2E / "support" / "auth_js.js")],
}
WAYS = [("py", "ws", "json"), ("py", "ws", "msgpack"), ("py", "ws", "cbor"),
        ("py", "raw", "msgpack"), ("js", "ws", "json"), ("js", "ws", "cbor"),
        ("js", "raw", "json")]


def login(node, way, method, authid, secret, realm=REALM):
    client, transport, serializer = way
    words = CLIENTS[client] + [node.url(transport), realm, serializer, method, authid, secret]
    done = subprocess.run(words, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
                          env=clean_environment(NODE_PATH=str(E2E / "node_modules"),
                                                PYTHONDONTWRITEBYTECODE="1"))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    return lines[0]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize("method", ["password", "wampcra", "cryptosign"])
def test_clients_of_others_log_in(node, way, method):
    secret = SEED if method == "cryptosign" else PASSWORD
    joined = login(node, way, method, "joe", secret)
    assert (joined["authid"], joined["authmethod"], joined["authrole"]) == \
        ("joe", method, "staff"), joined


@pytest.mark.parametrize("way", [("py", "ws", "json"), ("js", "ws", "json")], ids="-".join)
def test_clients_of_others_are_refused(node, way):
    wrong = bytes(32).hex()
    for number, (method, secret) in enumerate((("password", "a guess"), ("wampcra", "a guess"),
                                               ("cryptosign", wrong))):
        ended = login(node, way, method, f"stranger{number}", secret)
        assert ended["reason"] == FAILED, ended


# --- ours -----------------------------------------------------------------------------------------

def postern(*words, **environment):
    return subprocess.run([str(find_program()), *words], capture_output=True, text=True,
                          timeout=2 * PATIENCE, check=False,
                          env=clean_environment(**environment))


@pytest.mark.parametrize("transport", ["tcp", "ws"])
@pytest.mark.parametrize("authid,methods", [
    ("joe", "password"), ("joe", "wampcra"), ("ann", "wamp-scram"), ("eve", "wamp-scram"),
    ("ann", "wampcra,wamp-scram"), ("joe", None), ("joe", "cryptosign")])
def test_the_command_line_logs_in(node, tmp_path, transport, authid, methods):
    url = f"tcp://{node.rawsocket}" if transport == "tcp" else f"ws://{node.gateway}/ws"
    words = ["publish", "com.example.topic", "--realm", REALM, "--ack", "--url", url, "--authid",
             authid]
    if methods:
        words += ["--authmethod", methods]
    if methods == "cryptosign":
        key = tmp_path / "key"
        key.write_text(SEED + "\n")
        words += ["--key", str(key)]
    done = postern(*words, POSTERN_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr


def test_the_command_line_says_why_it_is_refused(node):
    words = ["publish", "com.example.topic", "--realm", REALM, "--ack",
             "--url", f"tcp://{node.rawsocket}", "--authid", "jim"]
    done = postern(*words, POSTERN_PASSWORD="a guess")
    assert done.returncode == 4 and FAILED in done.stderr, done.stderr
    done = postern(*words)
    assert done.returncode == 64 and "POSTERN_PASSWORD is not set" in done.stderr
    done = postern(*words, "--authmethod", "magic", POSTERN_PASSWORD="x")
    assert done.returncode == 64 and "magic is not supported" in done.stderr


# --- by hand --------------------------------------------------------------------------------------

def hello(wire, methods, authid, extra=None):
    wire.send(HELLO, REALM, {"roles": {"callee": {}, "caller": {}}, "authmethods": methods,
                             "authid": authid, "authextra": extra or {}})
    return wire.receive()


def scram_answer(authid, nonce, extra, password, binding=b"n,,"):
    """The client's half, from the specification and nothing of ours: signature, server's proof."""
    salt = base64.b64decode(extra["salt"])
    assert extra["kdf"] == "pbkdf2"
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, extra["iterations"])
    text = (f"n={authid},r={nonce},r={extra['nonce']},s={extra['salt']},i={extra['iterations']},"
            f"c={base64.b64encode(binding).decode()},r={extra['nonce']}").encode()

    def mac(key, words):
        return hmac.new(key, words, "sha256").digest()

    client_key = mac(salted, b"Client Key")
    signature = mac(hashlib.sha256(client_key).digest(), text)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    server = mac(mac(salted, b"Server Key"), text)
    return base64.b64encode(proof).decode(), "v=" + base64.b64encode(server).decode()


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_scram_as_the_specification_has_it(node, serializer):
    nonce = base64.b64encode(os.urandom(16)).decode()
    with WebSocket(node.gateway, serializer) as wire:
        challenge = hello(wire, ["wamp-scram"], "ann", {"nonce": nonce, "channel_binding": None})
        assert challenge[:2] == [CHALLENGE, "wamp-scram"], challenge
        assert challenge[2]["nonce"].startswith(nonce)
        signature, verifier = scram_answer("ann", nonce, challenge[2], PASSWORD)
        wire.send(AUTHENTICATE, signature, {"nonce": challenge[2]["nonce"],
                                            "channel_binding": None, "cbind_data": None})
        welcome = wire.receive()
        assert welcome[0] == WELCOME, welcome
        assert welcome[2]["authextra"]["verifier"] == verifier
        assert welcome[2]["authid"] == "ann" and welcome[2]["authprovider"]
        assert wire.ask(REGISTER, {}, "com.example.ann")[0] == REGISTERED


def test_a_name_that_does_not_exist_is_challenged_alike_after_a_restart(make_node, tmp_path):
    security = tmp_path / "security.json"
    security.write_text(json.dumps(SECURITY))
    node = make_node(settings={"security.config_file": str(security)}).start()

    def ask():
        with RawSocket(node.rawsocket, "json") as wire:
            return hello(wire, ["wampcra"], "ghost")[2]

    first, second = ask(), ask()
    assert first["salt"] == second["salt"] and first["challenge"] != second["challenge"]
    with RawSocket(node.rawsocket, "json") as wire:
        real = hello(wire, ["wampcra"], "joe")[2]
    assert real.keys() == first.keys() and real["iterations"] == first["iterations"]
    assert len(real["salt"]) == len(first["salt"])
    assert node.stop() == 0
    node.restart()
    assert ask()["salt"] == first["salt"]


def test_an_abort_tells_nothing_about_the_account(node):
    told = set()
    for authid in ("off", "nobody at all", "eve"):
        with RawSocket(node.rawsocket, "json") as wire:
            challenge = hello(wire, ["password"], authid)
            assert challenge == [CHALLENGE, "password", {}]
            wire.send(AUTHENTICATE, "a guess", {})
            told.add(json.dumps(wire.receive()))
            wire.expect_end()
    assert len(told) == 1 and FAILED in told.pop()


def test_words_out_of_turn_are_violations(node):
    for before, words in (([], [AUTHENTICATE, "x", {}]),
                          (["password"], [HELLO, REALM, {"roles": {"caller": {}}}]),
                          (["password"], [AUTHENTICATE, 7, {}]),
                          (["password"], [AUTHENTICATE, "x"]),
                          (["password"], [REGISTER, 1, {}, "com.x"])):
        with WebSocket(node.gateway) as wire:
            if before:
                assert hello(wire, before, "ann")[0] == CHALLENGE
            wire.send(*words)
            wire.expect_abort()


def test_a_second_authenticate_is_a_violation_and_ends_the_session(node):
    with RawSocket(node.rawsocket, "json") as wire:
        assert hello(wire, ["password"], "joe")[0] == CHALLENGE
        wire.send(AUTHENTICATE, PASSWORD, {})
        wire.send(AUTHENTICATE, PASSWORD, {})
        kinds = [wire.receive()[0]]
        if kinds[0] == WELCOME:
            kinds.append(wire.receive()[0])
        assert kinds[-1] == ABORT
        wire.expect_end()


def test_who_goes_while_his_password_is_looked_at_leaves_nothing_behind(node):
    for _ in range(20):
        wire = RawSocket(node.rawsocket, "json")
        assert hello(wire, ["password"], "joe")[0] == CHALLENGE
        wire.send(AUTHENTICATE, PASSWORD, {})
        wire.close()
    wait_until(lambda: node.metric("postern_wamp_sessions") == 0, "all sessions to be over")


def test_the_sixth_guess_is_not_looked_at(node):
    for _ in range(5):
        with RawSocket(node.rawsocket, "json") as wire:
            hello(wire, ["password"], "target")
            wire.send(AUTHENTICATE, "a guess", {})
            assert wire.receive()[2] == FAILED
    with RawSocket(node.rawsocket, "json") as wire:
        refused = hello(wire, ["password"], "target")
        assert refused[0] == ABORT and refused[2] == FAILED
        assert "try again later" in refused[1]["message"]
    assert node.metric("postern_wamp_logins_total", outcome="throttled") >= 1
    assert "too many have failed" in node.log_text()
    # Others from the same host are let in.
    assert login(node, ("py", "raw", "msgpack"), "wampcra", "joe", PASSWORD)["authid"] == "joe"


# --- client certificates --------------------------------------------------------------------------

class TlsRawSocket(RawSocket):
    """RawSocket over TLS, with the certificate of a client or none."""

    def __init__(self, node, pair=None):
        context = ssl.create_default_context(cafile=str(node.certificate))
        if pair:
            context.load_cert_chain(str(pair[1]), str(pair[0]))
        self.serializer, self.requests = "json", 0
        self.socket = context.wrap_socket(connect(f"127.0.0.1:{node.tls}"),
                                          server_hostname="localhost")
        self.socket.sendall(bytes([0x7F, 0xF1, 0, 0]))
        assert read_exactly(self.socket, 4)[0] == 0x7F


def test_a_certificate_is_who_it_names(node, tmp_path):
    for name, alternative in (("joe", "DNS:example.com"), ("somebody", "DNS:x.example,DNS:joe")):
        pair = client_certificate(tmp_path, name, node.authority, alternative)
        for authid in ("joe", ""):
            with TlsRawSocket(node, pair) as wire:
                welcome = hello(wire, ["tls"], authid)
                assert welcome[0] == WELCOME, welcome
                assert welcome[2]["authid"] == "joe" and welcome[2]["authmethod"] == "tls"


def test_a_certificate_is_nobody_else(node, tmp_path):
    pair = client_certificate(tmp_path, "mallory", node.authority, "DNS:mallory")
    with TlsRawSocket(node, pair) as wire:
        assert hello(wire, ["tls"], "joe")[2] == FAILED
    with TlsRawSocket(node) as wire:
        assert hello(wire, ["tls"], "joe")[2] == "wamp.error.not_auth_method"
    with RawSocket(node.rawsocket, "json") as wire:
        assert hello(wire, ["tls"], "joe")[2] == "wamp.error.not_auth_method"


def test_a_certificate_of_another_authority_does_not_get_in(node, tmp_path):
    other = make_certificate(tmp_path, "other", "Other")
    pair = client_certificate(tmp_path, "joe", other, "DNS:joe")
    with pytest.raises((ssl.SSLError, OSError, Closed)):
        with TlsRawSocket(node, pair) as wire:
            hello(wire, ["tls"], "joe")


def test_channel_binding_that_is_not_to_be_had_is_refused(node):
    nonce = base64.b64encode(os.urandom(16)).decode()
    for binding in ("tls-unique", "tls-exporter"):
        with RawSocket(node.rawsocket, "json") as wire:
            refused = hello(wire, ["wamp-scram"], "ann",
                            {"nonce": nonce, "channel_binding": binding})
            assert refused[0] == ABORT and refused[2] == "wamp.error.not_auth_method", refused
        with RawSocket(node.rawsocket, "json") as wire:
            challenge = hello(wire, ["cryptosign"], "joe",
                              {"pubkey": KEY.verify_key.encode().hex(),
                               "channel_binding": binding})
            assert challenge[2]["channel_binding"] is None


class Exporting:
    """A TLS connection by openssl, which tells what can be exported of it, as a socket."""

    def __init__(self, node):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{node.tls}", "-servername", "localhost",
             "-CAfile", str(node.certificate), "-tls1_3", "-nocommands",
             "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.got = b""
        self.skip_to(b"Keying material: ")
        self.channel = bytes.fromhex(self.recv_line())

    def recv_line(self):
        while b"\n" not in self.got:
            self.got += self.process.stdout.read(4096)
        line, self.got = self.got.split(b"\n", 1)
        return line.decode()

    def skip_to(self, mark):
        while mark not in self.got:
            more = self.process.stdout.read(4096)
            assert more, self.got
            self.got += more
        self.got = self.got.split(mark, 1)[1]

    def recv(self, size):
        if not self.got:
            self.got = self.process.stdout.read(size)
        out, self.got = self.got[:size], self.got[size:]
        return out

    def sendall(self, data):
        self.process.stdin.write(data)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class BoundRawSocket(RawSocket):
    def __init__(self, node):
        self.serializer, self.requests = "json", 0
        self.socket = Exporting(node)
        self.channel = self.socket.channel
        self.socket.sendall(bytes([0x7F, 0xF1, 0, 0]))
        self.socket.skip_to(b"\x7f\xf1\x00\x00")  # behind what openssl says of tickets


@pytest.mark.parametrize("own", [True, False], ids=["own", "another"])
def test_cryptosign_is_bound_to_its_connection(node, own):
    with BoundRawSocket(node) as wire:
        challenge = hello(wire, ["cryptosign"], "joe",
                          {"pubkey": KEY.verify_key.encode().hex(),
                           "channel_binding": "tls-exporter"})
        assert challenge[2]["channel_binding"] == "tls-exporter"
        channel = wire.channel if own else bytes(32)
        asked = bytes.fromhex(challenge[2]["challenge"])
        message = bytes(a ^ b for a, b in zip(asked, channel))
        wire.send(AUTHENTICATE, (KEY.sign(message).signature + message).hex(), {})
        answer = wire.receive()
        assert answer[0] == (WELCOME if own else ABORT), answer


@pytest.mark.parametrize("own", [True, False], ids=["own", "another"])
def test_scram_is_bound_to_its_connection(node, own):
    nonce = base64.b64encode(os.urandom(16)).decode()
    with BoundRawSocket(node) as wire:
        challenge = hello(wire, ["wamp-scram"], "ann",
                          {"nonce": nonce, "channel_binding": "tls-exporter"})
        assert challenge[0] == CHALLENGE, challenge
        channel = wire.channel if own else bytes(32)
        signature, verifier = scram_answer("ann", nonce, challenge[2], PASSWORD,
                                           b"p=tls-exporter,," + channel)
        wire.send(AUTHENTICATE, signature, {"nonce": challenge[2]["nonce"],
                                            "channel_binding": "tls-exporter",
                                            "cbind_data": base64.b64encode(channel).decode()})
        answer = wire.receive()
        assert answer[0] == (WELCOME if own else ABORT), answer
        assert not own or answer[2]["authextra"]["verifier"] == verifier


def test_a_record_of_bondys_is_renewed_at_the_next_login_by_password(make_node, tmp_path):
    security = tmp_path / "security.json"
    security.write_text(json.dumps(SECURITY))
    node = make_node(settings={"security.config_file": str(security)}).start()
    assert node.stop() == 0
    del node.settings["security.config_file"]
    salt = base64.b64encode(bytes(16)).decode()
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), 10000)
    record = {"version": "1.1", "protocol": "cra",
              "params": {"kdf": "pbkdf2", "iterations": 10000},
              "data": {"salt": salt, "salted_password": base64.b64encode(key).decode()}}
    with contextlib.closing(sqlite3.connect(node.home / "data" / "postern.db")) as database:
        value, = database.execute(
            "SELECT value FROM versions WHERE kind = 'user' AND key = 'joe'").fetchone()
        value = {**json.loads(value), "credential": json.dumps(record)}
        database.execute("UPDATE versions SET value = ? WHERE kind = 'user' AND key = 'joe'",
                         [json.dumps(value)])
        database.commit()
    node.restart()
    way = ("py", "raw", "msgpack")
    assert login(node, way, "wampcra", "joe", PASSWORD)["authid"] == "joe"
    assert login(node, way, "password", "joe", PASSWORD)["authid"] == "joe"
    wait_until(lambda: "the record of a password has been renewed" in node.log_text(),
               "the renewal")

    def challenge():
        with RawSocket(node.rawsocket, "json") as wire:
            return hello(wire, ["wampcra"], "joe")[2]

    wait_until(lambda: challenge()["iterations"] == 4096, "the new record to count")
    for method in ("wampcra", "password"):
        assert login(node, way, method, "joe", PASSWORD)["authid"] == "joe"
