"""Benches of two nodes with one PostgreSQL: how soon a change is in force on the other node, and what
a failure of the database takes.

PostgreSQL writes to its disk here (fsync is on), and runs where the kernel puts it.
"""
import base64
import http.client
import json
import os
import socket
import statistics
import struct
import sys
import threading
import time
import urllib.parse

import sides
from machine import GATEWAY_CORE, LOAD_CORE, Failed, run_load
from report import figure, title

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e")]
from support.patience import wait_until  # noqa: E402
from support.postgres import MISSING, Postgres, programs  # noqa: E402

CLIENT, USER, SECRET = "machine", "ann", "bench-secret"
BASIC = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
OAUTH = f"/realms/{sides.REALM}/oauth"
ISSUER = "http://bench.example.com"
STEP = 0.0002  # between two looks at the other node
LONGEST = 30.0
KINDS = ("spec", "user", "grant", "revocation")


def security():
    """A realm with a client, and with somebody who may do nothing."""
    return sides.as_json([{
        "uri": sides.REALM, "authmethods": ["anonymous", "password", "oauth2"],
        "password_opts": {"protocol": "cra", "params": {"iterations": 4096}},
        "groups": [{"name": "staff"}],
        "users": [{"username": CLIENT, "password": SECRET, "groups": ["api_clients"]},
                  {"username": USER, "password": SECRET}],
        "sources": [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                    for method in ("anonymous", "password", "oauth2")],
        "grants": [{"permissions": ["wamp.call"], "uri": "com.staff.", "match": "prefix",
                    "roles": ["staff"]},
                   {"permissions": ["wamp.call"], "uri": "com.open.", "match": "prefix",
                    "roles": ["anonymous"]}]}])


class Node(sides.Postern):
    """One of several that share a database."""

    def __init__(self, bench, name, url, core=GATEWAY_CORE, more=()):
        file = sides.write(bench.folder, f"{name}.json", security())
        super().__init__(bench.options.program, bench.tools, bench.folder, name,
                         [f"security.config_file={file}", f"store.url={url}", f"node.name={name}",
                          f"gateway.public_url={ISSUER}", *more, *bench.options.set], core=core)

    def start_again(self):
        self.lines = {}
        super().start_again()

    def _line(self, port):
        """A connection of the calling thread's own that stays open."""
        key = (threading.get_ident(), port)
        if key not in self.lines:
            self.lines[key] = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
            self.lines[key].connect()
            self.lines[key].sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.lines[key]

    def ask(self, port, method, path, body=None, headers=None):
        line = self._line(port)
        try:
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, OSError):
            line.close()
            self.lines.pop((threading.get_ident(), port))
            raise

    def administer(self, method, path, value=None):
        """The status."""
        pair = base64.b64encode(f"admin:{sides.PASSWORD}".encode()).decode()
        return self.ask(self.admin, method, path, None if value is None else sides.as_json(value),
                        {"Authorization": f"Basic {pair}", "Content-Type": "application/json"})[0]

    def write(self, method, path, value=None):
        status = self.administer(method, path, value)
        if status not in (200, 201, 202, 204):
            raise Failed(f"{method} {path}: {status}")

    def publish(self, answer):
        """The status."""
        return self.administer("POST", "/api_specs", static_spec(answer))

    def serves(self, answer):
        status, body = self.ask(self.port, "GET", "/shared/static")
        return status == 200 and json.loads(body) == answer

    def form(self, endpoint, **fields):
        status, body = self.ask(self.port, "POST", f"{OAUTH}/{endpoint}",
                                urllib.parse.urlencode(fields),
                                {"Authorization": BASIC,
                                 "Content-Type": "application/x-www-form-urlencoded"})
        if status != 200:
            raise Failed(f"{endpoint}: {status} {body[:200]}")
        return json.loads(body) if body else None


def static_spec(answer):
    return {"id": "com.example.shared", "name": "Shared", "host": "_", "realm_uri": sides.REALM,
            "versions": {"1": {"base_path": "/shared", "paths": {"/static": {"get": {
                "action": {"type": "static"},
                "response": {"on_result": {"body": answer}, "on_error": {}}}}}}}}


class Session:
    """A WAMP session over RawSocket with JSON that is logged in by its password."""

    def __init__(self, node):
        host, port = node.url.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)), LONGEST)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"\x7f\xf1\0\0")
        self._read(4)
        self._send(1, sides.REALM, {"roles": {"caller": {}}, "authid": USER,
                                    "authmethods": ["password"]})
        self._receive()
        self._send(5, SECRET, {})
        welcome = self._receive()
        if welcome[0] != 2:
            raise Failed(f"no login: {welcome}")
        self.calls = 0

    def _send(self, *message):
        text = sides.as_json(message)
        self.socket.sendall(struct.pack(">I", len(text)) + text)

    def _read(self, size):
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            if not more:
                raise Failed("the session has ended")
            got += more
        return got

    def _receive(self):
        return json.loads(self._read(struct.unpack(">I", self._read(4))[0] & 0xFFFFFF))

    def may(self, uri):
        self.calls += 1
        self._send(48, self.calls, {}, uri)
        error = self._receive()[4]
        return error != "wamp.error.not_authorized"


def delay_of(change, in_force):
    """Milliseconds from sending a change until it is seen on the other node."""
    failed = []

    def run():
        try:
            change()
        except Exception as problem:  # noqa: BLE001 whatever it is, the bench must end
            failed.append(problem)
    writer = threading.Thread(target=run)
    began = time.perf_counter()
    writer.start()
    while not in_force():
        if failed or time.perf_counter() - began > LONGEST:
            raise failed[0] if failed else Failed("a change has not arrived")
        time.sleep(STEP)
    took = (time.perf_counter() - began) * 1e3
    writer.join()
    if failed:
        raise failed[0]
    return took


class Delays:
    """The four kinds of change, made on one node and looked for on the other."""

    def __init__(self, here, there):
        self.here, self.there, self.session = here, there, Session(there)
        self.number, self.open = 0, {"user": False, "grant": False}
        here.publish(0)
        wait_until(lambda: there.serves(0), "the first specification")

    def spec(self):
        self.number += 1
        return delay_of(lambda: self.here.publish(self.number),
                        lambda: self.there.serves(self.number))

    def _toggle(self, name, uri, on, off):
        wanted = self.open[name] = not self.open[name]
        return delay_of(lambda: self.here.write(*(on if wanted else off)),
                        lambda: self.session.may(uri) == wanted)

    def user(self):
        path = f"/realms/{sides.REALM}/users/{USER}/groups/staff"
        return self._toggle("user", "com.staff.work", ("PUT", path), ("DELETE", path))

    def grant(self):
        path = f"/realms/{sides.REALM}/grants"
        grant = {"permissions": ["wamp.call"], "uri": "com.granted.", "match": "prefix",
                 "roles": [USER]}
        return self._toggle("grant", "com.granted.work", ("POST", path, grant),
                            ("PUT", path, grant))

    def revocation(self):
        token = self.here.form("token", grant_type="client_credentials")["access_token"]

        def opens():
            return self.there.ask(self.there.port, "GET", f"{OAUTH}/verify", None,
                                  {"Authorization": f"Bearer {token}"})[0] == 204
        if not opens():
            raise Failed("a new token does not count on the other node")
        return delay_of(lambda: self.here.form("revoke", token=token), lambda: not opens())


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def delays(bench, server, listen, rounds, bar):
    how = "LISTEN" if listen else "asking once a second"
    title(f"cluster: from sending a change until it is in force on the other node, {how}, "
          f"{rounds} of each", ())
    more = [f"store.listen={'true' if listen else 'false'}"]
    url = server.new_database("listening" if listen else "asking")
    here = bench.keep(Node(bench, "here", url, LOAD_CORE, more))
    there = bench.keep(Node(bench, "there", url, GATEWAY_CORE, more))
    measured = Delays(here, there)
    for kind in KINDS:
        took = [getattr(measured, kind)() for _ in range(rounds)]
        p50, p99 = statistics.median(took), percentile(took, 0.99)
        figure(kind, p50, "ms", f"p99 {p99:.2f}, longest {max(took):.2f}")
        bench.bars.at_most(f"cluster: {kind}, {how}, {'p50' if listen else 'longest'}",
                           p50 if listen else max(took), bar, " ms")
    bench.stop_all()


def loading(bench, server):
    title("cluster: 10,000 records of a kilobyte read from PostgreSQL", ())
    told = json.loads(run_load([bench.linked("bench_load"), server.new_database("loading"),
                                sides.new_folder(bench.folder, "load")], 60))
    took = statistics.median(told["ms"])
    figure("load", took, "ms", f"longest {max(told['ms']):.1f}")
    bench.bars.at_most("cluster: 10,000 records loaded", took, 100, " ms")


def until_written(node, number):
    """Tries until a change is taken; when it was, and the longest refusal, in seconds."""
    longest = 0.0
    end = time.perf_counter() + LONGEST
    while True:
        began = time.perf_counter()
        status = node.publish(number)
        now = time.perf_counter()
        if status in (200, 202):
            return now, longest
        if status != 503 or now > end:
            raise Failed(f"a change was refused: {status}")
        longest = max(longest, now - began)
        time.sleep(0.01)


def stopped(bench, server):
    """The database is stopped, or frozen, and comes back."""
    title("cluster: the database goes and comes back", ())
    node = bench.keep(Node(bench, "left", server.new_database("leaving")))
    node.publish(0)
    refusals, returns, frozen = [], [], []
    for round_number in range(1, bench.options.rounds + 1):
        server.stop()
        for _ in range(3):
            began = time.perf_counter()
            if node.publish(-1) != 503 or not node.serves(round_number - 1):
                raise Failed("a node without its database does not do as it should")
            refusals.append(time.perf_counter() - began)
        server.start()
        back = time.perf_counter()
        returns.append(until_written(node, round_number)[0] - back)
        server.freeze()
        began = time.perf_counter()
        if node.publish(-1) != 503:
            raise Failed("a database that does not answer has answered")
        frozen.append(time.perf_counter() - began)
        server.thaw()
        until_written(node, round_number)
    for name, values, bar in (("503 while it is stopped", refusals, 3),
                              ("503 while it does not answer", frozen, 3),
                              ("writing again after its start", returns, 2)):
        figure(name, statistics.median(values), "s", f"longest {max(values):.2f}")
        bench.bars.at_most(f"cluster: {name}, longest", max(values), bar, " s")
    bench.stop_all()


def promoted(bench):
    """The primary is killed and a standby promoted."""
    title("cluster: the primary is killed, a standby promoted", ())
    took = []
    for number in range(3):
        with Postgres(fsync=True) as primary, Postgres(primary, fsync=True) as standby:
            url = f"postgresql://postgres@/postgres?host={primary.dir},{standby.dir}"
            node = bench.keep(Node(bench, f"moved{number}", url))
            node.publish(1)
            primary.kill()
            results = []
            writer = threading.Thread(target=lambda r=results, n=node: r.append(
                until_written(n, 2)[0]))
            writer.start()
            time.sleep(1)
            standby.promote()
            done = time.perf_counter()
            writer.join()
            if not results:
                raise Failed("nothing can be written after the promotion")
            took.append(max(0.0, results[0] - done))
            bench.stop_all()
    figure("writing again after the promotion", statistics.median(took), "s",
           f"longest {max(took):.2f}")
    bench.bars.at_most("cluster: writing again after the promotion, longest", max(took), 0.5, " s")


def restarted(bench, server):
    """A node is started while the database is away."""
    title("cluster: a node is started again while the database is stopped", ())
    took = []
    node = bench.keep(Node(bench, "restarted", server.new_database("restarting")))
    for answer in range(3):
        until_written(node, answer)
        server.stop()
        node.gateway.stop()
        began = time.perf_counter()
        node.start_again()
        if not node.serves(answer):
            raise Failed("a node without its database does not serve what it knew")
        took.append(time.perf_counter() - began)
        server.start()
    figure("serving", statistics.median(took), "s", f"longest {max(took):.2f}")
    bench.bars.at_most("cluster: serving without the database, longest", max(took), 2, " s")
    bench.stop_all()


def cluster(bench):
    """Two nodes with one PostgreSQL."""
    if programs() is None:
        raise Failed(MISSING)
    quick = bench.options.quick
    with Postgres(fsync=True) as server:
        delays(bench, server, True, 50 if quick else 300, 20)
        delays(bench, server, False, 4 if quick else 20, 1200)
        loading(bench, server)
        stopped(bench, server)
        restarted(bench, server)
    promoted(bench)


BENCHES = {"cluster": cluster}
