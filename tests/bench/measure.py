"""One measurement each: a load, what it brought, what it cost; and medians over rounds."""
import json
import math
import os
import re
import statistics

from machine import Failed, Meter, run_load
from sides import PROCEDURE, REALM

TOPIC = "com.example.bench.event"
MICROSECONDS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}


def latency_us(text, percent):
    found = re.search(rf"^\s*{percent}%\s+([\d.]+)(us|ms|s|m)$", text, re.M)
    return float(found[1]) * MICROSECONDS[found[2]]


def wrk(side, connections, seconds, url_path, script=None, header=None):
    """HTTP load through a side's gateway."""
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    argv += ["-s", script] if script else []
    argv += ["-H", header] if header else []
    meter = Meter(*side.processes())
    text = run_load(argv + [f"http://127.0.0.1:{side.port}{url_path}"], seconds)
    spent, foreign = meter.read()
    wrong = re.search(r"Non-2xx.*|Socket errors:.*", text)
    if wrong:
        raise Failed(f"{type(side).__name__}, {connections} connections: {wrong[0].strip()}")
    requests = int(re.search(r"(\d+) requests in", text)[1])
    return {
        "ops": requests, "rate": float(re.search(r"Requests/sec:\s*([\d.]+)", text)[1]),
        "gateway_us": spent[0] / requests * 1e6, "all_us": sum(spent) / requests * 1e6,
        "p50_us": latency_us(text, 50), "p99_us": latency_us(text, 99), "foreign": foreign}


def openload(side, tools, connections, seconds, url_path, rate):
    """HTTP requests that are due at a fixed rate; latency counts from when they were due."""
    argv = [f"{tools}/openload", side.port, url_path, seconds, connections, round(rate, 1)]
    return counted(side, argv, seconds)


class Wamp:
    """A WAMP load; an operation is a call, or an event received."""

    def __init__(self, tools, seconds, payload, peers, window):
        self.tools, self.seconds = tools, seconds
        self.payload, self.peers, self.window = payload, peers, window

    def call(self, side, url=None, procedure=PROCEDURE, realm=REALM, rate=None):
        return self.run(side, "call", url or side.url, realm, procedure, [rate] if rate else [])

    def fanout(self, side, url=None, realm=REALM):
        return self.run(side, "fanout", url or side.url, realm, TOPIC, [])

    def run(self, side, kind, url, realm, uri, more):
        argv = [f"{self.tools}/wampload", kind, url, realm, uri, self.seconds, self.payload,
                self.peers, self.window, *more]
        return counted(side, argv, self.seconds)


def counted(side, argv, seconds):
    """A load that prints what it counted, beside what the side's processes spent meanwhile."""
    meter = Meter(*side.processes())
    told = json.loads(run_load([str(word) for word in argv], seconds))
    spent, foreign = meter.read()
    each = [one / max(told["ops"], 1) * 1e6 for one in spent] or [math.nan]
    return {"ops": told["ops"], "rate": told["ops"] / max(told["seconds"], 1e-3),
            "gateway_us": each[0], "all_us": sum(each), "p50_us": told["p50_us"], "p99_us": told["p99_us"],
            "foreign": foreign}


def alternate(rounds, measures):
    """`measures`, name -> function, run in turn, round after round; name -> medians."""
    got = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            got[name].append(measure())
    return {name: {key: statistics.median(one[key] for one in runs) for key in runs[0]}
            for name, runs in got.items()}


def wrk_script(folder, paths):
    """A script for wrk that asks for each of `paths` in turn."""
    name = os.path.join(folder, f"paths{len(paths)}.lua")
    with open(name, "w", encoding="ascii") as script:
        script.write("local paths = {\n")
        script.writelines(f'"/bench{path}/1042",\n' for path in paths)
        script.write("}\n"
                     "local requests, i = {}, 0\n"
                     "function init(args)\n"
                     "    for k, path in ipairs(paths) do\n"
                     '        requests[k] = wrk.format("GET", path)\n'
                     "    end\n"
                     "end\n"
                     "function request()\n"
                     "    i = i % #requests + 1\n"
                     "    return requests[i]\n"
                     "end\n")
    return name
