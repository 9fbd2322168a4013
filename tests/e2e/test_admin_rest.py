"""The admin API: every path of specs/admin.json with its status and body, and how lists page."""
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from support.patience import wait_until
from support.specs import static_spec

SPEC = json.loads((Path(__file__).parents[2] / "specs" / "admin.json").read_text())
PATHS = SPEC["versions"]["1.0.0"]["paths"]
HOME = "com.example.rest"
R = f"/realms/{HOME}"


@pytest.fixture(scope="module")
def realm():
    return HOME


@pytest.fixture(scope="module")
def admin(node):
    """Asks, and says whether the status is as expected."""
    answer = node.ask_admin("POST", "/realms", {
        "uri": HOME, "authmethods": ["anonymous", "password"],
        "grants": [{"permissions": ["wamp.register", "wamp.unregister", "wamp.subscribe",
                                    "wamp.unsubscribe", "wamp.call", "wamp.publish"],
                    "uri": "", "match": "prefix", "roles": ["anonymous"]}],
        "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous",
                     "cidr": "0.0.0.0/0"}]})
    assert answer.status == 201, answer.text
    assert answer.headers["location"] == R and answer.json()["uri"] == HOME

    def ask(method, path, status, body=None, headers=None):
        answer = node.ask_admin(method, path, body, headers)
        assert answer.status == status, (method, path, answer.status, answer.text)
        answer.value = json.loads(answer.text) if answer.text else None
        return answer
    return ask


def refused(answer, code):
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] == code and problem["detail"] and problem["request_id"], problem
    assert problem["status"] == answer.status
    assert {"message", "description"} <= set(problem)


# --- realms -------------------------------------------------------------------------------------

def test_a_realm_is_read_changed_and_deleted(admin):
    uri = "com.example.short"
    admin("POST", "/realms", 201, {"uri": uri})
    refused(admin("POST", "/realms", 409, {"uri": uri}), "bondy.error.already_exists")
    got = admin("GET", f"/realms/{uri}", 200)
    assert got.value["uri"] == uri and re.fullmatch(r'"\d+"', got.headers["etag"])
    changed = admin("PUT", f"/realms/{uri}", 200, {"description": "changed"})
    assert changed.value["description"] == "changed"
    assert changed.headers["etag"] != got.headers["etag"]
    refused(admin("PUT", f"/realms/{uri}", 412, {"description": "late"},
                  {"If-Match": got.headers["etag"]}), "bondy.error.precondition_failed")
    admin("DELETE", f"/realms/{uri}", 204)
    admin("GET", f"/realms/{uri}", 404)
    admin("DELETE", f"/realms/{uri}", 404)


def test_a_realm_with_users_goes_only_by_force(admin):
    uri = "com.example.peopled"
    admin("POST", "/realms", 201, {"uri": uri, "users": [{"username": "una", "password": "secret-1"}]})
    refused(admin("DELETE", f"/realms/{uri}", 409), "bondy.error.active_users")
    admin("DELETE", f"/realms/{uri}?force=true", 204)


def test_security_is_switched_off_and_on(admin):
    uri = "com.example.switched"
    admin("POST", "/realms", 201, {"uri": uri})
    path = f"/realms/{uri}/security_enabled"
    assert admin("GET", path, 200).value is True
    admin("DELETE", path, 204)
    assert admin("GET", path, 200).value is False
    admin("PUT", path, 204)
    assert admin("GET", path, 200).value is True


# --- users, groups, grants, sources -------------------------------------------------------------

def test_a_users_life(admin):
    admin("POST", f"{R}/groups", 200, {"name": "crew"})
    added = admin("POST", f"{R}/users", 200,
                  {"username": "ann", "password": "secret-1", "meta": {"a": 1}})
    assert added.value["username"] == "ann" and "password" not in added.value
    assert "secret-1" not in added.text and "argon2" not in added.text
    refused(admin("POST", f"{R}/users", 409, {"username": "ann"}), "bondy.error.already_exists")
    assert admin("GET", f"{R}/users/ann", 200).value["meta"] == {"a": 1}
    assert "ann" in [u["username"] for u in admin("GET", f"{R}/users", 200).value]
    assert admin("PUT", f"{R}/users/ann", 200, {"meta": {"b": 2}}).value["meta"] == {"b": 2}
    admin("POST", f"{R}/users/ann/change_password", 204, {"new_password": "secret-2"})
    refused(admin("POST", f"{R}/users/ann/change_password", 400, {}),
            "bondy.error.missing_required_value")
    refused(admin("POST", f"{R}/users/ann/change_password", 400, "[]"), "bondy.error.invalid_data")
    admin("POST", f"{R}/services/change_password", 204,
          {"username": "ann", "new_password": "secret-3"})
    enabled = f"{R}/users/ann/enabled"
    assert admin("GET", enabled, 200).value is True
    admin("DELETE", enabled, 204)
    assert admin("GET", enabled, 200).value is False
    admin("PUT", enabled, 204)
    admin("POST", f"{R}/users/ann/aliases", 204, '"annie"')
    admin("PUT", f"{R}/users/ann/aliases/anny", 204)
    admin("DELETE", f"{R}/users/ann/aliases/anny", 204)
    assert admin("GET", f"{R}/users/annie", 200).value["username"] == "ann"
    admin("PUT", f"{R}/users/ann/groups/crew", 204)
    assert "crew" in admin("GET", f"{R}/users/ann", 200).value["groups"]
    admin("DELETE", f"{R}/users/ann/groups/crew", 204)
    assert admin("GET", f"{R}/users/ann/grants", 200).value == []
    admin("DELETE", f"{R}/users/ann", 204)
    admin("GET", f"{R}/users/ann", 404)


def test_api_keys_are_said_once(admin):
    admin("POST", f"{R}/users", 200, {"username": "keyed", "password": "secret-1"})
    made = admin("POST", f"{R}/users/keyed/api_keys", 200, {"name": "ci"}).value
    assert made["key"].startswith("pk_")
    listed = admin("GET", f"{R}/users/keyed/api_keys", 200)
    assert made["key"].rsplit("_", 1)[1] not in listed.text
    assert [k["id"] for k in listed.value] == [made["id"]]
    admin("DELETE", f"{R}/users/keyed/api_keys/{made['id']}", 204)
    assert admin("GET", f"{R}/users/keyed/api_keys", 200).value == []


def test_a_groups_life(admin):
    added = admin("POST", f"{R}/groups", 200, {"name": "band", "meta": {"x": 1}})
    assert added.value["name"] == "band"
    got = admin("GET", f"{R}/groups/band", 200)
    assert got.value["meta"] == {"x": 1} and got.headers["etag"] == added.headers["etag"]
    assert admin("PUT", f"{R}/groups/band", 200, {"meta": {"x": 2}}).value["meta"] == {"x": 2}
    refused(admin("PUT", f"{R}/groups/band", 412, {"meta": {}},
                  {"If-Match": got.headers["etag"]}), "bondy.error.precondition_failed")
    assert admin("GET", f"{R}/groups/band/grants", 200).value == []
    assert "band" in [g["name"] for g in admin("GET", f"{R}/groups", 200).value]
    admin("DELETE", f"{R}/groups/band", 204)
    admin("GET", f"{R}/groups/band", 404)


def test_what_is_granted_allows_until_it_is_revoked(admin):
    admin("POST", f"{R}/groups", 200, {"name": "callers"})
    admin("POST", f"{R}/users", 200,
          {"username": "carl", "password": "secret-1", "groups": ["callers"]})
    grant = {"permissions": ["wamp.call"], "uri": "com.shop.", "match": "prefix",
             "roles": ["callers"]}
    question = {"authid": "carl", "permission": "wamp.call", "resource": "com.shop.buy"}
    assert admin("POST", f"{R}/grants/test", 200, question).value["allowed"] is False
    admin("POST", f"{R}/grants", 204, grant)
    assert admin("POST", f"{R}/grants/test", 200, question).value["allowed"] is True
    assert any(g["resources"][0]["uri"] == "com.shop." if "resources" in g else "com.shop." in str(g)
               for g in admin("GET", f"{R}/grants", 200).value)
    assert admin("GET", f"{R}/groups/callers/grants", 200).value
    admin("PUT", f"{R}/grants", 204, grant)
    assert admin("POST", f"{R}/grants/test", 200, question).value["allowed"] is False
    refused(admin("POST", f"{R}/grants", 400, {**grant, "roles": ["nobody"]}),
            "bondy.error.unknown_roles")


def test_sources_say_where_a_user_may_come_from(admin):
    admin("POST", f"{R}/users", 200, {"username": "sue", "password": "secret-1"})
    source = {"usernames": ["sue"], "authmethod": "password", "cidr": "10.0.0.0/8"}
    admin("POST", f"{R}/sources", 200, source)
    assert "10.0.0.0/8" in admin("GET", f"{R}/sources", 200).text
    assert "10.0.0.0/8" in admin("GET", f"{R}/users/sue/sources", 200).text
    admin("POST", f"{R}/sources", 200, {**source, "authmethod": "wampcra"})
    admin("DELETE", f"{R}/users/sue/sources?cidr=10.0.0.0%2F8&authmethod=wampcra", 204)
    left = admin("GET", f"{R}/users/sue/sources", 200).value
    assert [s["authmethod"] for s in left if s["cidr"] == "10.0.0.0/8"] == ["password"]
    admin("DELETE", f"{R}/users/sue/sources?cidr=10.0.0.0%2F8", 204)
    assert "10.0.0.0/8" not in admin("GET", f"{R}/users/sue/sources", 200).text


# --- what goes on in a realm --------------------------------------------------------------------

def test_sessions_are_seen_and_sent_away(admin, peer):
    worker = peer("py-ws-json", at=HOME)
    worker.register("com.rest.work", "echo")
    ids = admin("GET", f"{R}/sessions", 200).value
    assert len(ids) == 1
    details = admin("GET", f"{R}/sessions/{ids[0]}", 200).value
    assert details["session"] == ids[0] and details["realm"] == HOME
    admin("GET", f"{R}/sessions/1", 404)
    admin("GET", f"{R}/sessions/x", 404)
    admin("DELETE", f"{R}/sessions/1", 404)
    admin("DELETE", f"{R}/sessions/{ids[0]}", 204)
    wait_until(lambda: admin("GET", f"{R}/sessions", 200).value == [], "the session is gone")
    assert admin("GET", f"{R}/registrations?filter=com.rest.work", 200).value == []


def test_who_has_no_grants_is_let_in_and_may_nothing(node, admin):
    master = "/realms/com.leapsight.bondy"
    admin("POST", f"{master}/users", 200, {"username": "clerk", "password": "no-rights-1"})
    for path, item in sorted(PATHS.items()):
        there = re.sub(r":(id|session_id)", "1", path)
        there = re.sub(r":(\w+)", "x", there)
        for method in sorted(set(item) & {"get", "put", "post", "delete"}):
            operation = item[method]
            wanted = operation.get("requires", []) if isinstance(operation, dict) else []
            body = json.dumps({name: "x" for name in wanted}) if method in ("put", "post") else None
            answer = node.ask_admin(method.upper(), there, body, user="clerk",
                                    password="no-rights-1")
            assert answer.status == 403, (method, there, answer.status, answer.text)
            assert answer.json().get("code", "wamp.error.not_authorized") == \
                "wamp.error.not_authorized"
    admin("DELETE", f"{master}/users/clerk", 204)
    assert node.ask_admin("GET", "/realms", user="clerk", password="no-rights-1").status == 401


def test_registrations_and_subscriptions_are_listed(admin, peer):
    worker = peer("py-ws-json", at=HOME)
    for name in ("com.list.a", "com.list.b", "com.list.c"):
        worker.register(name, "echo")
    worker.subscribe("com.list.topic")
    listed = admin("GET", f"{R}/registrations?filter=com.list", 200)
    assert [e["uri"] for e in listed.value] == ["com.list.a", "com.list.b", "com.list.c"]
    assert listed.headers["x-total-count"] == "3"
    first = listed.value[0]
    assert set(first) == {"type", "realm_uri", "entry_id", "uri", "match_policy", "ref",
                          "callback_args", "created", "options", "origin_ref"}
    assert first["type"] == "registration" and first["realm_uri"] == HOME
    one = admin("GET", f"{R}/registrations/{first['entry_id']}", 200).value
    assert one["uri"] == "com.list.a" and one["match"] == "exact"
    callees = admin("GET", f"{R}/registrations/{first['entry_id']}/callees", 200).value
    assert [str(c) for c in callees] == [first["ref"]]
    assert admin("GET", f"{R}/callees?procedure=com.list.b", 200).value[0]["uri"] == "com.list.b"
    assert len(admin("GET", f"{R}/callees/{callees[0]}", 200).value) >= 3
    summary = admin("GET", f"{R}/registrations_summary", 200).value
    assert first["entry_id"] in summary["exact"]
    topics = admin("GET", f"{R}/subscriptions?filter=com.list", 200).value
    assert [e["uri"] for e in topics] == ["com.list.topic"] and topics[0]["type"] == "subscription"
    assert topics[0]["entry_id"] in admin("GET", f"{R}/subscriptions_summary", 200).value["exact"]
    walked, path = [], f"{R}/registrations?filter=com.list&limit=1"
    while path:
        page = admin("GET", path, 200)
        walked += [e["uri"] for e in page.value]
        link = page.headers.get("link")
        path = re.fullmatch(r'<(.*)>; rel="next"', link).group(1) if link else None
    assert walked == ["com.list.a", "com.list.b", "com.list.c"]
    admin("GET", f"{R}/registrations?cursor=nonsense", 400)
    refused(admin("GET", "/realms/com.example.none/registrations", 404), "wamp.error.no_such_realm")


# --- services -----------------------------------------------------------------------------------

def test_any_procedure_can_be_called(admin):
    answer = admin("POST", "/services/call", 200, {"procedure": "bondy.ping"}).value
    assert answer["args"] == ["pong"] and answer["kwargs"] == {} and "details" in answer
    answer = admin("POST", "/services/call", 200,
                   {"procedure": "bondy.realm.get", "args": [HOME], "kwargs": {"details": True}})
    assert answer.value["args"][0]["uri"] == HOME and answer.value["kwargs"]["version"] >= 1
    failed = admin("POST", "/services/call", 404,
                   {"procedure": "bondy.realm.get", "args": ["com.example.none"]}).value
    assert failed["error_uri"].endswith(("no_such_realm", "not_found"))
    assert set(failed) == {"error_uri", "args", "kwargs", "details"}
    for bad in ("[]", "{}", '{"procedure": 1}', '{"procedure": "bondy.ping", "args": {}}', '""'):
        admin("POST", "/services/call", 400, bad)


def test_the_audit_knows_what_was_done(admin):
    admin("POST", f"{R}/groups", 200, {"name": "watched"})
    rows = admin("GET", "/audit?limit=5", 200)
    assert len(rows.value) <= 5 and "watched" in rows.text


def test_a_session_is_told_about_itself(node, peer):
    worker = peer("py-ws-json", at=HOME)
    assert worker.call("bondy.ping")["args"] == ["pong"]
    details = worker.call("bondy.session.self")["args"][0]
    assert details["realm"] == HOME and details["x_authroles"] == ["anonymous"]


# --- lists --------------------------------------------------------------------------------------

def pages_of(admin, path):
    names, total = [], None
    while path:
        page = admin("GET", path, 200)
        names.append([g.get("name") or g.get("username") for g in page.value])
        total = int(page.headers["x-total-count"])
        link = page.headers.get("link")
        path = re.fullmatch(r'<(.*)>; rel="next"', link).group(1) if link else None
    return names, total


def test_lists_page_sort_and_filter(admin):
    base = "/realms/com.example.paged"
    admin("POST", "/realms", 201, {"uri": "com.example.paged"})
    wanted = [f"g{i:02}" for i in range(7)]
    for name in wanted:
        admin("POST", f"{base}/groups", 200, {"name": name})
    pages, total = pages_of(admin, f"{base}/groups?limit=3")
    assert [n for page in pages for n in page] == wanted and total == 7
    assert [len(page) for page in pages] == [3, 3, 1]
    pages, _ = pages_of(admin, f"{base}/groups?limit=4&sort=-name")
    assert [n for page in pages for n in page] == wanted[::-1]
    pages, total = pages_of(admin, f"{base}/groups?filter=G03")
    assert pages == [["g03"]] and total == 1
    pages, _ = pages_of(admin, f"/v1.0{base}/groups?limit=5")
    assert [n for page in pages for n in page] == wanted
    for name in ("ann", "bea", "cid"):
        admin("POST", f"{base}/users", 200, {"username": name, "groups": ["g03"]})
    admin("POST", f"{base}/users", 200, {"username": "dan"})
    walked, path = [], f"{base}/users?group=g03&limit=2"
    while path:
        page = admin("GET", path, 200)
        walked.append([u["username"] for u in page.value])
        assert page.headers["x-total-count"] == "3"
        link = page.headers.get("link")
        path = re.match("<(.*)>", link).group(1) if link else None
    assert walked == [["ann", "bea"], ["cid"]]
    for bad in ("limit=0", "limit=x", "limit=-1", "sort=size", "limit"):
        admin("GET", f"{base}/groups?{bad}", 400)


def test_etags_guard_every_change(admin):
    admin("POST", f"{R}/groups", 200, {"name": "guarded"})
    etag = admin("GET", f"{R}/groups/guarded", 200).headers["etag"]
    admin("PUT", f"{R}/groups/guarded", 400, {"meta": {}}, {"If-Match": "nonsense"})
    admin("PUT", f"{R}/groups/guarded", 200, {"meta": {"n": 1}}, {"If-Match": etag})
    admin("PUT", f"{R}/groups/guarded", 412, {"meta": {"n": 2}}, {"If-Match": etag})
    admin("PUT", f"{R}/groups/guarded", 200, {"meta": {"n": 3}}, {"If-Match": "*"})


# --- every path ---------------------------------------------------------------------------------

def test_bodies_may_be_yaml_or_msgpack(admin):
    admin("POST", f"{R}/groups", 200, "name: yaml\nmeta: {a: [1, x]}\n",
          {"Content-Type": "application/yaml"})
    assert admin("GET", f"{R}/groups/yaml", 200).value["meta"] == {"a": [1, "x"]}
    admin("POST", f"{R}/groups", 400, "name: [", {"Content-Type": "application/yaml"})
    admin("POST", f"{R}/groups", 200, b"\x81\xa4name\xa4pack",
          {"Content-Type": "application/msgpack"})


@pytest.mark.parametrize("path", sorted(PATHS))
def test_a_path_says_its_methods_and_lets_nobody_in(node, path):
    there = re.sub(r":(id|session_id)", "1", path)
    there = re.sub(r":(\w+)", "x", there)
    declared = {m.upper() for m in PATHS[path] if m in ("get", "put", "post", "patch", "delete")}
    options = node.ask_admin("OPTIONS", there, user=None)
    assert options.status == 200
    assert set(options.headers["allow"].split(", ")) == declared | {"OPTIONS"}
    for method in ("GET", "PUT", "POST", "DELETE", "PATCH"):
        body = "{}" if method in ("PUT", "POST", "PATCH") else None
        answer = node.ask_admin(method, there, body, user=None)
        assert answer.status == (401 if method in declared else 405), (method, there, answer.text)
        if method in declared:
            assert answer.headers["www-authenticate"].startswith("Basic ")


# --- what the API says of itself ----------------------------------------------------------------

def refs(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for member in value.values():
            yield from refs(member)
    elif isinstance(value, list):
        for member in value:
            yield from refs(member)


def test_the_api_describes_itself(admin):
    told = admin("GET", "/openapi.json", 200).value
    assert told["openapi"] == "3.1.0" and told["info"]["title"] and told["info"]["version"]
    wanted = {re.sub(r":(\w+)", r"{\1}", p) for p in PATHS}
    assert set(told["paths"]) == wanted
    seen = set()
    for path, item in told["paths"].items():
        spec = PATHS[re.sub(r"\{(\w+)\}", r":\1", path)]
        methods = set(item) & {"get", "put", "post", "delete", "patch"}
        assert methods == set(spec) & {"get", "put", "post", "delete", "patch"}, path
        for method in methods:
            operation = item[method]
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation["summary"] and operation["x-wamp"]["procedure"].startswith("bondy.")
            in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")
            assert all(re.fullmatch(r"[1-5](\d\d|XX)|default", s) for s in operation["responses"])
            assert "default" in operation["responses"] and len(operation["responses"]) == 2
            for response in operation["responses"].values():
                assert "$ref" in response or response["description"]
            if "requestBody" in operation:
                assert operation["requestBody"]["content"]
    for ref in refs(told):
        at = told
        for part in ref.removeprefix("#/").split("/"):
            at = at[part]
    users = told["paths"]["/realms/{realm_uri}/users"]
    assert {p["name"] for p in users["get"]["parameters"] if p["in"] == "query"} == {
        "limit", "cursor", "sort", "filter", "group"}
    assert "if-match" in [p["name"] for p in users["post"]["parameters"]]
    assert "201" in told["paths"]["/realms"]["post"]["responses"]
    password = told["paths"]["/realms/{realm_uri}/users/{id}/change_password"]["post"]
    schema = password["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["new_password"]


@pytest.mark.parametrize("name", [".", "..", "\u2024\u2024", "\uff0e"])
def test_nothing_is_called_what_a_url_takes_for_a_way(admin, node, realm, name):
    """DELETE /realms/R/groups/.. is DELETE /realms/R once a client has made it short."""
    made = node.ask_admin("POST", f"/realms/{realm}/groups", {"name": name})
    assert made.status == 400, made.text
    told = node.ask_admin("POST", "/api_specs", {**static_spec("way", 1, realm), "id": name})
    if set(name) == {"."}:
        assert told.status == 422 and "leads elsewhere" in told.text
    else:
        assert told.status == 200 and node.ask_admin("DELETE", f"/api_specs/{quote(name)}").status == 204
