"""WAMP clients that are not ours, each in a process of its own.

The scripts, peer_py.py (autobahn-python), peer_js.js (autobahn-js) and peer_wampy.js (wampy), take
one JSON command a line on stdin and write one JSON line for each outcome on stdout. Outcomes carry the command's
number; events have none. Binary is {"$hex": "00ff"} both ways.
"""
import collections
import json
import subprocess
import tempfile
import threading
import time

from .node import clean_environment
from .patience import PATIENCE
from .places import E2E

SUPPORT = E2E / "support"
INTERPRETERS = {"py": ["/usr/bin/python3", str(SUPPORT / "peer_py.py")],
                "js": ["node", str(SUPPORT / "peer_js.js")],
                "wampy": ["node", str(SUPPORT / "peer_wampy.js")]}

Kind = collections.namedtuple("Kind", "language transport serializer")
KINDS = {
    "py-ws-json": Kind("py", "ws", "json"),
    "py-ws-msgpack": Kind("py", "ws", "msgpack"),
    "py-ws-cbor": Kind("py", "ws", "cbor"),
    "py-raw-msgpack": Kind("py", "raw", "msgpack"),
    "py-raw-cbor": Kind("py", "raw", "cbor"),
    "js-ws-json": Kind("js", "ws", "json"),
    "js-ws-msgpack": Kind("js", "ws", "msgpack"),
    "js-ws-cbor": Kind("js", "ws", "cbor"),
    "js-raw-json": Kind("js", "raw", "json"),
    "wampy-ws-json": Kind("wampy", "ws", "json"),
}
OTHER_KINDS = {"js-longpoll": Kind("js", "longpoll", "json")}


class PeerError(Exception):
    """A WAMP error as the client library reported it."""

    def __init__(self, outcome):
        super().__init__(json.dumps(outcome))
        self.uri = outcome.get("error")
        self.args_ = outcome.get("args") or []
        self.kwargs = outcome.get("kwargs") or {}


class Peer:
    """A joined session; commands may be started and waited for apart."""

    def __init__(self, node, realm, kind="py-ws-json", login=()):
        """`login`: a user and his password, of autobahn-python alone."""
        kind = {**KINDS, **OTHER_KINDS}[kind]
        words = INTERPRETERS[kind.language] + [node.url(kind.transport), realm, kind.serializer, *login]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors,
                                        env=clean_environment(NODE_PATH=str(E2E / "node_modules"),
                                                              PYTHONDONTWRITEBYTECODE="1"),
                                        text=True, bufsize=1)
        self.lock = threading.Condition()
        self.outcomes = {}
        self.happened = []  # events and what else was not asked for
        self.ended = False
        self.last = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.session = self.wait_for("joined")["session"]

    def _read(self):
        for line in self.process.stdout:
            told = json.loads(line)
            with self.lock:
                if "number" in told:
                    self.outcomes[told["number"]] = told
                else:
                    self.happened.append(told)
                self.lock.notify_all()
        with self.lock:
            self.ended = True
            self.lock.notify_all()

    def _wait(self, look, what):
        """The first that look() finds. What it takes away it is asked for only once."""
        end = time.monotonic() + PATIENCE
        with self.lock:
            while (found := look()) is None:
                left = end - time.monotonic()
                assert not self.ended and left > 0, \
                    f"{what}: {'the peer ended' if self.ended else 'nothing came'}; " \
                    f"{self.happened}\n{self.said()}"
                self.lock.wait(left)
            return found

    def said(self):
        """What the script wrote on stderr."""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    # --- commands -----------------------------------------------------------------------------

    def begin(self, **command):
        self.last += 1
        self.process.stdin.write(json.dumps({"number": self.last, **command}) + "\n")
        return self.last

    def finish(self, number):
        outcome = self._wait(lambda: self.outcomes.get(number), f"the outcome of {number}")
        if "error" in outcome:
            raise PeerError(outcome)
        return outcome

    def do(self, **command):
        return self.finish(self.begin(**command))

    def register(self, uri, behaviour, **options):
        return self.do(do="register", uri=uri, behaviour=behaviour, options=options)["id"]

    def unregister(self, registration):
        self.do(do="unregister", id=registration)

    def subscribe(self, uri, **options):
        return self.do(do="subscribe", uri=uri, options=options)["id"]

    def unsubscribe(self, subscription):
        self.do(do="unsubscribe", id=subscription)

    def publish(self, uri, *args, options=None, **kwargs):
        return self.do(do="publish", uri=uri, args=args, kwargs=kwargs,
                       options={"acknowledge": True, **(options or {})})

    def begin_call(self, uri, *args, options=None, **kwargs):
        return self.begin(do="call", uri=uri, args=args, kwargs=kwargs, options=options or {})

    def call(self, uri, *args, options=None, **kwargs):
        return self.finish(self.begin_call(uri, *args, options=options, **kwargs))

    # --- what happens by itself ---------------------------------------------------------------

    def wait_for(self, what, **parts):
        """Takes the first thing of that kind, with these parts, out of what happened."""
        def look():
            for i, told in enumerate(self.happened):
                if told.get("what") == what and all(told.get(k) == v for k, v in parts.items()):
                    return self.happened.pop(i)
            return None
        return self._wait(look, f"{what} {parts}")

    def events(self):
        with self.lock:
            return [told for told in self.happened if told.get("what") == "event"]

    # --- end ----------------------------------------------------------------------------------

    def leave(self):
        """GOODBYE, then the end of the process."""
        if self.process.poll() is None:
            self.process.stdin.close()
        self._reap()

    def kill(self):
        self.process.kill()
        self._reap()

    def _reap(self):
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.leave()
