"""Benches of tokens: issued and refreshed over HTTP, and verified in process."""
import base64
import json
import statistics
import urllib.error
import urllib.parse
import urllib.request

import measure
import sides
from machine import Failed, run_load
from report import figure, ratio_row, title

CONNECTIONS = 64
CLIENT, USER, SECRET = "machine", "ann", "bench-secret"
BASIC = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
TOKEN_PATH = f"/realms/{sides.REALM}/oauth/token"


def security():
    """The open realm of the other benches, with a client and a user in it."""
    realms = json.loads(sides.security())
    realms[0].update(
        authmethods=["anonymous", "password", "oauth2"],
        info={"oauth2": {"password_grant": True}},
        groups=[{"name": "staff"}],
        users=[{"username": CLIENT, "password": SECRET, "groups": ["api_clients", "staff"]},
               {"username": USER, "password": SECRET, "groups": ["resource_owners", "staff"]}])
    realms[0]["grants"][0]["roles"] = "all"
    realms[0]["sources"] += [{"usernames": "all", "authmethod": method, "cidr": "0.0.0.0/0"}
                             for method in ("password", "oauth2")]
    return sides.as_json(realms)


def start(bench, name):
    file = sides.write(bench.folder, "oauth-security.json", security())
    side = bench.keep(sides.Postern(
        bench.options.program, bench.tools, bench.folder, name,
        [f"security.config_file={file}", f"oauth2.refresh_token.limit={4 * CONNECTIONS}",
         *bench.options.set]))
    ask(side, grant_type="password", username=USER, password=SECRET)  # both are known from here on
    return side


def ask(side, **form):
    request = urllib.request.Request(
        f"http://127.0.0.1:{side.port}{TOKEN_PATH}", urllib.parse.urlencode(form).encode(),
        {"authorization": BASIC})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as refused:
        raise Failed(f"no token: {refused.code} "
                     f"{refused.read(2000).decode(errors='replace')}") from refused


def tokenload(bench, side, *user):
    argv = [f"{bench.tools}/tokenload", side.port, TOKEN_PATH, bench.options.seconds, CONNECTIONS,
            BASIC, *user]
    return measure.counted(side, argv, bench.options.seconds)


def issue(bench):
    side = start(bench, "oauth")
    title(f"oauth: tokens over HTTP, {CONNECTIONS} connections, SQLite with synchronous=FULL")
    got = measure.alternate(bench.options.rounds, {
        "client_credentials": lambda: tokenload(bench, side),
        "refresh_token": lambda: tokenload(bench, side, USER, SECRET)})
    bench.bars.rows_of(got)
    bench.bars.at_least("oauth: tokens a second by client_credentials",
                        got["client_credentials"]["rate"], 2000)
    bench.bars.at_least("oauth: refreshes a second", got["refresh_token"]["rate"], 1000)
    bench.stop_all()


def inside(bench, program):
    """Lines of JSON of a program that is linked to the modules; name -> figures."""
    seconds = bench.options.seconds / 2
    text = run_load([bench.linked(program), str(seconds)], 20 * bench.options.seconds)
    return {one["name"]: one for one in map(json.loads, text.splitlines())}


def verify(bench):
    title("oauth: tokens in process, ES256", ())
    rounds = [inside(bench, "bench_token") for _ in range(bench.options.rounds)]
    ns = {name: statistics.median(one[name]["ns"] for one in rounds) for name in rounds[0]}
    for name, value in ns.items():
        figure(name, value, "ns")
    bench.bars.at_most("oauth: verify, remembered", ns["verify, remembered"], 1000, " ns")
    bench.bars.at_most("oauth: verify / what OpenSSL alone takes",
                       ns["verify"] / ns["OpenSSL verifies"], 1.3)


def credentials(bench):
    title("oauth: credentials of an HTTP request that are known, in process", ())
    for name, one in inside(bench, "bench_credentials").items():
        figure(name, one["ns"], "ns", f"{one['allocations']} allocations")
        bench.bars.at_most(f"oauth: {name}, known", one["ns"], 1000, " ns")
        bench.bars.at_most(f"oauth: {name}, allocations", one["allocations"], 0)


def two_routes():
    """One that is open, and the same for who has an access token."""
    spec = json.loads(sides.spec(["/open", "/bearer"]))
    paths = spec["versions"]["1.0.0"]["paths"]
    paths["/bearer/:id"]["security"] = {"type": "oauth2", "flow": "client_credentials"}
    return sides.as_json(spec)


def route(bench):
    side = start(bench, "bearer")
    side.publish_spec(two_routes(), "a route for tokens")
    side.start_callee(sides.as_msgpack(sides.ANSWER))
    header = "Authorization: Bearer " + ask(side, grant_type="client_credentials")["access_token"]
    title(f"oauth: a route for who has an access token, {CONNECTIONS} connections")
    seconds = bench.options.seconds
    got = measure.alternate(bench.options.rounds, {
        "open": lambda: measure.wrk(side, CONNECTIONS, seconds, "/bench/open/1042"),
        "bearer": lambda: measure.wrk(side, CONNECTIONS, seconds, "/bench/bearer/1042",
                                      header=header)})
    bench.bars.rows_of(got)
    ratio_row("ratio", got["bearer"], got["open"])
    bench.bars.at_most("oauth: gateway CPU a request, with a token / open",
                       got["bearer"]["gateway_us"] / got["open"]["gateway_us"], 1.10)
    bench.stop_all()


def oauth(bench):
    """Tokens issued, refreshed and verified."""
    verify(bench)
    credentials(bench)
    issue(bench)
    route(bench)


BENCHES = {"oauth": oauth}
