"""serve --demo: the first thing that anybody sees."""
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.node import PASSWORD
from support.patience import PATIENCE, wait_until


def children_of(pid):
    """Processes whose parent is `pid`: pid -> command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found[int(entry.name)] = entry.joinpath("cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


def printed(node):
    return node.out.read_text().splitlines()


def demo(make_node):
    node = make_node(arguments=["--demo"])
    node.start()
    wait_until(lambda: printed(node), "the curl line")
    return node


def wrk(url):
    done = subprocess.run(["wrk", "-t1", "-c32", "-d2s", "--timeout", "60s", url],
                          capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("front", ["mhd", "h1"])
def test_many_clients_at_once_all_get_an_answer(make_node, front):
    node = make_node(arguments=["--demo", "--set", f"gateway.front={front}"])
    node.start()
    wait_until(lambda: printed(node), "the curl line")
    told = wrk(f"http://{node.gateway}/demo/hello/world")
    # wrk tells of errors only when there were any.
    assert "Non-2xx" not in told and "Socket errors" not in told, told
    answered = int(re.search(r"(\d+) requests in", told).group(1))
    assert answered > 32, told
    wait_until(lambda: node.metric("postern_http_requests_total", api="com.example.demo",
                                   status="2xx") >= answered, "as many requests in the metrics")
    assert node.stop() == 0


def test_the_printed_curl_line_answers_from_another_process(make_node):
    node = demo(make_node)
    lines = printed(node)
    assert len(lines) == 1 and lines[0].startswith("curl "), lines
    done = subprocess.run(lines[0].replace("curl ", f"curl -sS -f -m {int(PATIENCE)} ", 1).split(),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "world" in done.stdout
    callees = {pid: words for pid, words in children_of(node.process.pid).items()
               if b"demo-callee" in words}
    assert len(callees) == 1
    # It is this process that answers: without it nobody does.
    os.kill(next(iter(callees)), signal.SIGKILL)
    wait_until(lambda: node.ask("GET", "/demo/hello/world").status == 503, "the 503")
    assert node.stop() == 0


def test_every_demo_path_answers(make_node):
    node = demo(make_node)
    assert node.ask("GET", "/demo/health").json() == {"ok": True}
    assert "Jan" in node.ask("GET", "/demo/hello/Jan").text
    assert node.ask("POST", "/demo/sum", {"numbers": [1, 2, 3.5]}).json() == {"sum": 6.5}
    assert node.ask("POST", "/demo/sum", {"numbers": ["one"]}).status == 400
    assert node.ask("POST", "/demo/events/tick", {"n": 1}).json()["publication"] > 0
    assert node.stop() == 0


def test_sigterm_ends_node_and_callee(make_node):
    node = demo(make_node)
    callees = list(children_of(node.process.pid))
    assert callees
    assert node.stop() == 0
    wait_until(lambda: not any(alive(pid) for pid in callees), "the end of the callee")


def test_kill_9_ends_the_callee_too(make_node):
    node = demo(make_node)
    callees = list(children_of(node.process.pid))
    node.kill()
    wait_until(lambda: not any(alive(pid) for pid in callees), "the end of the callee")


def test_the_password_is_generated_once_and_kept(make_node):
    node = make_node(arguments=["--demo"], password=None)
    node.start()
    file = node.home / "data" / "admin-password"
    password = file.read_text().strip()
    assert len(password) >= 16
    assert file.stat().st_mode & 0o777 == 0o600
    assert node.log_text().count(password) == 1
    assert node.ask_admin("GET", "/api_specs", password=password).status == 200
    assert node.ask_admin("GET", "/api_specs", password=PASSWORD).status == 401
    assert node.stop() == 0
    node.restart()
    assert password not in node.log_text()
    assert node.ask_admin("GET", "/api_specs", password=password).status == 200
    assert node.stop() == 0
