"""./dev cluster: two nodes and a PostgreSQL by one command, gone with it."""
import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.admin import basic
from support.node import ask, clean_environment
from support.patience import PATIENCE, wait_until
from support.places import ROOT, find_program
from support.postgres import MISSING, programs
from support.specs import static_spec
from test_demo import alive, children_of

pytestmark = [pytest.mark.databases,
              pytest.mark.skipif(programs() is None, reason=MISSING)]

REALM = "com.example.demo"


def heed_interrupts():
    """As a terminal starts its commands; who runs the tests in the background ignores ^C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Cluster:
    """The command while it runs."""

    def __init__(self, folder, keep="", user=None):
        self.out, self.err = folder / "out", folder / "err"
        command = [str(ROOT / "packaging/cluster"), str(find_program()), "0", str(keep),
                   "--set", "node.workers=2", "--set", "log.level=warn"]
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                env=clean_environment(), start_new_session=True, preexec_fn=heed_interrupts,
                user=user,
                group=user and pwd.getpwuid(user).pw_gid, extra_groups=[] if user else None)
        self.started = set()
        try:
            wait_until(self._ready, "two curl lines", seconds=3 * PATIENCE)
        except AssertionError:
            self.end()
            raise
        self.admins = re.findall(r" admin http://(\S+) ", self.said())
        self.gateways = re.findall(r"  (?:one|two)  API http://([^/]+)/demo/health", self.said())
        self.nodes = [int(pid) for pid in re.findall(r" pid (\d+)$", self.said(), re.MULTILINE)]
        self.data = Path(re.search(r"data, and logs: (\S+)", self.said()).group(1))
        self.place = Path(re.search(r"psql -h (\S+)", self.said()).group(1))
        self.password = re.search(r"user admin, password (\S+)", self.said()).group(1)

    def said(self):
        return self.err.read_text()

    def curls(self):
        return self.out.read_text().splitlines()

    def _ready(self):
        assert self.process.poll() is None, self.said()
        self.started |= self.all_pids()
        return len(self.curls()) == 2

    def all_pids(self):
        found, left = set(), [self.process.pid]
        while left:
            children = children_of(left.pop())
            left += children
            found |= set(children)
        return found

    def admin(self, which, method, path, body=None):
        headers = {"Authorization": basic("admin", self.password),
                   "Content-Type": "application/json"}
        return ask(self.admins[which], method, path, body, headers)

    def end(self, number=signal.SIGINT):
        self.started |= self.all_pids()
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=3 * PATIENCE)
        wait_until(lambda: not any(alive(pid) for pid in self.started), "the end of all of it")
        return status


@pytest.fixture
def start(tmp_path):
    with contextlib.ExitStack() as stack:
        def make(**options):
            made = Cluster(tmp_path, **options)
            stack.callback(made.end)
            return made
        yield make


def write(cluster, which, answer):
    spec = json.dumps(static_spec("shared", answer, REALM))
    return cluster.admin(which, "POST", "/api_specs", spec).status


def serves(cluster, which, answer):
    told = ask(cluster.gateways[which], "GET", "/shared/static")
    return told.status == 200 and told.json() == {"answer": answer}


def test_both_printed_curl_lines_answer_and_nothing_is_left(start):
    cluster = start()
    lines = cluster.curls()
    assert len(set(lines)) == 2 and all(line.startswith("curl ") for line in lines), lines
    for line in lines:
        done = subprocess.run(
            line.replace("curl ", f"curl -sS -f -m {int(PATIENCE)} ", 1).split(),
            capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "world" in done.stdout, (done.stdout, done.stderr)
    for which in (0, 1):
        assert write(cluster, which, which) == 200
        for other in (0, 1):
            wait_until(lambda n=which, at=other: serves(cluster, at, n), "what a node has written")
    assert len(cluster.all_pids()) >= 6  # two nodes, their callees, PostgreSQL's
    assert cluster.end() == 0
    assert not cluster.data.exists() and not cluster.place.exists()


def test_its_database_is_stopped_and_started_by_a_signal(start):
    cluster = start()
    assert write(cluster, 0, 1) == 200
    wait_until(lambda: serves(cluster, 1, 1), "what the other has written")
    os.kill(cluster.process.pid, signal.SIGUSR1)
    wait_until(lambda: "PostgreSQL is stopped" in cluster.said(), "its word")
    for which in (0, 1):
        assert write(cluster, which, 2) == 503
        assert serves(cluster, which, 1)
    os.kill(cluster.process.pid, signal.SIGUSR1)
    wait_until(lambda: "PostgreSQL is back" in cluster.said(), "its word")
    wait_until(lambda: write(cluster, 1, 3) == 200, "a publication")
    wait_until(lambda: serves(cluster, 0, 3), "what the other has written")
    assert cluster.end(signal.SIGTERM) == 0


def test_when_a_node_is_killed_the_other_goes_on(start):
    cluster = start()
    os.kill(cluster.nodes[0], signal.SIGKILL)
    wait_until(lambda: f"the node with pid {cluster.nodes[0]} has ended" in cluster.said(), "it said")
    # 202 as long as the other counts as alive.
    assert write(cluster, 1, 5) in (200, 202) and serves(cluster, 1, 5)
    assert cluster.end() == 0


def test_kill_9_leaves_nothing_running(start):
    cluster = start()
    assert cluster.end(signal.SIGKILL) == -signal.SIGKILL
    subprocess.run(["rm", "-rf", cluster.place], check=True)  # that it cannot do


def test_what_is_kept_is_there_again(start):
    with tempfile.TemporaryDirectory(prefix="postern-kept-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        first = start(keep=folder)
        assert write(first, 1, 7) == 200
        assert first.end() == 0
        second = start(keep=folder)
        assert second.password == first.password
        for which in (0, 1):
            assert serves(second, which, 7)
        assert second.end() == 0
        assert Path(folder, "postgresql/PG_VERSION").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_nobody_in_particular_may_run_it(start, tmp_path):
    nobody = pwd.getpwnam("nobody").pw_uid
    if subprocess.run([find_program(), "version"], user=nobody, check=False,
                      capture_output=True).returncode != 0:
        pytest.skip("nobody cannot read the program")
    os.chmod(tmp_path, 0o777)
    cluster = start(user=nobody)
    assert write(cluster, 0, 1) == 200
    assert cluster.end() == 0
