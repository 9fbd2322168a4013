"""WAMP over HTTP requests, by hand: long-poll and SSE, message by message, each request on a
connection of its own unless a test says otherwise."""
import http.client
import struct

from .patience import PATIENCE
from .wampraw import Wire, connect


class LongPoll(Wire):
    """A long-poll transport. `address` may change between requests."""

    def __init__(self, node, protocol="wamp.2.json", headers=None):
        super().__init__(protocol.split(".")[2])
        self.node = node
        self.batched = protocol.endswith(".batched")
        self.pending = []
        answer = node.ask("POST", "/wamp/longpoll/open", {"protocols": [protocol]}, headers)
        assert answer.status == 200, answer.text
        opened = answer.json()
        assert opened["protocol"] == protocol
        self.id = opened["transport"]

    def path(self, what):
        return f"/wamp/longpoll/{self.id}/{what}"

    def post(self, what, body=b"", **rest):
        return self.node.ask("POST", self.path(what), body, **rest)

    def frame(self, payload):
        if not self.batched:
            return payload
        return payload + b"\x1e" if self.serializer == "json" \
            else struct.pack(">I", len(payload)) + payload

    def send_payload(self, payload):
        answer = self.post("send", self.frame(payload))
        assert answer.status == 202, (answer.status, answer.text)
        assert answer.body == b""

    def unframe(self, body):
        if not self.batched:
            return [body]
        if self.serializer == "json":
            assert body.endswith(b"\x1e")
            return body[:-1].split(b"\x1e")
        found = []
        while body:
            size = struct.unpack(">I", body[:4])[0]
            found.append(body[4:4 + size])
            assert len(found[-1]) == size
            body = body[4 + size:]
        return found

    def receive_payload(self):
        while not self.pending:
            answer = self.post("receive")
            assert answer.status in (200, 204), (answer.status, answer.text)
            if answer.status == 200:
                self.pending = self.unframe(answer.body)
        return self.pending.pop(0)

    def close(self):
        return self.post("close")


class Sse(Wire):
    """An SSE transport with its stream open."""

    def __init__(self, node, protocol="wamp.2.json.sse", headers=None):
        super().__init__("json")
        self.node = node
        answer = node.ask("POST", "/wamp/sse/open", {"protocols": [protocol]}, headers)
        assert answer.status == 200, answer.text
        self.id = answer.json()["transport"]
        self.stream = None

    def path(self, what):
        return f"/wamp/sse/{self.id}/{what}"

    def post(self, what, body=b"", **rest):
        return self.node.ask("POST", self.path(what), body, **rest)

    def frame(self, payload):
        return payload

    def listen(self):
        self.stream = EventStream(self.node, self.path("receive"))
        return self

    def send_payload(self, payload):
        answer = self.post("send", payload)
        assert answer.status == 202, (answer.status, answer.text)

    def receive_payload(self):
        event, data = self.stream.next()
        assert event == "wamp", (event, data)
        return data

    def close(self):
        if self.stream is not None:
            self.stream.close()
        return self.post("close")


class EventStream:
    """A GET that never ends, read event by event."""

    def __init__(self, node, path, headers=None):
        host, port = node.gateway.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream",
                                                      **(headers or {})})
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.comments = []

    def next(self):
        """(event, data) of the next event; None at the end of the stream."""
        event, data = None, []
        while line := self.response.readline():
            line = line.rstrip(b"\n").decode()
            if line.startswith(":"):
                self.comments.append(line)
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and event:
                return event, "\n".join(data)
        return None

    def close(self):
        self.connection.close()


class HalfReceive:
    """A receive whose client can hang up."""

    def __init__(self, node, path):
        self.socket = connect(node.gateway)
        self.socket.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())

    def hang_up(self):
        self.socket.close()

    def status(self):
        return int(self.socket.recv(4096).split()[1])
