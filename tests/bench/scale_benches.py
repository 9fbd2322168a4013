"""Benches of size: many sessions, many subscribers of one topic, many events at once."""
import json
import statistics
import subprocess

import measure
import sides
from idle import settled_rss
from machine import (LOAD_CORE, Failed, Meter, kernel_kib, meminfo_kib, on_core, raise_open_files,
                     run_load)
from report import figure, title

PAYLOAD = 100
SUBSCRIBERS, PUBLICATIONS = 10000, 10
EVENTS = 100000
JOIN_RATE = 2000  # sessions a second, far below what a node can do
STEPS, WARM = 5, 1000
SESSION_KIB = 24  # more than one takes, of the node, of the kernel, of the load: to be safe
OTHER_FILES = 1000  # a node has open besides its sessions
SETTINGS = ("wamp.ping_interval=0", "log.level=error")
CLOSE = 1.25  # a step may take so much more than the slope says


class Crowd:
    """crowd.c: sessions that it opens, and what it tells."""

    def __init__(self, bench, url):
        self.child = subprocess.Popen([f"{bench.tools}/crowd", url, sides.REALM],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True,
                                      preexec_fn=on_core(LOAD_CORE))

    def ask(self, *words):
        try:
            self.child.stdin.write(" ".join(map(str, words)) + "\n")
            self.child.stdin.flush()
            return json.loads(self.child.stdout.readline())
        except (BrokenPipeError, ValueError) as lost:
            raise Failed(f"crowd: {words}: {self.child.stderr.read().strip()}") from lost

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait(60)
        self.child.stdout.close()
        self.child.stderr.close()


def spread_on(bench, side, url=None):
    """What one event of a publication to SUBSCRIBERS costs the router, all in all and in user
    space."""
    with Crowd(bench, url or side.url) as crowd:
        crowd.ask("open", SUBSCRIBERS, JOIN_RATE)
        crowd.ask("subscribe", measure.TOPIC)
        crowd.ask("publish", 2, PAYLOAD)
        meter, user = Meter(side.gateway), side.gateway.user_cpu()
        ops = sum(crowd.ask("publish", PUBLICATIONS, PAYLOAD)["ops"]
                  for _ in range(2 * bench.options.rounds))
        (spent,), foreign = meter.read()
        return {"us": spent / ops * 1e6, "user_us": (side.gateway.user_cpu() - user) / ops * 1e6,
                "foreign": foreign}


def spread(bench):
    """One publication to 10,000 subscribers."""
    title(f"spread: one publication to {SUBSCRIBERS:,} subscribers, {PAYLOAD} bytes; router CPU an "
          "event", ())
    got = {}
    for workers in (1, 2):
        side = bench.postern(f"spread{workers}", more=[*SETTINGS, f"node.workers={workers}"])
        got[f"RawSocket, {workers} worker{'s' * (workers > 1)}"] = spread_on(bench, side)
        if workers == 1:
            got["WebSocket-JSON, 1 worker"] = spread_on(bench, side, side.json_url)
        bench.stop_all()
    relay = bench.keep(sides.Relay(bench.tools, bench.folder, sides.as_msgpack("x"), "relay-many"))
    got["null relay"] = spread_on(bench, relay)
    for name, one in got.items():
        figure(name, one["us"], "us", f"of it {one['user_us']:.2f} in user space")
        bench.bars.foreign = max(bench.bars.foreign, one["foreign"])
        if name.startswith("Raw"):
            bench.bars.at_most(f"spread: router CPU in user space an event, {name}",
                               one["user_us"], 0.6, " us")
            bench.bars.at_most(f"spread: router CPU / null relay's, {name}",
                               one["us"] / got["null relay"]["us"], 1.6)


def slope(points):
    """Least squares through (sessions, KiB)."""
    middle = [statistics.mean(column) for column in zip(*points)]
    return (sum((x - middle[0]) * (y - middle[1]) for x, y in points) /
            sum((x - middle[0]) ** 2 for x, _ in points))


def room_for(wanted):
    """Sessions that memory and the limit of open files allow."""
    files = raise_open_files(wanted + OTHER_FILES)
    return min(wanted, files - OTHER_FILES, meminfo_kib()["MemAvailable"] // 2 // SESSION_KIB)


def crowd_of(bench, kind, url_of, bar, count):
    """Sessions that do nothing, step by step."""
    side = bench.postern("crowd-" + kind.lower(), more=[
        *SETTINGS, f"limits.connections={count + 100}", f"limits.sessions={count + 100}"])
    with Crowd(bench, url_of(side)) as crowd:
        crowd.ask("open", WARM, JOIN_RATE)
        points, kernel, joins = [], kernel_kib(), []
        for step in range(STEPS + 1):
            sessions = WARM + (count - WARM) * step // STEPS
            if step > 0:
                joins.append(crowd.ask("open", sessions, JOIN_RATE))
            points.append((sessions, settled_rss(side.gateway)))
        kernel = (kernel_kib() - kernel) / (count - WARM)
    each = slope(points)
    p50, p99 = (statistics.median(one[key] for one in joins) / 1e3 for key in ("p50_us", "p99_us"))
    steps = [(after[1] - before[1]) / (after[0] - before[0])
             for before, after in zip(points, points[1:])]
    figure(kind, each, "KiB", "by steps " + ", ".join(f"{one:.2f}" for one in steps))
    figure("  kernel, both ends", kernel, "KiB")
    figure("  from connect to WELCOME, p99", p99, "ms",
           f"p50 {p50:.2f}; {JOIN_RATE:,} a second are due")
    million = (points[0][1] + each * (1e6 - points[0][0])) / 2**20
    figure("  a million would take", million, "GiB")
    bench.bars.at_most(f"crowd: RSS of a {kind} session", each, bar, " KiB")
    bench.bars.at_most(f"crowd: largest step / slope, {kind}", max(steps) / each, CLOSE)
    bench.bars.at_most(f"crowd: p99 of joining, {kind}", p99, 5, " ms")
    bench.stop_all()


def crowd(bench):
    """As many idle sessions as there is room for."""
    count = room_for(bench.options.crowd)
    title(f"crowd: {count:,} idle sessions, of {bench.options.crowd:,} wanted; RSS of the node", ())
    crowd_of(bench, "RawSocket", lambda side: side.url, 2, count)
    crowd_of(bench, "WebSocket", lambda side: side.json_url, 8, count)


def burst(bench):
    """One publisher as fast as it can, one subscriber that reads."""
    title(f"burst: {EVENTS:,} events of {PAYLOAD} bytes to one subscriber, none lost, in order", ())
    for workers in (1, 2):
        side = bench.postern(f"burst{workers}", more=[f"node.workers={workers}"])
        for kind, url in (("RawSocket", side.url), ("WebSocket-JSON", side.json_url)):
            meter = Meter(side.gateway)
            told = json.loads(run_load([f"{bench.tools}/burst", url, sides.REALM, measure.TOPIC,
                                        str(EVENTS), str(PAYLOAD)], 60))
            (spent,), _foreign = meter.read()
            figure(f"{kind}, {workers} worker{'s' * (workers > 1)}",
                   told["ops"] / told["seconds"], "events/s",
                   f"{spent / told['ops'] * 1e6:.2f} us of router CPU each")
            bench.bars.at_least(f"burst: events of {EVENTS:,}, {kind}, {workers} workers",
                                told["ops"], EVENTS)
        bench.stop_all()


BENCHES = {"spread": spread, "crowd": crowd, "burst": burst}
