"""Health, metrics and version: on the admin listener, without an identity."""
import re

from support.cli import postern
from support.patience import wait_until
from support.specs import text_of


def open_get(node, path, method="GET"):
    return node.ask_admin(method, path, user=None)


def test_ping_and_ready_are_204(node):
    for path in ("/ping", "/ready"):
        for method in ("GET", "HEAD"):
            answer = open_get(node, path, method)
            assert (answer.status, answer.body) == (204, b""), (method, path)


def test_version_agrees_with_the_program(node):
    answer = open_get(node, "/version")
    assert answer.status == 200
    assert answer.json()["name"] == "postern"
    assert postern("version").stdout.strip() == f"postern {answer.json()['version']}"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", answer.json()["version"])


SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (-?[0-9.e+-]+|NaN|\+Inf)$")


def test_metrics_are_prometheus_text(node):
    answer = open_get(node, "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    for line in lines:
        if not line.startswith("#"):
            name = SAMPLE.match(line).group(1)
            assert name.startswith("postern_"), line
            assert re.sub(r"_(bucket|sum|count)$", "", name) in typed or name in typed, line


def test_metrics_count_what_happens(node, peer):
    node.publish(text_of("probe.json"))
    requests = node.metric("postern_http_requests_total")
    calls = node.metric("postern_wamp_calls_total")
    sessions = node.metric("postern_wamp_sessions")
    service = peer("py-raw-msgpack")
    service.register("com.example.e2e.echo", "echo")
    for n in range(5):
        assert node.ask("POST", "/probe/echo", {"n": n}).status == 200
    wait_until(lambda: node.metric("postern_http_requests_total") >= requests + 5, "the requests")
    wait_until(lambda: node.metric("postern_wamp_calls_total") >= calls + 5, "the calls")
    wait_until(lambda: node.metric("postern_wamp_sessions") == sessions + 1, "the session")


def test_health_stays_open_to_pages_and_closed_to_other_methods(node):
    assert open_get(node, "/ping", "POST").status == 405
    assert node.ask_admin("GET", "/ping", user=None,
                          headers={"Origin": "http://elsewhere.example"}).status == 204


def test_secrets_are_not_in_the_log_or_in_the_metrics(node):
    node.ask_admin("GET", "/api_specs", password="a wrong secret")
    node.ask_admin("GET", "/api_specs")
    for text in (node.log_text(), open_get(node, "/metrics").text):
        assert node.password not in text and "a wrong secret" not in text
