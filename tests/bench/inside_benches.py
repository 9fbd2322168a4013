"""Benches of parts: memory of idle connections, the transcoder, the route match."""
import json

import idle
import sides
from machine import run_load
from report import figure, title

IDLE = (("HTTP connection", idle.open_http, 1), ("RawSocket session", idle.open_rawsocket, 1),
        ("WebSocket session", idle.open_websocket, 6))


def memory(bench):
    """Memory of connections that say nothing."""
    title(f"idle: {bench.options.idle:,} connections of each kind, RSS of the node", ())
    for kind, opener, bar in IDLE:
        side = bench.postern("idle-" + kind.split()[0].lower())
        kib = idle.kib_each(side, bench.options.idle, opener, sides.PATH)
        figure(kind, kib, "KiB")
        bench.bars.at_most(f"idle: RSS of a {kind}", kib, bar, " KiB")
        bench.stop_all()


def micro(bench, *args):
    """Lines of JSON, {"name", "ns"}, of tests/bench/micro.c."""
    seconds = bench.options.seconds
    text = run_load([bench.micro(), str(seconds), *args], 20 * seconds)
    return {one["name"]: one["ns"] for one in map(json.loads, text.splitlines())}


def transcode(bench):
    """One payload from each serializer to each other, and back."""
    body = sides.as_json([sides.ANSWER])
    title(f"transcode: {len(body)} bytes of JSON", ())
    for name, ns in micro(bench, "transcode", body.decode()).items():
        figure(name, ns, "ns")
        if "jansson" not in name:
            bench.bars.at_most(f"transcode: {name}", ns, 250, " ns")


def match(bench):
    """Which route a path finds, each of them in turn."""
    title("match: each route in turn", ())
    for count in (10, 10000):
        ns = micro(bench, "match", str(count))["match"]
        figure(f"{count:,} routes", ns, "ns")


def tables(bench):
    """Look-ups in a live realm's tables, and what an entry costs beyond its URI."""
    title("tables: 100,000 registrations, 1,000,000 subscriptions, patterns mixed", ())
    text = run_load([bench.tables(), *(("10000", "100000") if bench.options.quick else ())], 120)
    for one in map(json.loads, text.splitlines()):
        figure(f"{one['entries']:,} {one['table']}: look-up", one["ns"], "ns")
        figure(f"{one['entries']:,} {one['table']}: entry", one["bytes"], "B")
        bench.bars.at_most(f"tables: look-up, {one['table']}", one["ns"], 1000, " ns")
        if one["table"] == "subscriptions":
            bench.bars.at_most("tables: bytes of a subscription", one["bytes"], 200, " B")


def identity(bench):
    """Building a large realm's users and grants, and deciding by them."""
    title("identity: 100,000 users, 10,000 grants", ())
    text = run_load([bench.identity(), *(("10000", "1000") if bench.options.quick else ())], 120)
    bars = {"first build": 1000, "build after one changed user": 1,
            "decision, memoised": 100, "decision, cold": 2000}
    for one in map(json.loads, text.splitlines()):
        unit = "ms" if "ms" in one else "ns"
        figure(one["name"], one[unit], unit)
        for name, bar in bars.items():
            if one["name"].startswith(name):
                bench.bars.at_most(f"identity: {name}", one[unit], bar, f" {unit}")


def directory(bench):
    """How long one operation that looks at all users of a realm keeps other writes waiting."""
    title("directory: 100,000 users", ())
    text = run_load([bench.directory(), *(("10000",) if bench.options.quick else ())], 120)
    for one in map(json.loads, text.splitlines()):
        figure(f"{one['name']}, {one['records']:,} records written", one["ms"], "ms")


BENCHES = {"idle": memory, "transcode": transcode, "match": match, "tables": tables,
           "identity": identity, "directory": directory}
