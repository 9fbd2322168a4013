"""Benches of the router: WAMP -> Postern -> WAMP, beside a relay that forwards frames unread."""
import json
import statistics
import threading

import counting
import measure
import sides
from report import figure, ratio_row, title

CALLERS, WINDOW, PAYLOAD = 4, 16, 100
RECEIVERS, FANOUT_WINDOW = 8, 16
PACED_ROUNDS = 7
TEXT = "x" * PAYLOAD


def router(bench, name="router", more=(), prefix=()):
    side = bench.postern(name, answer=TEXT, more=more, prefix=prefix)
    side.start_callee(sides.as_json(TEXT), sides.PROCEDURE_JSON, side.json_url)
    return side


def relay(bench):
    return bench.keep(sides.Relay(bench.tools, bench.folder, sides.as_msgpack(TEXT)))


def others(bench):
    """Routers that the user runs, by name."""
    return {name: bench.keep(sides.Other(bench.tools, bench.folder, url, bench.options.realm, TEXT))
            for name, url in (word.split("=", 1) for word in bench.options.url)}


def beside_relay(bench, what, bars, measures):
    """`measures`: name -> function; the relay's is what the bars of the other names divide by."""
    got = measure.alternate(bench.options.rounds, measures)
    bench.bars.rows_of(got)
    for name, bar in bars.items():
        ratio_row(f"{name} / relay", got[name], got["null relay"])
        bench.bars.at_most(f"{what}, {name}: router CPU / null relay's",
                           got[name]["gateway_us"] / got["null relay"]["gateway_us"], bar)


def call(bench):
    """WAMP calls in a closed loop."""
    postern, floor, more = router(bench), relay(bench), others(bench)
    load = measure.Wamp(bench.tools, bench.options.seconds, PAYLOAD, CALLERS, WINDOW)
    title(f"call: {CALLERS} callers, window {WINDOW}, {PAYLOAD} bytes each way")
    beside_relay(bench, "call", {"RawSocket": 2.0, "WebSocket-JSON": 3.5}, {
        "RawSocket": lambda: load.call(postern),
        "WebSocket-JSON": lambda: load.call(postern, postern.json_url, sides.PROCEDURE_JSON),
        "null relay": lambda: load.call(floor),
        **{name: lambda side=side: load.call(side, realm=bench.options.realm)
           for name, side in more.items()}})


def fanout(bench):
    """One publisher, eight subscribers."""
    postern, floor, more = router(bench), relay(bench), others(bench)
    load = measure.Wamp(bench.tools, bench.options.seconds, PAYLOAD, RECEIVERS, FANOUT_WINDOW)
    title(f"fanout: 1 -> {RECEIVERS}, window {FANOUT_WINDOW}, {PAYLOAD} bytes; costs an event")
    beside_relay(bench, "fanout", {"RawSocket": 1.6, "WebSocket-JSON": 2.5}, {
        "RawSocket": lambda: load.fanout(postern),
        "WebSocket-JSON": lambda: load.fanout(postern, postern.json_url),
        "null relay": lambda: load.fanout(floor),
        **{name: lambda side=side: load.fanout(side, realm=bench.options.realm)
           for name, side in more.items()}})


def half(bench):
    """Calls due at a fixed rate, half of what Postern does at most: an open loop."""
    postern, floor, more = router(bench), relay(bench), others(bench)
    load = measure.Wamp(bench.tools, bench.options.seconds, PAYLOAD, CALLERS, WINDOW)
    most = measure.alternate(3, {"postern": lambda: load.call(postern)})["postern"]["rate"]
    title(f"half: {most / 2:,.0f} calls a second are due, half of Postern's maximum, "
          f"{CALLERS} callers")
    got = measure.alternate(max(PACED_ROUNDS, bench.options.rounds), {
        "RawSocket": lambda: load.call(postern, rate=most / 2),
        "null relay": lambda: load.call(floor, rate=most / 2),
        **{name: lambda side=side: load.call(side, realm=bench.options.realm, rate=most / 2)
           for name, side in more.items()}})
    bench.bars.rows_of(got)
    ratio_row("RawSocket / relay", got["RawSocket"], got["null relay"])
    bench.bars.at_most("half: p99 of calls at half load / null relay's",
                       got["RawSocket"]["p99_us"] / got["null relay"]["p99_us"], 1.5)


BIG, USERS, GRANTS = "com.example.big", 100_000, 10_000


def big_realm():
    """As a security file has it: many users in groups, many grants."""
    return json.dumps({
        "uri": BIG, "authmethods": ["anonymous"],
        "groups": [{"name": f"group{i}"} for i in range(100)],
        "users": [{"username": f"user{i}", "groups": [f"group{i % 100}"]} for i in range(USERS)],
        "grants": [{"permissions": ["wamp.call"], "uri": f"com.example.thing{i}", "match": "exact",
                    "roles": [f"group{i % 100}"]} for i in range(GRANTS)]}).encode()


class Administrator:
    """Changes a large realm as long as it is entered: its users, and grants, for which all of its
    rights are built anew."""

    def __init__(self, side):
        self.side, self.over = side, threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.changed = 0

    def work(self):
        while not self.over.wait(0.01):
            i = self.changed % USERS
            self.side.ask_admin("PUT", f"/realms/{BIG}/users/user{i}",
                                json.dumps({"meta": {"changed": self.changed}}).encode())
            if i % 10 == 0:
                self.side.ask_admin("POST", f"/realms/{BIG}/grants", json.dumps({
                    "permissions": ["wamp.call"], "uri": f"com.example.more{i}", "match": "exact",
                    "roles": ["group1"]}).encode())
            self.changed += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def builds(bench):
    """What calls feel at half load while a large realm changes."""
    postern = router(bench)
    load = measure.Wamp(bench.tools, bench.options.seconds, PAYLOAD, CALLERS, WINDOW)
    most = measure.alternate(3, {"postern": lambda: load.call(postern)})["postern"]["rate"]
    postern.ask_admin("POST", "/realms", big_realm())
    title(f"builds: {most / 2:,.0f} calls a second are due; in a realm of {USERS:,} users and "
          f"{GRANTS:,} grants users change meanwhile, and every tenth time a grant")
    changed = []

    def during():
        with Administrator(postern) as administrator:
            got = load.call(postern, rate=most / 2)
        changed.append(administrator.changed)
        return got

    got = measure.alternate(max(PACED_ROUNDS, bench.options.rounds), {
        "quiet": lambda: load.call(postern, rate=most / 2), "meanwhile": during})
    bench.bars.rows_of(got)
    figure("users changed in a round", statistics.median(changed), "")
    bench.bars.at_most("builds: p99 of calls meanwhile, beyond the quiet one's, in us",
                       got["meanwhile"]["p99_us"] - got["quiet"]["p99_us"], 1000)


def workers(bench):
    """What a second worker costs: instructions of a call, and futexes where no other is asked."""
    title(f"workers: {CALLERS} callers, window {WINDOW}; instructions by callgrind", ())
    each = {}
    for count in (1, 2):
        side = router(bench, f"workers{count}", more=[f"node.workers={count}"],
                      prefix=counting.CALLGRIND)
        callgrind = counting.Callgrind(side)
        # With two, the kernel deals the callers out anew each time.
        got = [callgrind.each(lambda seconds, side=side: measure.Wamp(
            bench.tools, seconds, PAYLOAD, CALLERS, WINDOW).call(side), 1)
               for _ in range(1 if count == 1 else 5)]
        each[count] = statistics.median(got)
        figure(f"{count} worker{'s' * (count > 1)}", each[count], "instructions a call",
               ", ".join(f"{one:,.0f}" for one in got))
        bench.stop_all()
    bench.bars.at_most("workers: instructions a call, two workers / one", each[2] / each[1], 1.10)
    futexes(bench)


def futexes(bench):
    """Calls whose peers share one of two workers must not wake anybody."""
    side = router(bench, "futexes", more=["node.workers=2"])
    load = measure.Wamp(bench.tools, 1, PAYLOAD, 1, WINDOW)
    for _ in range(20):
        before = side.gateway.cpu_by_thread()
        with counting.Syscalls(side.gateway, bench.folder) as counts:
            ops = load.call(side)["ops"]
        after = side.gateway.cpu_by_thread()
        spent = sorted((after[thread] - before.get(thread, 0) for thread in after), reverse=True)
        if spent[1] < spent[0] / 20:
            count = counts.get("futex", 0) / ops * 10000
            figure("futex calls, peers on one worker", count, "in 10,000 calls")
            bench.bars.at_most("workers: futex calls in 10,000 calls whose peers share one", count,
                               0)
            return
    print("futex calls: the kernel never put both peers on one worker")


BENCHES = {"call": call, "fanout": fanout, "half": half, "builds": builds,
           "workers": workers}
