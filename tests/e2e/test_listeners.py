"""Addresses, ports, TLS, PROXY headers, and who may share what."""
import contextlib
import json
import os
import random
import socket
import ssl
import struct
import subprocess

import pytest

from support.cli import curl, curl_parts, postern
from support.patience import PATIENCE, wait_until
from support.specs import static_spec, text_of
from support.wampraw import (CALL, HELLO, ROLES, WELCOME, WebSocket, connect, read_exactly,
                             read_to_end)


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


REALM = "com.example.e2e"


def free_port():
    """Below those that the kernel gives out, so that nobody is given it before its node starts."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


def make_certificate(where, name, host="localhost"):
    key, certificate = where / f"{name}.key", where / f"{name}.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1", "-keyout", str(key),
                    "-out", str(certificate)], check=True, capture_output=True)
    return key, certificate


# --- who holds what -------------------------------------------------------------------------------


def test_a_port_in_use_ends_the_start_and_names_its_holder(make_node):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        node = make_node(settings={"gateway.listen": f"127.0.0.1:{port}"})
        node.launch()
        assert node.wait() == 1
        assert f"port {port} is in use by pid {os.getpid()}" in node.log_text()


def test_a_second_node_on_the_same_data_is_refused(make_node):
    first = make_node("first").start()
    second = make_node("second", settings={"data.dir": str(first.home / "data")})
    second.launch()
    assert second.wait() == 1
    assert "another node uses the data directory" in second.log_text()
    assert first.ask_admin("GET", "/ready", user=None).status == 204
    assert first.stop() == 0


def test_a_data_directory_that_cannot_be_written_ends_the_start(make_node):
    node = make_node(settings={"data.dir": "/proc/nowhere"})
    node.launch()
    assert node.wait() == 1
    assert "/proc/nowhere" in node.log_text()


def test_listeners_may_be_off(make_node):
    node = make_node(settings={"rawsocket.listen": "off"}).start()
    assert node.rawsocket == "off"
    assert node.ask_admin("GET", "/ready", user=None).status == 204
    assert node.stop() == 0


def test_a_unix_socket_is_a_listener(make_node, tmp_path):
    path = tmp_path / "gateway.sock"
    node = make_node(settings={"gateway.listen": f"unix:{path}"}).start()
    node.create_open_realm(REALM)
    node.publish(static_spec("unix", 1))
    status, body = curl_parts(curl("--unix-socket", str(path), "http://localhost/unix/static"))
    assert (status, json.loads(body)) == (200, {"answer": 1})
    done = postern("call", "a.b", "--url", f"unix:{path}", "--realm", REALM)
    assert "no service registered a.b" in done.stderr
    assert node.stop() == 0
    node.restart()
    assert curl_parts(curl("--unix-socket", str(path), "http://localhost/unix/static"))[0] == 200
    assert node.stop() == 0


def test_a_node_may_listen_on_ipv6(make_node):
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    node = make_node(settings={"gateway.listen": "[::1]:0"}).start()
    assert node.gateway.startswith("[::1]:")
    assert curl_parts(curl(f"http://{node.gateway}/nothing"))[0] == 404
    assert node.stop() == 0


def test_the_admin_websocket_takes_its_own_origin_only(make_node):
    node = make_node().start()
    node.create_open_realm(REALM)
    for _ in range(2):
        with WebSocket(node.admin, headers=[f"Origin: http://{node.admin}"]) as wire:
            wire.join(REALM)
        with pytest.raises(AssertionError, match="403"):
            WebSocket(node.admin, headers=["Origin: http://evil.example"])
    assert node.stop() == 0


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture
def secure(make_node, tmp_path):
    """A node with TLS on each kind of listener, and where its TLS ports are."""
    key, certificate = make_certificate(tmp_path, "node")
    ports = {name: free_port() for name in ("gateway", "admin", "rawsocket")}
    settings = {}
    for name, port in ports.items():
        settings.update({f"{name}.tls.listen": f"127.0.0.1:{port}",
                         f"{name}.tls.certificate": str(certificate),
                         f"{name}.tls.key": str(key)})
    node = make_node(settings=settings).start()
    node.create_open_realm(REALM)
    spec = static_spec("secure", 1)
    spec["defaults"] = {"schemes": ["https"]}
    node.publish(spec)
    node.publish(static_spec("plain", 1))
    node.tls, node.key, node.certificate = ports, key, certificate
    return node


def trusting(node):
    return ssl.create_default_context(cafile=str(node.certificate))


def test_https_serves_what_is_for_https(secure):
    base = f"https://localhost:{secure.tls['gateway']}"
    trust = ["--cacert", str(secure.certificate)]
    assert curl_parts(curl(*trust, f"{base}/secure/static")) == (200, '{"answer":1}')
    assert curl_parts(curl(*trust, f"{base}/plain/static"))[0] == 404  # for http alone
    assert secure.ask("GET", "/secure/static").status == 404
    assert secure.ask("GET", "/plain/static").status == 200
    assert curl(f"{base}/secure/static").returncode == 60  # nobody trusts it without the file
    admin = f"https://localhost:{secure.tls['admin']}"
    assert curl_parts(curl(*trust, f"{admin}/ready"))[0] == 204
    assert secure.stop() == 0


def test_wss_and_rawsocket_over_tls(secure):
    context = trusting(secure)
    address = f"127.0.0.1:{secure.tls['gateway']}"
    with WebSocket(address, "json",
                   wrap=lambda sock: context.wrap_socket(sock, server_hostname="localhost")) as w:
        w.join(REALM)
        answer = w.ask(48, {}, "com.example.e2e.x", ["y" * 200_000])
        assert answer[4] == "wamp.error.no_such_procedure"
    for url in (f"wss://localhost:{secure.tls['gateway']}/ws",
                f"tls://localhost:{secure.tls['rawsocket']}",
                f"tls://localhost:{secure.tls['gateway']}"):
        done = postern("call", "a.b", "--url", url, "--realm", REALM,
                       "--ca-file", str(secure.certificate))
        assert "no service registered a.b" in done.stderr, (url, done.stderr)
        refused = postern("call", "a.b", "--url", url, "--realm", REALM)
        assert refused.returncode != 0 and "certificate" in refused.stderr, refused.stderr
    assert secure.stop() == 0


@pytest.mark.strict
def test_a_kept_alive_https_connection_may_become_a_websocket(secure):
    address = f"localhost:{secure.tls['gateway']}"
    plain = b"GET /secure/static HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for count, behind in ((1, None), (3, [HELLO, REALM, ROLES])):
        sock = trusting(secure).wrap_socket(connect(address), server_hostname="localhost")
        for _ in range(count):
            sock.sendall(plain)
            answer = b""
            while not answer.endswith(b'{"answer":1}'):
                answer += read_exactly(sock, 1)
        with WebSocket(address, "json", sock=sock, behind=behind) as wire:
            if behind:
                assert wire.receive()[0] == WELCOME
            else:
                wire.join(REALM)
            answer = wire.ask(CALL, {}, "com.example.e2e.x", ["y" * 200_000])
            assert answer[4] == "wamp.error.no_such_procedure"
    assert secure.stop() == 0


def test_large_bodies_cross_tls_both_ways(secure):
    node = secure
    spec = json.loads(text_of("probe.json"))
    spec["defaults"]["schemes"] = ["https"]
    node.publish(spec)
    from support.peer import Peer
    with Peer(node, REALM, "py-raw-msgpack") as service:
        service.register("com.example.e2e.echo", "echo")
        body = json.dumps({"text": "x" * 2_000_000})
        done = curl("--cacert", str(node.certificate), "-H", "Content-Type: application/json",
                    "--data-binary", "@-", f"https://localhost:{node.tls['gateway']}/probe/echo",
                    text=body)
        status, answer = curl_parts(done)
        assert status == 200 and json.loads(answer) == json.loads(body)
    assert node.stop() == 0


def test_the_events_example_is_for_its_host_and_for_those_it_can_tell_apart(secure):
    secure.create_open_realm("org.example.shop")
    published = secure.publish(text_of("events.json"))
    assert published["id"] == "org.example.events"
    base = f"https://localhost:{secure.tls['gateway']}/v2"
    trust = ["--cacert", str(secure.certificate)]
    host = ["-H", "Host: api.example.org"]
    assert curl_parts(curl(*trust, *host, f"{base}/health")) == (200, '{"ok":true}')
    assert curl_parts(curl(*trust, f"{base}/health"))[0] == 404  # another host's
    refused = curl(*trust, *host, "-H", "Authorization: Bearer x", "-H",
                   "Content-Type: application/json", "-d", "{}", f"{base}/events/tick")
    assert curl_parts(refused)[0] == 401
    assert secure.stop() == 0


def test_noise_on_a_tls_port_is_hung_up_on(secure):
    address = f"127.0.0.1:{secure.tls['gateway']}"
    for noise in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x7f\xf2\0\0", b"\x16\x03\x01\xff\xff",
                  b"\x80" * 100):
        with connect(address) as sock:
            sock.sendall(noise)
            with contextlib.suppress(OSError):  # hung up on already
                sock.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 2" not in read_to_end(sock)
    assert curl_parts(curl("-k", f"https://{address}/secure/static"))[0] == 200
    assert secure.stop() == 0


def test_sighup_takes_a_new_certificate(secure):
    def served():
        with connect(f"127.0.0.1:{secure.tls['gateway']}") as sock:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(sock) as tls:
                return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True))

    first = served()
    assert first.strip() in secure.certificate.read_text()
    make_certificate(secure.certificate.parent, "node")
    secure.process.send_signal(1)
    wait_until(lambda: served() != first, "the new certificate")
    good = served()
    secure.certificate.write_text("nonsense")  # refused: all stays as it was
    secure.process.send_signal(1)
    wait_until(lambda: "reload refused" in secure.log_text(), "the refusal")
    assert served() == good
    assert secure.stop() == 0


def test_client_certificates_are_asked_for_and_checked(make_node, tmp_path):
    key, certificate = make_certificate(tmp_path, "node")
    clients = {name: make_certificate(tmp_path, name, name) for name in ("client", "stranger")}
    port = free_port()
    node = make_node(settings={
        "gateway.tls.listen": f"127.0.0.1:{port}", "gateway.tls.certificate": str(certificate),
        "gateway.tls.key": str(key), "gateway.tls.client_ca": str(clients["client"][1])}).start()

    def ask_as(name):
        key, certificate_of = clients[name]
        return curl("--cacert", str(certificate), "--cert", str(certificate_of), "--key", str(key),
                    f"https://localhost:{port}/nothing")

    assert curl_parts(ask_as("client"))[0] == 404
    assert ask_as("stranger").returncode != 0
    assert node.stop() == 0


# --- PROXY protocol -------------------------------------------------------------------------------


@pytest.fixture
def proxied(make_node):
    node = make_node(settings={"gateway.proxy_protocol": "true",
                               "gateway.trusted_proxies": "127.0.0.0/8"}).start()
    node.create_open_realm(REALM)
    spec = static_spec("peer", "{{request.peername}}")
    node.publish(spec)
    return node


def ask_behind(node, header):
    with connect(node.gateway) as sock:
        sock.sendall(header + b"GET /peer/static HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return read_to_end(sock)


V2 = b"\r\n\r\n\0\r\nQUIT\n"


def test_the_proxys_word_about_the_client_is_taken(proxied):
    answer = ask_behind(proxied, b"PROXY TCP4 203.0.113.7 192.0.2.1 4321 80\r\n")
    assert b'"answer":"203.0.113.7:4321"' in answer, answer
    answer = ask_behind(proxied, b"PROXY TCP6 2001:db8::7 2001:db8::1 4321 80\r\n")
    assert b"2001:db8::7" in answer, answer
    addresses = socket.inet_aton("203.0.113.9") + socket.inet_aton("192.0.2.1")
    answer = ask_behind(proxied, V2 + b"\x21\x11" + struct.pack(">H", 12) + addresses +
                        struct.pack(">HH", 999, 80))
    assert b'"answer":"203.0.113.9:999"' in answer, answer
    answer = ask_behind(proxied, V2 + b"\x20\x00\0\0")  # LOCAL: the proxy's own
    assert b'"answer":"127.0.0.1:' in answer, answer
    assert proxied.stop() == 0


@pytest.mark.parametrize("header", [
    b"", b"PROXY TCP4 203.0.113.7 192.0.2.1 4321\r\n", b"PROXY TCP4 300.0.0.1 1.1.1.1 1 2\r\n",
    b"PROXY " + b"x" * 200 + b"\r\n", V2 + b"\x31\x11\0\x0c", V2 + b"\x21\x11\0\x02\0\0"],
    ids=["none", "half", "no address", "endless", "version 3", "too short"])
def test_without_a_good_proxy_header_nobody_is_served(proxied, header):
    assert ask_behind(proxied, header) == b""
    assert proxied.stop() == 0


def test_a_stranger_cannot_pose_as_a_proxy(make_node):
    node = make_node(settings={"gateway.proxy_protocol": "true",
                               "gateway.trusted_proxies": "192.0.2.0/24"}).start()
    assert ask_behind(node, b"PROXY TCP4 203.0.113.7 192.0.2.1 4321 80\r\n") == b""
    assert node.stop() == 0


# --- sniffing -------------------------------------------------------------------------------------


def test_one_port_speaks_everything_however_slowly_it_comes(make_node):
    node = make_node().start()
    node.create_open_realm(REALM)
    node.publish(static_spec("slowly", 1))
    with connect(node.gateway) as sock:
        for byte in b"GET /ws" + b"lowly/static HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
            sock.sendall(bytes([byte]))
        assert b" 404 " in read_to_end(sock)
    with connect(node.gateway) as sock:
        for byte in b"\x7f\xf2\0\0":
            sock.sendall(bytes([byte]))
        assert read_exactly(sock, 4)[0] == 0x7F
    with WebSocket(node.gateway, "msgpack") as wire:
        wire.join(REALM)
    assert node.ask("GET", "/slowly/static", timeout=PATIENCE).status == 200
    assert node.stop() == 0
