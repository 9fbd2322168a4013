"""The shop of specs/marketplace.json, published as it is, served by each kind of client."""
import json

import msgpack
import pytest

from support.cli import curl, curl_parts
from support.peer import KINDS, Peer
from support.specs import path_of, text_of

REALM = "org.example.shop"
PROCEDURES = {"list": "list_items", "add": "add_item", "get": "get_item", "delete": "delete_item"}
BASE = "/inventory/v1.0"


@pytest.fixture(scope="module")
def realm():
    return REALM


@pytest.fixture(scope="module", autouse=True)
def published(node):
    node.create_open_realm(REALM)
    status, body = curl_parts(curl("-u", f"admin:{node.password}", "--data-binary",
                                   "@" + path_of("marketplace.json"),
                                   f"http://{node.admin}/api_specs"))
    assert status == 200, body
    assert json.loads(body)["warnings"] == []


@pytest.fixture(scope="module", params=list(KINDS))
def shop(request, node):
    with Peer(node, REALM, request.param) as service:
        for name, behaviour in PROCEDURES.items():
            service.register(f"org.example.items.{name}", behaviour)
        yield service


def test_every_method_of_the_marketplace(node, shop):
    added = node.ask("POST", f"{BASE}/items", {"name": "Überraschung", "price": 1.5, "stock": 2})
    assert added.status == 201, added.text
    place = added.headers["location"]
    key = added.json()["id"]
    assert place == f"{BASE}/items/{key}"
    assert added.headers["cache-control"] == "no-store"
    assert added.headers["content-type"].startswith("application/json")
    assert added.json() == {"name": "Überraschung", "price": 1.5, "stock": 2, "id": key}

    item = node.ask("GET", place)
    assert (item.status, item.json()) == (200, added.json())

    listed = node.ask("GET", f"{BASE}/items?limit=5&page=2&other=x")
    assert listed.status == 200
    assert listed.json() == {"items": [added.json()], "query": {"limit": "5", "page": "2"}}

    sold_out = node.ask("POST", f"{BASE}/items", {"name": "gone", "stock": 0})
    assert sold_out.status == 409, sold_out.text
    assert sold_out.json() == {"code": "org.example.error.out_of_stock", "name": "gone"}

    missing = node.ask("GET", f"{BASE}/items/77")
    assert missing.status == 404
    assert missing.json() == {"code": "bondy.error.not_found", "id": 77}

    options = node.ask("OPTIONS", place)
    assert options.status == 200 and options.body == b""
    assert set(options.headers["allow"].split(", ")) >= {"GET", "DELETE", "OPTIONS"}

    deleted = node.ask("DELETE", place)
    assert (deleted.status, deleted.body) == (204, b"")
    assert node.ask("GET", place).status == 404

    head = node.ask("HEAD", f"{BASE}/items")
    assert (head.status, head.body) == (200, b"")


def test_the_optional_segment_may_be_missing(node, shop):
    assert node.ask("GET", "/inventory/items").status == 200
    assert node.ask("GET", "/inventory/items/").status == 200


def test_msgpack_in_and_out(node, shop):
    item = {"name": "binary", "stock": 1, "tags": ["a", "b"], "big": 2**40, "none": None}
    added = node.ask("POST", f"{BASE}/items", msgpack.packb(item),
                     {"Content-Type": "application/msgpack", "Accept": "application/msgpack"})
    assert added.status == 201, added.text
    assert added.headers["content-type"] == "application/msgpack"
    key = int(added.headers["location"].rpartition("/")[2])
    assert msgpack.unpackb(added.body) == {**item, "id": key}
    assert node.ask("DELETE", f"{BASE}/items/{key}").status == 204


def test_the_published_text_is_kept_unchanged(node):
    kept = node.ask_admin("GET", "/api_specs/org.example.inventory").json()
    assert kept == json.loads(text_of("marketplace.json"))
