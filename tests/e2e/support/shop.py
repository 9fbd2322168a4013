"""The service behind specs/marketplace.json, in Python."""
from autobahn.wamp.exception import ApplicationError

items = {}


def list_items(query):
    found = [items[key] for key in sorted(items)]
    return {"items": found[:int(query.get("limit", 100))], "query": query}


def add(item):
    if item.get("stock", 1) < 1:
        raise ApplicationError("org.example.error.out_of_stock", "nothing left",
                               name=item["name"])
    key = len(items) + 1
    items[key] = {**item, "id": key}
    return items[key]


def find(key):
    if key not in items:
        raise ApplicationError("bondy.error.not_found", f"no item {key}", id=key)
    return items[key]


def delete(key):
    find(key)
    del items[key]


PROCEDURES = {"list_items": list_items, "add_item": add, "get_item": find, "delete_item": delete}
