"""The two sides that are compared, and the null relay: how each is set up and started."""
import base64
import json
import os
import socket
import struct
import tempfile
import time
import urllib.error
import urllib.request

from machine import GATEWAY_CORE, LOAD_CORE, Failed, Process

REALM = "com.example.bench"
PROCEDURE = "com.example.bench.answer"
PROCEDURE_JSON = PROCEDURE + ".json"  # answered over WebSocket
PROCEDURE_SLOW = "com.example.bench.slow"  # never answered
PASSWORD = "bench-bench-bench"
PATH = "/bench/items/1042"
SLOW = "/slow"
SLOW_PATH = "/bench/slow/1042"
# 211 bytes as JSON without blanks, what both back ends answer.
ANSWER = {
    "id": 1042, "name": "Left-handed screwdriver", "price": 19.75, "currency": "EUR",
    "stock": 217, "available": True, "tags": ["tools", "left", "steel"],
    "description": "Turns what others cannot, in both directions, every night.",
}


def as_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


def as_msgpack(value):
    """The shortest form, as the encoders in use write it."""
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return bytes([value]) if value < 128 else b"\xcd" + value.to_bytes(2, "big")
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        head = [0xa0 | len(text)] if len(text) < 32 else [0xd9, len(text)]
        return bytes(head) + text
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(as_msgpack, value))
    return bytes([0x80 | len(value)]) + b"".join(
        as_msgpack(key) + as_msgpack(member) for key, member in value.items())


def call_route(path):
    """No two routes alike: each sends its own text, which nothing can share."""
    slow = path == SLOW
    return {"get": {
        "action": {"type": "wamp_call", "procedure": PROCEDURE_SLOW if slow else PROCEDURE,
                   "timeout": 600000 if slow else 5000,
                   "args": ["{{request.bindings.id}}", path]},
        "response": {"on_result": {"body": "{{action.result.args |> head}}"},
                     "on_error": {"status_code": 502, "body": "{{action.error.error_uri}}"}}}}


def route_paths(count):
    """Paths as an API of many resources has them: /area7/part42/:id."""
    return [f"/area{i % 100}/part{i // 100}" for i in range(count)]


def spec(paths):
    return as_json({
        "id": "com.example.bench", "name": "Bench", "host": "_", "realm_uri": REALM,
        "variables": {}, "defaults": {"schemes": ["http"], "security": {}, "timeout": 5000},
        "versions": {"1.0.0": {"base_path": "/bench",
                               "paths": {path + "/:id": call_route(path) for path in paths}}}})


def security():
    every = ["register", "unregister", "call", "cancel", "subscribe", "unsubscribe", "publish"]
    return as_json([{
        "uri": REALM, "description": "open", "authmethods": ["anonymous"],
        "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": "0.0.0.0/0"}],
        "grants": [{"permissions": ["wamp." + name for name in every], "uri": "*",
                    "match": "prefix", "roles": ["anonymous"]}]}])


def new_folder(inside, name):
    return tempfile.mkdtemp(prefix=name + "-", dir=inside)


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        return reply.read()


class Postern:
    """A node with an open realm and one worker; `callees` answer its procedures, the first of them
    what is measured."""

    def __init__(self, program, tools, folder, name="postern", more=(), prefix=(),
                 core=GATEWAY_CORE):
        self.tools, self.folder, self.callees = tools, new_folder(folder, name), []
        settings = {
            "gateway.listen": "127.0.0.1:0", "admin.listen": "127.0.0.1:0",
            "rawsocket.listen": "127.0.0.1:0", "node.workers": 1, "log.level": "warn",
            "limits.connections": 12000, "gateway.front": "h1",
            "security.config_file": write(self.folder, "security.json", security())}
        argv = [*prefix, program, "serve", "--data", os.path.join(self.folder, "data")]
        for one in [f"{key}={value}" for key, value in settings.items()] + list(more):
            argv += ["--set", one]
        self.name, self.argv, self.core = name, argv, core
        self.start_again()

    def start_again(self):
        """With the same data, on other ports."""
        self.gateway = Process(self.name, self.argv, self.core, self.folder,
                               {"POSTERN_ADMIN_PASSWORD": PASSWORD})
        ready = self.gateway.wait_line(lambda line: line.startswith("ready "))
        ports = {key: int(value.rsplit(":", 1)[1]) for key, value in
                 (word.split("=", 1) for word in ready.split()[1:4])}
        self.port, self.admin = ports["gateway"], ports["admin"]
        self.url = f"rs://127.0.0.1:{ports['rawsocket']}"
        self.json_url = f"ws://127.0.0.1:{self.port}/ws"

    def publish(self, paths):
        self.publish_spec(spec(paths), f"{len(paths)} routes")

    def publish_spec(self, body, what):
        self.ask_admin("POST", "/api_specs", body, what)

    def ask_admin(self, method, path, body=None, what=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", body, {
            "content-type": "application/json",
            "authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()},
            method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return reply.read()
        except urllib.error.HTTPError as refused:
            raise Failed(f"{what or method + ' ' + path}: {refused.code} "
                         f"{refused.read(2000).decode(errors='replace')}") from refused

    def start_callee(self, answer, procedure=PROCEDURE, url=None):
        self.callees.append(start_callee(self.tools, self.folder, url or self.url, answer,
                                         procedure))

    def processes(self):
        return [self.gateway] + self.callees

    def stop(self):
        for process in reversed(self.processes()):
            process.stop()


def start_callee(tools, folder, url, answer, procedure=PROCEDURE, realm=REALM):
    """`answer` is encoded for the URL's kind; None: it never answers."""
    name = "callee-" + procedure.rsplit(".", 1)[1]
    file = "-" if answer is None else write(folder, "answer-" + name, answer)
    callee = Process(name, [f"{tools}/callee", url, realm, procedure, file], LOAD_CORE, folder)
    callee.wait_line(lambda line: line == "ready\n")
    return callee


NGINX = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream backend {{
        server 127.0.0.1:{backend};
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


class Nginx:
    """nginx as a reverse proxy with kept-alive upstream connections, before backend.c."""

    def __init__(self, tools, folder):
        folder = new_folder(folder, "nginx")
        self.backend = Process("backend", [f"{tools}/backend",
                                           write(folder, "answer.json", as_json(ANSWER))],
                               LOAD_CORE, folder)
        backend_port = self.backend.wait_line(str.strip)
        self.port = free_port()
        conf = write(folder, "nginx.conf", NGINX.format(
            folder=folder, backend=backend_port, port=self.port).encode())
        self.gateway = Process("nginx", ["nginx", "-p", folder, "-c", conf,
                                         "-e", f"{folder}/error.log"], GATEWAY_CORE, folder)
        self.wait_open()

    def wait_open(self):
        for _ in range(250):
            try:
                return get(self.port, PATH)
            except OSError:
                if self.gateway.child.poll() is not None:
                    break
                time.sleep(0.02)
        raise Failed(f"nginx did not start: {self.gateway.said()}")

    def processes(self):
        return [self.gateway, self.backend]

    def stop(self):
        self.gateway.stop()
        self.backend.stop()


class Relay:
    """relay.c, in the place of a router."""

    def __init__(self, tools, folder, answer, program="relay"):
        folder = new_folder(folder, "relay")
        self.gateway = Process("relay", [f"{tools}/{program}"], GATEWAY_CORE, folder)
        self.url = f"rs://127.0.0.1:{int(self.gateway.wait_line(str.strip))}"
        self.callee = start_callee(tools, folder, self.url, answer)

    def processes(self):
        return [self.gateway, self.callee]

    def stop(self):
        self.callee.stop()
        self.gateway.stop()


class Other:
    """A router that the user runs himself: what it costs is not known, only what it brings."""

    def __init__(self, tools, folder, url, realm, text):
        self.url = url
        answer = as_json(text) if url.startswith("ws:") else as_msgpack(text)
        self.callee = start_callee(tools, new_folder(folder, "other"), url, answer, realm=realm)

    def processes(self):
        return []

    def stop(self):
        self.callee.stop()
