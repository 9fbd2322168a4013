"""Specifications that tests publish."""
import json

from .places import E2E, ROOT


def text_of(name):
    """One of the tests' own, else one of the project's."""
    own = E2E / "specs" / name
    return (own if own.exists() else ROOT / "specs" / name).read_text()


def spec_of(name, **changes):
    spec = json.loads(text_of(name))
    spec.update(changes)
    return spec


def path_of(name):
    own = E2E / "specs" / name
    return str(own if own.exists() else ROOT / "specs" / name)


def static_spec(name, answer, realm="com.example.e2e", path="/static"):
    """A spec of its own base path that answers by itself."""
    return {
        "id": f"com.example.{name}", "name": name, "host": "_", "realm_uri": realm,
        "versions": {"1": {"base_path": f"/{name}", "paths": {path: {"get": {
            "action": {"type": "static"},
            "response": {"on_result": {"body": {"answer": answer}}, "on_error": {}}}}}}},
    }
