"""Benches of the gateway: HTTP -> Postern -> a callee, beside nginx as a reverse proxy."""
import counting
import idle
import measure
import sides
from machine import Failed
from report import figure, ratio_row, title

# Connections -> the most CPU a request, and the least throughput, as shares of nginx's.
BARS = {8: (0.80, 1.1), 64: (0.55, 1.6), 256: (0.45, 2.0)}
CONNECTIONS = 64
PARKED = 10000


def wrk(bench, side, connections, path, script=None):
    return lambda: measure.wrk(side, connections, bench.options.seconds, path, script)


def both(bench):
    postern, nginx = bench.postern(), bench.keep(sides.Nginx(bench.tools, bench.folder))
    body = sides.as_json(sides.ANSWER)
    for side in (postern, nginx):
        got = sides.get(side.port, sides.PATH)
        if got != body:
            raise Failed(f"{type(side).__name__} answers {got!r}")
    return postern, nginx


def http(bench):
    """HTTP -> gateway -> one back end -> HTTP, against nginx as a reverse proxy."""
    postern, nginx = both(bench)
    title(f"http: one worker, one back end, {len(sides.as_json(sides.ANSWER))} bytes of JSON")
    for connections, (cpu, rate) in BARS.items():
        got = measure.alternate(bench.options.rounds, {
            "postern": wrk(bench, postern, connections, sides.PATH),
            "nginx": wrk(bench, nginx, connections, sides.PATH)})
        bench.bars.rows_of({f"{connections:4} {name}": one for name, one in got.items()})
        one, other = got["postern"], got["nginx"]
        ratio_row(f"{connections:4} ratio", one, other)
        what = f"http, {connections} connections: "
        bench.bars.at_most(what + "gateway CPU a request / nginx's",
                           one["gateway_us"] / other["gateway_us"], cpu)
        bench.bars.at_least(what + "throughput / nginx's", one["rate"] / other["rate"], rate)


def paced(bench):
    """Requests due at a fixed rate, half of what nginx does at most: an open loop."""
    postern, nginx = both(bench)
    seconds = bench.options.seconds
    most = measure.alternate(bench.options.rounds, {
        "nginx": wrk(bench, nginx, CONNECTIONS, sides.PATH)})["nginx"]["rate"]
    title(f"open: {most / 2:,.0f} requests a second are due, half of nginx's maximum, "
          f"{CONNECTIONS} connections")
    got = measure.alternate(bench.options.rounds, {
        name: lambda side=side: measure.openload(side, bench.tools, CONNECTIONS, seconds,
                                                 sides.PATH, most / 2)
        for name, side in (("postern", postern), ("nginx", nginx))})
    bench.bars.rows_of(got)
    one, other = got["postern"], got["nginx"]
    ratio_row("ratio", one, other)
    bench.bars.at_most("open: p50 at half of nginx's maximum / nginx's",
                       one["p50_us"] / other["p50_us"], 1)


def routes(bench):
    """The price of many routes: each in turn, 10 or 10,000."""
    title("routes: each route in turn, 64 connections")
    measures = {}
    for count in (10, 10000):
        paths = sides.route_paths(count)
        side = bench.postern(f"routes{count}", paths)
        script = measure.wrk_script(bench.folder, paths)
        measures[f"{count:6} routes"] = wrk(bench, side, CONNECTIONS, f"/bench{paths[0]}/1", script)
    got = measure.alternate(bench.options.rounds, measures)
    bench.bars.rows_of(got)
    few, many = got.values()
    ratio_row("       ratio", many, few)
    bench.bars.at_most("routes: gateway CPU a request, 10,000 / 10 routes",
                       many["gateway_us"] / few["gateway_us"], 1.10)


def parked(bench):
    """Fast calls while many slow ones wait for their answers."""
    none, many = (bench.postern(name, ("/items", sides.SLOW)) for name in ("none", "parked"))
    many.start_callee(None, sides.PROCEDURE_SLOW)
    title(f"parked: {CONNECTIONS} connections, {PARKED:,} slow calls wait beside them, or none")
    conns = []
    try:
        conns += [idle.open_pending(many, sides.SLOW_PATH) for _ in range(PARKED)]
        got = measure.alternate(bench.options.rounds, {
            name: wrk(bench, side, CONNECTIONS, sides.PATH)
            for name, side in ((f"{PARKED:,} parked", many), ("none parked", none))})
        idle.still_pending(conns)
    finally:
        for conn in conns:
            conn.close()
    bench.bars.rows_of(got)
    one, other = got.values()
    ratio_row("ratio", one, other)
    bench.bars.at_most(f"parked: CPU of a fast call, {PARKED:,} slow ones pending / none",
                       one["gateway_us"] / other["gateway_us"], 1.10)


def syscalls(bench):
    """System calls of a request, counted by strace: a run whose other figures mean nothing."""
    title(f"syscalls: {CONNECTIONS} connections, strace -c -f", ())
    for name, side in zip(("postern", "nginx"), both(bench)):
        with counting.Syscalls(side.gateway, bench.folder) as counts:
            requests = measure.wrk(side, CONNECTIONS, bench.options.seconds, sides.PATH)["ops"]
        each = {call: count / requests for call, count in counts.items()}
        most = sorted(each, key=each.get, reverse=True)[:4]
        total = sum(each.values())
        figure(name, total, "a request", ", ".join(f"{call} {each[call]:.2f}" for call in most))
        if name == "postern":
            bench.bars.at_most("syscalls: a request at 64 connections", total, 2.6)


BENCHES = {"http": http, "open": paced, "routes": routes, "parked": parked, "syscalls": syscalls}
