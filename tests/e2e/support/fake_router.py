"""A router of a few lines, which shows what a client says to it: RawSocket, JSON, one client."""
import json
import socket
import threading

from .patience import PATIENCE, wait_until

HELLO, WELCOME, GOODBYE, PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED = 1, 2, 6, 16, 17, 32, 33
CALL, RESULT, REGISTER, REGISTERED = 48, 50, 64, 65


class FakeRouter:
    """Answers everything at once, until GOODBYE; `heard` is all that came."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(PATIENCE)
        self.url = f"tcp://127.0.0.1:{self.listening.getsockname()[1]}"
        self.heard = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        connection, _ = self.listening.accept()
        connection.settimeout(PATIENCE)
        with connection, connection.makefile("rb") as stream:
            assert stream.read(4)[:1] == b"\x7f"
            connection.sendall(b"\x7f\xf1\0\0")
            while len(head := stream.read(4)) == 4:
                message = json.loads(stream.read(int.from_bytes(head[1:], "big")))
                self.heard.append(message)
                for answer in self._answers(message):
                    text = json.dumps(answer).encode()
                    connection.sendall(len(text).to_bytes(4, "big") + text)

    @staticmethod
    def _answers(message):
        kind, request = message[:2]
        return {HELLO: [[WELCOME, 7, {"roles": {"broker": {}, "dealer": {}}}]],
                GOODBYE: [[GOODBYE, {}, "wamp.close.goodbye_and_out"]],
                PUBLISH: [[PUBLISHED, request, 9]], SUBSCRIBE: [[SUBSCRIBED, request, 9]],
                CALL: [[RESULT, request, {}]], REGISTER: [[REGISTERED, request, 9]]}.get(kind, [])

    def wait_for(self, kind):
        """The first message of that kind."""
        return wait_until(lambda: next((m for m in self.heard if m[0] == kind), None),
                          f"message {kind} among {self.heard}")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.listening.close()
        self.thread.join(PATIENCE)
