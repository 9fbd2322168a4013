"""Publishing and what else the admin API does with specifications."""
import json

import pytest

from support.cli import curl, curl_parts
from support.specs import path_of, spec_of, static_spec, text_of


@pytest.fixture(scope="module", params=["mhd", "h1"])
def front(request):
    return request.param


def url_of(node, path):
    return f"http://{node.admin}{path}"


def answer_of(node, name):
    return node.ask("GET", f"/{name}/static").json()["answer"]


def test_curl_publishes_a_json_file(node):
    status, body = curl_parts(curl("-u", f"admin:{node.password}", "--data-binary",
                                   "@" + path_of("echo.json"), url_of(node, "/api_specs")))
    assert status == 200, body
    published = json.loads(body)
    assert published["id"] == "com.example.echo"
    assert published["version"] == 1 and published["changed"] is True
    assert len(published["nodes"]) == 1
    assert answer_of(node, "echo") == 1


def test_curl_publishes_a_yaml_file(node):
    status, body = curl_parts(curl("-u", f"admin:{node.password}", "--data-binary",
                                   "@" + path_of("echo.yaml"), url_of(node, "/api_specs")))
    assert status == 200, body
    assert answer_of(node, "yaml") == "yaml"


def test_bondys_own_path_publishes_too(node):
    answer = node.ask_admin("POST", "/services/load_api_spec", static_spec("bondy", 1))
    assert answer.status == 200, answer.text
    assert answer_of(node, "bondy") == 1


def test_an_unchanged_spec_makes_no_version(node):
    spec = static_spec("unchanged", 1)
    assert node.publish(spec)["changed"] is True
    again = node.publish(json.dumps(spec, indent=4))
    assert again["changed"] is False and again["version"] == 1


def test_a_new_version_replaces_the_old_at_once(node):
    for version in range(1, 6):
        published = node.publish(static_spec("replaced", version))
        assert published["version"] == version
        assert answer_of(node, "replaced") == version


def test_all_mistakes_are_told_at_once_and_nothing_changes(node):
    good = static_spec("wrong", "good")
    node.publish(good)
    text = json.dumps(static_spec("wrong", "bad"), indent=1)
    text = text.replace('"base_path"', '"base_paht"').replace('"static"', '"statik"')
    answer = node.ask_admin("POST", "/api_specs", text)
    assert answer.status == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == 422 and problem["request_id"]
    errors = [e for e in problem["errors"] if e["severity"] == "error"]
    assert len(errors) >= 2
    lines = text.splitlines()
    for error in problem["errors"]:
        assert 1 <= error["line"] <= len(lines)
        assert 1 <= error["column"] <= len(lines[error["line"] - 1]) + 1
        assert error["detail"] and "pointer" in error
    nearest = {error.get("nearest") for error in problem["errors"]}
    assert {"base_path", "static"} <= nearest, problem["errors"]
    action = next(e for e in errors if e.get("nearest") == "static")
    assert action["pointer"] == "/versions/1/paths/~1static/get/action/type"
    assert "statik" in lines[action["line"] - 1]
    assert lines[action["line"] - 1][action["column"] - 1:].startswith('"')
    assert answer_of(node, "wrong") == "good"
    assert node.ask_admin("GET", "/api_specs/com.example.wrong/versions").json()[-1]["version"] == 1


def test_template_mistakes_have_positions(node):
    spec = static_spec("templates", 1)
    operation = spec["versions"]["1"]["paths"]["/static"]["get"]
    operation["response"]["on_result"]["body"] = {
        "unknown": "{{request.path |> heads}}",
        "nowhere": "{{variables.missing}}",
    }
    spec["variables"] = {"a": "{{variables.b}}", "b": "{{variables.a}}"}
    operation["response"]["on_result"]["headers"] = {"x-a": "{{variables.a}}"}
    text = json.dumps(spec, indent=1)
    answer = node.ask_admin("POST", "/api_specs", text)
    assert answer.status == 422, answer.text
    errors = answer.json()["errors"]
    lines = text.splitlines()

    def at(word):
        return [e for e in errors if word in lines[e["line"] - 1]]

    assert at("heads") and at("heads")[0]["nearest"] == "head"
    assert at("missing")
    assert any("cycl" in e["detail"] or "itself" in e["detail"] for e in errors), errors


def test_an_unused_unresolvable_variable_is_a_warning(node):
    spec = static_spec("warned", 1)
    spec["variables"] = {"unused": "{{variables.missing}}"}
    published = node.publish(spec)
    assert [w["severity"] for w in published["warnings"]] == ["warning"]


def test_unreadable_text_is_400_with_a_position(node):
    answer = node.ask_admin("POST", "/api_specs", '{"id": "x",\n  "name" 1}')
    assert answer.status == 400, answer.text
    assert answer.json()["errors"][0]["line"] == 2
    assert node.ask_admin("POST", "/api_specs", "").status == 400
    assert node.ask_admin("POST", "/api_specs", "a: [1, 2\nb: }").status == 400
    assert node.ask_admin("POST", "/api_specs", b"\xff\xfe\x00").status == 400


def test_a_document_that_is_no_spec_is_refused(node):
    for body in ("[]", "42", "{}", '"text"', "null", "[1]", '[{"id":"a"}]'):
        assert node.ask_admin("POST", "/api_specs", body).status in (400, 422), body


def test_yaml_bombs_are_refused(node):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for this, last in zip("bcdefghij", "abcdefghi"):
        bomb += f"{this}: &{this} [{', '.join(['*' + last] * 9)}]\n"
    before = node.rss_kib()
    assert node.ask_admin("POST", "/api_specs", bomb).status in (400, 413, 422)
    assert node.ask_admin("POST", "/api_specs", "[" * 200000).status == 400
    assert node.ask_admin("POST", "/api_specs", "{\"a\":" * 100000).status == 400
    assert node.rss_kib() - before < 64 * 1024


def test_an_unknown_realm_names_the_remedy(node):
    answer = node.ask_admin("POST", "/api_specs", static_spec("lost", 1, "com.example.e2f"))
    assert answer.status == 422, answer.text
    error = answer.json()["errors"][0]
    assert "postern realm create com.example.e2f --open" in error["detail"]
    assert error["nearest"] == "com.example.e2e"
    assert error["pointer"] == "/realm_uri"


def test_two_specs_with_the_same_path_conflict(node):
    node.publish(static_spec("taken", 1))
    other = static_spec("taken", 2)
    other["id"] = "com.example.thief"
    answer = node.ask_admin("POST", "/api_specs", other)
    assert answer.status == 409, answer.text
    assert "com.example.taken" in answer.text
    assert answer_of(node, "taken") == 1
    assert node.ask_admin("GET", "/api_specs/com.example.thief").status == 404


def test_a_dry_run_stores_nothing(node):
    answer = node.ask_admin("POST", "/api_specs?dry_run=true", static_spec("dry", 1))
    assert answer.status == 200 and answer.json()["changed"] is True, answer.text
    assert node.ask("GET", "/dry/static").status == 404
    assert node.ask_admin("GET", "/api_specs/com.example.dry").status == 404
    assert node.ask_admin("POST", "/api_specs?dry_run=true", "{}").status == 422


def test_the_list_in_short_says_what_there_is_and_how_many_routes(node):
    for name in ("short-b", "short-a"):
        node.publish(static_spec(name, 1))
    listed = node.ask_admin("GET", "/api_specs?summary=true&filter=example.short-")
    assert listed.status == 200 and listed.headers["x-total-count"] == "2", listed.text
    first, second = listed.json()
    assert first["id"] == "com.example.short-a" and second["id"] == "com.example.short-b"
    info = node.ask_admin("GET", "/api_specs/com.example.short-a/info").json()
    assert {key: first[key] for key in info} == info
    assert first["author"] == "admin"
    whole = node.ask_admin("GET", "/api_specs/com.example.short-a").json()
    assert first["versions"] == [
        {"name": name, "base_path": version["base_path"],
         "routes": sum(len(path) for path in version["paths"].values())}
        for name, version in whole["versions"].items()]
    backwards = node.ask_admin("GET", "/api_specs?summary=true&filter=SHORT-&sort=-name&limit=1")
    assert [one["id"] for one in backwards.json()] == ["com.example.short-b"]
    assert "summary=true" in backwards.headers["link"] and 'rel="next"' in backwards.headers["link"]
    following = node.ask_admin("GET", backwards.headers["link"][1:].split(">")[0])
    assert [one["id"] for one in following.json()] == ["com.example.short-a"]
    node.ask_admin("DELETE", "/api_specs/com.example.short-b")
    left = node.ask_admin("GET", "/api_specs?summary=true&filter=example.short-").json()
    assert [one["id"] for one in left] == ["com.example.short-a"]


def test_a_dry_run_tells_what_would_change(node):
    node.publish(static_spec("differs", 1))
    changed = static_spec("differs", 2)
    changed["name"], changed["meta"] = "other", {"a/b": [1]}
    told = node.ask_admin("POST", "/api_specs?dry_run=true", changed).json()
    places = {d["pointer"]: d for d in told["diff"]}
    assert places["/meta"] == {"pointer": "/meta", "change": "added", "after": {"a/b": [1]}}
    assert places["/name"]["change"] == "changed" and places["/name"]["after"] == "other"
    assert len(places) == 3 and any(p.startswith("/versions/1/paths/~1static") for p in places)
    same = node.ask_admin("POST", "/api_specs?dry_run=true", static_spec("differs", 1)).json()
    assert same["changed"] is False and same["diff"] == []


@pytest.mark.parametrize("text, found", [
    ('{"id": "x", ', [(1, 13)]),
    ('{"id": "x",\n "id": "y"}', [(2, 2)]),
    ('{"id": "x",\n "versions": {"1":\n  }}', [(3, 3)]),
    ("id: x\nversions:\n  1: {a: [", [(4, 1)]),
    ("id: x\n\tname: y", [(2, 1)]),
    ("id: x\nid: y\n", [(2, 1)]),
    # Of what can be read all mistakes are told, each where it is.
    ("id: x\nname: y\nhost: _\nrealm_uri: com.example.e2e\nversons: 1\nversions:\n  1:\n"
     "    base_path: 1\n", [(5, 1), (8, 5), (8, 16)]),
    ('{"id": 1,\n "name": "y", "host": "_",\n "realm_uri": [],\n "versions": {}, "x": 1}',
     [(1, 8), (3, 15)]),  # an unknown key is a warning there
])
def test_a_dry_run_of_what_is_half_typed_says_where_it_stops(node, text, found):
    answer = node.ask_admin("POST", "/api_specs?dry_run=true", text)
    assert answer.status in (400, 422), answer.text
    errors = answer.json()["errors"]
    told = sorted((one["line"], one["column"]) for one in errors if one["severity"] == "error")
    assert set(found) <= set(told), errors
    assert all(one["detail"] for one in errors)


def test_get_gives_what_was_published(node):
    spec = static_spec("got", 1)
    node.publish(spec)
    answer = node.ask_admin("GET", "/api_specs/com.example.got")
    assert answer.status == 200 and answer.json() == spec
    assert answer.headers["etag"] == '"1"'
    assert node.ask_admin("GET", "/api_specs/com.example.nothing").status == 404


def test_list_and_info(node):
    spec = static_spec("listed", 1)
    spec["meta"] = {"team": "e2e"}
    node.publish(spec)
    assert spec in node.ask_admin("GET", "/api_specs").json()
    info = node.ask_admin("GET", "/api_specs/com.example.listed/info").json()
    assert info["id"] == "com.example.listed" and info["meta"] == {"team": "e2e"}
    assert info["ts"] > 0 and "versions" not in info


def test_history_and_rollback(node):
    for answer in ("one", "two", "three"):
        node.publish(static_spec("rolled", answer))
    versions = node.ask_admin("GET", "/api_specs/com.example.rolled/versions").json()
    assert sorted(v["version"] for v in versions) == [1, 2, 3]
    assert all(v["author"] == "admin" for v in versions)
    old = node.ask_admin("GET", "/api_specs/com.example.rolled?version=1")
    assert old.json() == static_spec("rolled", "one")
    answer = node.ask_admin("POST", "/api_specs/com.example.rolled/rollback", {"version": 1})
    assert answer.status == 200 and answer.json()["version"] == 4, answer.text
    assert answer_of(node, "rolled") == "one"
    assert node.ask_admin("POST", "/api_specs/com.example.rolled/rollback",
                          {"version": 99}).status == 404
    assert node.ask_admin("POST", "/api_specs/com.example.rolled/rollback",
                          {"version": "x"}).status == 400


def test_delete_takes_the_routes_down(node):
    node.publish(static_spec("deleted", 1))
    assert answer_of(node, "deleted") == 1
    assert node.ask_admin("DELETE", "/api_specs/com.example.deleted").status == 204
    assert node.ask("GET", "/deleted/static").status == 404
    assert node.ask_admin("GET", "/api_specs/com.example.deleted").status == 404
    assert node.ask_admin("DELETE", "/api_specs/com.example.deleted").status == 404
    assert node.publish(static_spec("deleted", 2))["version"] >= 2
    assert answer_of(node, "deleted") == 2


def test_if_match_guards_against_lost_updates(node):
    node.publish(static_spec("guarded", 1))
    etag = node.ask_admin("GET", "/api_specs/com.example.guarded").headers["etag"]
    node.publish(static_spec("guarded", 2))
    late = node.ask_admin("POST", "/api_specs", static_spec("guarded", 3), {"If-Match": etag})
    assert late.status == 412, late.text
    assert answer_of(node, "guarded") == 2
    assert node.ask_admin("DELETE", "/api_specs/com.example.guarded",
                          headers={"If-Match": etag}).status in (409, 412)
    assert answer_of(node, "guarded") == 2


def test_several_specs_in_one_array(node):
    specs = [static_spec("array_a", 1), static_spec("array_b", 2)]
    published = node.publish(specs)
    assert [p["id"] for p in published] == ["com.example.array_a", "com.example.array_b"]
    assert (answer_of(node, "array_a"), answer_of(node, "array_b")) == (1, 2)
    broken = [static_spec("array_a", 9), {"id": "com.example.broken"}]
    assert node.ask_admin("POST", "/api_specs", broken).status == 422
    assert answer_of(node, "array_a") == 1


def test_a_spec_with_forward_is_refused_for_now(node):
    spec = static_spec("forwarded", 1)
    spec["versions"]["1"]["paths"]["/static"]["get"]["action"] = {
        "type": "forward", "host": "http://127.0.0.1:1"}
    answer = node.ask_admin("POST", "/api_specs", spec)
    assert answer.status == 422 and "forward" in answer.text


def test_reserved_paths_are_refused(node):
    for base, path in (("/", "/ws"), ("/", "/wamp/x"), ("/realms", "/a"), ("/wamp", "/a")):
        spec = static_spec("reserved", 1, path=path)
        spec["versions"]["1"]["base_path"] = base
        assert node.ask_admin("POST", "/api_specs", spec).status == 422, (base, path)


def test_an_inactive_version_has_no_routes(node):
    spec = static_spec("inactive", 1)
    spec["versions"]["1"]["is_active"] = False
    node.publish(spec)
    assert node.ask("GET", "/inactive/static").status == 404


def test_the_admin_api_wants_the_password(node):
    for path in ("/api_specs", "/api_specs/com.example.echo", "/realms"):
        none = node.ask_admin("GET", path, user=None)
        assert none.status == 401, path
        assert none.headers["www-authenticate"].startswith("Basic ")
        assert node.ask_admin("GET", path, password="wrong").status == 401
        assert node.ask_admin("GET", path, user="root").status == 401
    refused = node.ask_admin("POST", "/api_specs", static_spec("sneaky", 1), user=None)
    assert refused.status == 401
    assert node.ask("GET", "/sneaky/static").status == 404
    for value in ("Basic", "Basic !!!", "Basic YWRtaW4=", "Bearer x", "Basic " + "A" * 4096):
        assert node.ask_admin("GET", "/api_specs", user=None,
                              headers={"Authorization": value}).status == 401, value


def test_a_page_of_another_origin_is_refused(node):
    spec = static_spec("crossed", 1)
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Sec-Fetch-Site": "cross-site"}):
        answer = node.ask_admin("POST", "/api_specs", spec, headers=headers)
        assert answer.status == 403, headers
    assert node.ask("GET", "/crossed/static").status == 404
    own = node.ask_admin("POST", "/api_specs", spec, headers={"Origin": f"http://{node.admin}"})
    assert own.status == 200


def test_the_admin_api_knows_its_paths_and_methods(node):
    assert node.ask_admin("GET", "/nothing").status == 404
    wrong = node.ask_admin("PATCH", "/api_specs")
    assert wrong.status == 405
    assert set(wrong.headers["allow"].split(", ")) >= {"GET", "POST"}
    assert node.ask_admin("GET", "/api_specs/com.example%2Fx").status == 400


def test_the_admin_api_is_not_on_the_public_port(node):
    for path in ("/api_specs", "/realms", "/metrics", "/ready"):
        assert node.ask("GET", path).status == 404, path


def test_realms_are_created_listed_and_got(node):
    made = node.ask_admin("POST", "/realms", {"uri": "com.example.made",
                                              "description": "made by a test"})
    assert made.status == 201, made.text
    assert made.headers["location"] == "/realms/com.example.made"
    again = node.ask_admin("POST", "/realms", {"uri": "com.example.made"})
    assert again.status == 409
    got = node.ask_admin("GET", "/realms/com.example.made").json()
    assert got["uri"] == "com.example.made" and got["description"] == "made by a test"
    listed = [r["uri"] for r in node.ask_admin("GET", "/realms").json()]
    assert "com.example.made" in listed and "com.example.e2e" in listed
    missing = node.ask_admin("GET", "/realms/com.example.missing")
    assert missing.status == 404
    assert "postern realm create com.example.missing --open" in missing.json()["detail"]
    for bad in ({}, {"uri": ""}, {"uri": "a b"}, {"uri": 1}, {"uri": "com.example.x", "grants": 1},
                [], "x"):
        assert node.ask_admin("POST", "/realms", json.dumps(bad)).status in (400, 422), bad


def test_the_marketplace_example_is_the_reference_text(node):
    spec = spec_of("marketplace.json")
    assert spec["id"] == "org.example.inventory" and len(text_of("marketplace.json")) > 1000
