"""A node of the program under test: started, asked, stopped, killed, started again."""
import base64
import http.client
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from .patience import PATIENCE, wait_until
from .places import find_program

PASSWORD = "correct horse battery staple"
READY = re.compile(
    r"^ready gateway=(\S+) admin=(\S+) rawsocket=(\S+) pid=(\d+)$", re.MULTILINE)
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|WARNING: ThreadSanitizer|runtime error:")
ANY_PORT = {
    "gateway.listen": "127.0.0.1:0",
    "admin.listen": "127.0.0.1:0",
    "rawsocket.listen": "127.0.0.1:0",
    "node.workers": "2",
}


def everywhere():
    """Settings for every node of a run: POSTERN_E2E_SET="gateway.front=h1 admin.front=h1"."""
    return dict(one.split("=", 1) for one in os.environ.get("POSTERN_E2E_SET", "").split())


def clean_environment(**more):
    """Ours without what could change the program's settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("POSTERN_")}
    kept.update(more)
    return kept


@dataclass
class Answer:
    """An HTTP answer, read whole."""
    status: int
    headers: dict  # lower-case names
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


def ask(address, method, path, body=None, headers=None, timeout=PATIENCE):
    """One request on a connection of its own."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


@dataclass
class Node:
    """One node with a data directory; its log survives restarts."""
    home: Path
    settings: dict = field(default_factory=dict)
    arguments: list = field(default_factory=list)
    password: str = PASSWORD
    program: Path = None  # another than the one under test
    process: subprocess.Popen = None
    gateway: str = None
    admin: str = None
    rawsocket: str = None
    started_at: int = 0  # offset in the log

    def __post_init__(self):
        self.home = Path(self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home / "log"
        self.out = self.home / "stdout"

    # --- life ---------------------------------------------------------------------------------

    def command(self):
        words = [str(self.program or find_program()), "serve", "--data", str(self.home / "data")]
        for key, value in {**ANY_PORT, **everywhere(), **self.settings}.items():
            words += ["--set", f"{key}={value}"]
        return words + self.arguments

    def launch(self):
        """Starts the process without waiting for it to be ready."""
        # Freed memory that a sanitizer keeps back would look like memory in use.
        environment = clean_environment(ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS",
                                                                    "quarantine_size_mb=8"))
        if self.password is not None:
            environment["POSTERN_ADMIN_PASSWORD"] = self.password
        self.started_at = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log, open(self.out, "wb") as out:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=log, env=environment, cwd=self.home)

    def start(self):
        self.launch()
        ready = wait_until(self._ready, f"the ready line of {self.home.name}")
        self.gateway, self.admin, self.rawsocket = ready.group(1, 2, 3)
        assert int(ready.group(4)) == self.process.pid
        return self

    def _ready(self):
        found = READY.search(self.log_text())
        assert found or self.process.poll() is None, \
            f"the node ended with {self.process.returncode}:\n{self.log_text()}"
        return found

    def stop(self, signal_number=signal.SIGTERM):
        """SIGTERM; the exit status. What a sanitizer found is a failure here."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        status = self.wait()
        assert not SANITIZER.search(self.log_text()), self.log_text()
        return status

    def wait(self):
        process, self.process = self.process, None
        try:
            return process.wait(timeout=2 * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def kill(self):
        """kill -9: nothing of the process gets a say."""
        self.process.kill()
        return self.wait()

    def restart(self):
        """The same data directory again, after a stop or a kill."""
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if self.process is not None:
            status = self.stop()
            assert kind is not None or status == 0, \
                f"the node ended with {status}:\n{self.log_text()}"

    # --- looking at it ------------------------------------------------------------------------

    def log_text(self):
        """What it wrote on stderr since its last start."""
        if not self.log.exists():
            return ""
        with open(self.log, "rb") as log:
            log.seek(self.started_at)
            return log.read().decode("utf-8", "replace")

    def rss_kib(self):
        """Memory in use; what a thread sanitizer adds to it, four times as much, aside."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        rss = int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1))
        return rss // 5 if b"__tsan_init" in find_program().read_bytes() else rss

    def fd_count(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def metric(self, name, **labels):
        """The sum of a metric's samples that have these labels."""
        total = 0.0
        for line in self.ask_admin("GET", "/metrics", user=None).text.splitlines():
            found = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
            if not found or found.group(1) != name:
                continue
            have = dict(re.findall(r'(\w+)="([^"]*)"', found.group(2) or ""))
            if all(have.get(k) == v for k, v in labels.items()):
                total += float(found.group(3))
        return total

    # --- talking to it ------------------------------------------------------------------------

    def ask(self, method, path, body=None, headers=None, **rest):
        """The public listener; maps and lists travel as JSON."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        return ask(self.gateway, method, path, body, headers, **rest)

    def ask_admin(self, method, path, body=None, headers=None, user="admin", password=None):
        headers = dict(headers or {})
        if user is not None:
            pair = f"{user}:{password or self.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        return ask(self.admin, method, path, body, headers)

    def create_open_realm(self, uri):
        from .cli import postern
        done = postern("realm", "create", uri, "--open", node=self)
        assert done.returncode == 0, done.stderr

    def publish(self, spec):
        """A spec that must be accepted."""
        answer = self.ask_admin("POST", "/api_specs", spec)
        assert answer.status == 200, answer.text
        return answer.json()

    def url(self, transport):
        """Where a WAMP client dials: ws, raw or longpoll."""
        if transport == "longpoll":
            return f"http://{self.gateway}/wamp/longpoll"
        return f"ws://{self.gateway}/ws" if transport == "ws" else f"rs://{self.rawsocket}"


def pause(seconds):
    """A moment in which nothing is expected to happen. Use wait_until for what is."""
    time.sleep(seconds)
