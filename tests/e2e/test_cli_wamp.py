"""The program as a WAMP client: each option of call, publish, subscribe and register takes effect."""
import itertools
import json
import os
import re
import signal
from pathlib import Path

import pytest

from support.cli import Running, postern
from support.fake_router import CALL, PUBLISH, REGISTER, SUBSCRIBE, FakeRouter
from support.patience import wait_until

REALM = "com.example.e2e"
OK, FAILED, INVALID, NOT_AUTHORIZED, USAGE = 0, 1, 3, 4, 64
COMMANDS = ("call", "publish", "subscribe", "register")
WAYS = ["tcp-msgpack", "tcp-cbor", "ws-json", "ws-cbor", "unix-json", "ws+unix-msgpack"]
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def by_socket(tmp_path_factory):
    """A second node, whose public listener is a unix socket."""
    from support.node import Node
    home = tmp_path_factory.mktemp("socket")
    with Node(home, settings={"gateway.listen": f"unix:{home}/s"}) as running:
        running.create_open_realm(REALM)
        yield running


@pytest.fixture(params=WAYS)
def there(request, node):
    """Where to, in each way that there is."""
    scheme, serializer = request.param.split("-")
    urls = {"tcp": f"tcp://{node.rawsocket}", "ws": f"ws://{node.gateway}/ws"}
    if scheme not in urls:
        home = request.getfixturevalue("by_socket").home
        urls = {"unix": f"unix:{home}/s", "ws+unix": f"ws+unix:{home}/s"}
    return ["--url", urls[scheme], "--realm", REALM, "--serializer", serializer]


@pytest.fixture(scope="module")
def here(node):
    return ["--url", f"tcp://{node.rawsocket}", "--realm", REALM]


@pytest.fixture
def uri():
    return f"{REALM}.cli{next(numbers)}"


def callee(uri, command, *options):
    return Running("register", uri, "--exec", command, *options).wait_err("registered " + uri)


def listener(*words):
    return Running("subscribe", *words).wait_err("subscribed")


def data(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- call -----------------------------------------------------------------------------------------


def test_progressive_results_come_one_line_each_while_the_call_goes_on(there, uri, tmp_path):
    gate = tmp_path / "gate"
    command = f"echo 1; echo '\"two\"'; while [ ! -e {gate} ]; do sleep 0.02; done; echo last"
    with callee(uri, command, "--progress", *there):
        with Running("call", uri, "--progress", *there) as call:
            assert [line["args"] for line in call.wait_out(2)] == [[1], ["two"]]
            assert call.process.poll() is None
            gate.touch()
            assert call.end() == OK
            assert [json.loads(line)["args"] for line in call.out] == [[1], ["two"], ["last"], []]
        done = postern("call", uri, *there)
        assert data(done) == [{"args": [1, "two", "last"], "kwargs": {}}], done.stderr


def test_lines_of_stdin_are_the_pieces_of_one_call(there, uri):
    with callee(uri, "cat", "--progress", *there):
        pieces = '1\n\n["a"]\n{"args":[3],"kwargs":{"k":4}}'
        done = postern("call", uri, "--stream", "--progress", *there, text=pieces)
        assert done.returncode == OK, done.stderr
        got = [line["args"][0] for line in data(done) if line["args"]]
        assert [one["args"] for one in got] == [[1], [["a"]], [3]]
        assert got[2]["kwargs"] == {"k": 4}


def test_a_piece_goes_out_as_soon_as_the_next_one_is_there(here, uri):
    with callee(uri, "cat", "--progress", *here):
        with Running("call", uri, "--stream", "--progress", *here, keep_stdin=True) as call:
            call.say("1")
            call.say("2")
            assert call.wait_out(1)[0]["args"][0]["args"] == [1]
            call.say("3")
            assert call.wait_out(2)[1]["args"][0]["args"] == [2]
            assert call.end() == OK
            assert [json.loads(line)["args"][0]["args"] for line in call.out[:3]] == [[1], [2], [3]]


def test_one_line_is_a_call_as_any_other(here, uri, peer):
    peer("py-ws-json").register(uri, "echo")  # knows nothing of pieces
    done = postern("call", uri, "--stream", *here, text='{"kwargs":{"a":1}}\n')
    assert data(done) == [{"args": [], "kwargs": {"a": 1}}], done.stderr


def test_a_line_that_is_no_json_cancels_the_call(here, uri):
    with callee(uri, "cat", *here):
        done = postern("call", uri, "--stream", *here, text="1\n2\n3\nfour\n")
        assert done.returncode == INVALID and "line 4 of stdin is not JSON" in done.stderr
        done = postern("call", uri, "--stream", *here, text="\n")
        assert done.returncode == INVALID and "no line on stdin" in done.stderr


def test_a_call_that_takes_too_long_times_out(there, uri):
    with callee(uri, "sleep 60", *there):
        for time in ("50", "50ms"):
            done = postern("call", uri, "--timeout", time, *there)
            assert done.returncode == FAILED and "wamp.error.timeout" in done.stderr


def pid_in(file):
    return wait_until(lambda: file.exists() and file.read_text().strip(), "the pid of the command")


def gone(pid):
    return not Path(f"/proc/{pid}").exists() or \
        Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.mark.parametrize("mode", ["skip", "kill", "killnowait"])
def test_a_call_is_canceled_after_a_time_in_the_mode_that_is_asked_for(here, uri, tmp_path, mode):
    marks = tmp_path / "marks"
    command = f"trap 'echo ended >> {marks}; exit 0' TERM; echo began >> {marks}; " \
              "sleep 60 & wait $!"
    with callee(uri, command, *here) as service:
        done = postern("call", uri, "--cancel-after", "2s", "--cancel-mode", mode, *here)
        assert done.returncode == FAILED and "wamp.error.canceled" in done.stderr, done
        if mode == "skip":
            assert marks.read_text() == "began\n"  # and goes on
        else:
            wait_until(lambda: marks.read_text() == "began\nended\n", "the end of the command")
        assert service.end(signal.SIGTERM) == OK


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_call_and_its_command(there, uri, tmp_path, number):
    file = tmp_path / "pid"
    with callee(uri, f"echo $$ > {file}; exec sleep 60", *there):
        with Running("call", uri, *there) as call:
            pid = pid_in(file)
            assert call.end(number) == FAILED
            assert "interrupted: the call is canceled" in "".join(call.err)
        wait_until(lambda: gone(pid), "the end of the command")


def test_a_command_that_ignores_sigterm_is_killed(here, uri, tmp_path):
    file = tmp_path / "pid"
    with callee(uri, f"trap '' TERM; echo $$ > {file}; while :; do sleep 1; done", *here):
        done = postern("call", uri, "--cancel-after", "2s", "--cancel-mode", "kill", *here)
        assert done.returncode == FAILED and "wamp.error.canceled" in done.stderr
        assert gone(pid_in(file))


def test_the_callee_is_told_who_calls_if_both_want_it(here, uri):
    with callee(uri, "cat", "--details", "--disclose-caller", *here):
        told = data(postern("call", uri, *here))[0]["args"][0]["details"]
        assert told["caller"] > 0
    quiet = uri + ".quiet"
    with callee(quiet, "cat", "--details", *here):
        told = data(postern("call", quiet, "--disclose-me", *here))[0]["args"][0]["details"]
        assert told["caller"] > 0
        told = data(postern("call", quiet, "--no-disclose-me", *here))[0]["args"][0]["details"]
        assert "caller" not in told


def test_calls_of_one_key_go_to_one_callee(here, uri):
    share = ["--invoke", "jump_consistent_hash", *here]
    with callee(uri, "echo a", *share), callee(uri, "echo b", *share), \
            callee(uri, "echo c", *share):
        answers = {key: {postern("call", uri, "--rkey", key, *here).stdout for _ in range(4)}
                   for key in "stuvwxyz"}
        assert all(len(seen) == 1 for seen in answers.values()), answers
        assert len(set.union(*answers.values())) > 1


def test_passthru_attributes_arrive_beside_the_payload(there, uri):
    secret = '"\\u0000AAECAw=="'
    attributes = ["--ppt-scheme", "x_own", "--ppt-serializer", "cbor", "--ppt-cipher", "none",
                  "--ppt-keyid", "k1"]
    wanted = {"ppt_scheme": "x_own", "ppt_serializer": "cbor", "ppt_cipher": "none",
              "ppt_keyid": "k1"}
    with callee(uri, "cat", "--details", *there):
        done = postern("call", uri, secret, *attributes, *there)
        got = data(done)[0]["args"][0]
        assert got["args"] == ["\0AAECAw=="] and wanted.items() <= got["details"].items()
    with listener(uri, "--details", "-n", "1", *there) as events:
        assert postern("publish", uri, secret, *attributes, *there).returncode == OK
        got = events.wait_out(1)[0]
        assert got["args"] == ["\0AAECAw=="] and wanted.items() <= got["details"].items()


# --- publish --------------------------------------------------------------------------------------


def test_lines_of_stdin_are_published_in_order(there, uri):
    with listener(uri, "-n", "1000", *there) as events:
        text = "".join(f"{i}\n" for i in range(999)) + '{"args":[999],"kwargs":{"end":true}}\n'
        done = postern("publish", uri, "--lines", *there, text=text)
        assert done.returncode == OK and done.stdout == "", done.stderr
        assert events.end() == OK
        got = [json.loads(line) for line in events.out]
        assert [event["args"][0] for event in got] == list(range(1000))
        assert got[-1] == {"topic": uri, "args": [999], "kwargs": {"end": True}}


def test_what_one_subscribes_to_another_publishes(here, uri):
    with listener(uri, "-n", "1", *here) as events:
        assert postern("publish", uri, "1", '{"a":2}', "-k", '{"b":3}', *here).returncode == OK
        assert events.end() == OK
    with listener(uri + ".copy", "-n", "1", *here) as copies:
        done = postern("publish", uri + ".copy", "--lines", *here, text=events.out[0])
        assert done.returncode == OK, done.stderr
        assert copies.wait_out(1) == [{"topic": uri + ".copy", "args": [1, {"a": 2}],
                                       "kwargs": {"b": 3}}]


def test_a_line_that_is_no_json_ends_the_publishing(here, uri):
    with listener(uri, *here) as events:
        done = postern("publish", uri, "--lines", *here, text='1\n2\noops\n4\n')
        assert done.returncode == INVALID and "line 3 of stdin is not JSON" in done.stderr
        assert [event["args"] for event in events.wait_out(2)] == [[1], [2]]


def test_the_acknowledgement_is_printed_waited_for_or_left_out(there, uri):
    with listener(uri, "--details", *there) as events:
        done = postern("publish", uri, "--ack", *there)
        assert done.returncode == OK and data(done) == [
            {"publication": events.wait_out(1)[0]["publication"]}]
        done = postern("publish", uri, "--no-ack", "2", *there)
        assert done.returncode == OK and done.stdout == ""
        assert events.wait_out(2)[1]["args"] == [2]
    assert postern("publish", "wamp.forged", *there).returncode != OK
    assert postern("publish", "wamp.forged", "--no-ack", *there).returncode == OK


def test_a_thousand_events_without_acknowledgement_all_arrive(here, uri):
    with listener(uri, "-n", "1000", *here) as events:
        text = "".join(f"{i}\n" for i in range(1000))
        assert postern("publish", uri, "--lines", "--no-ack", *here, text=text).returncode == OK
        assert events.end() == OK


def subscribers(uri, here):
    subscription = data(postern("call", "wamp.subscription.lookup", json.dumps(uri), *here))
    members = postern("call", "wamp.subscription.list_subscribers",
                      str(subscription[0]["args"][0]), *here)
    return set(data(members)[0]["args"][0])


def test_events_are_for_those_who_are_eligible_and_not_excluded(here, uri):
    with listener(uri, *here) as first:
        before = subscribers(uri, here)
        with listener(uri, *here) as second:
            mine = (subscribers(uri, here) - before).pop()

            def publish(number, *options):
                done = postern("publish", uri, str(number), *options, *here)
                assert done.returncode == OK, done.stderr

            publish(1, "--eligible", str(mine))
            publish(2, "--exclude", f"{mine}, 77")
            publish(3, "--eligible", "")
            publish(4, "--eligible-authrole", "nobody,nobody else")
            publish(5, "--exclude-authrole", "anonymous")
            publish(6, "--eligible-authid", "nobody")
            publish(7, "--exclude-authid", "nobody", "--eligible-authrole", "anonymous")
            wait_until(lambda: first.out and second.out and "7" in first.out[-1]
                       and "7" in second.out[-1], "the last event")
            assert [json.loads(line)["args"] for line in first.out] == [[2], [7]]
            assert [json.loads(line)["args"] for line in second.out] == [[1], [7]]


def test_the_publisher_is_told_or_not(here, uri):
    with listener(uri, "--details", *here) as events:
        assert postern("publish", uri, "--disclose-me", *here).returncode == OK
        assert postern("publish", uri, "--no-disclose-me", *here).returncode == OK
        told, untold = events.wait_out(2)
        assert told["details"]["publisher"] > 0 and "publisher" not in untold["details"]


def test_a_retained_event_is_there_for_later_subscribers(here, uri):
    assert postern("publish", uri, '"kept"', "--retain", *here).returncode == OK
    with Running("subscribe", uri, "--get-retained", "-n", "1", *here) as late:
        assert late.wait_out(1)[0]["args"] == ["kept"] and late.end() == OK
    short = uri + ".short"
    assert postern("publish", short, '"brief"', "--retain", "--ttl", "1s", *here).returncode == OK

    def is_over():
        with listener(short, "--get-retained", "--details", *here) as late:
            assert postern("publish", short, '"new"', *here).returncode == OK
            return late.wait_out(1)[0]["args"] == ["new"]

    wait_until(is_over, "the end of its time", step=0.2)


# --- subscribe ------------------------------------------------------------------------------------


def test_several_topics_and_each_event_names_its_own(there, uri):
    with Running("subscribe", uri, uri + ".b", "-n", "3", *there) as events:
        events.wait_err(f"subscribed {uri}.b")
        for topic in (uri, uri + ".b", uri):
            assert postern("publish", topic, *there).returncode == OK
        assert [event["topic"] for event in events.wait_out(3)] == [uri, uri + ".b", uri]
        assert events.end() == OK


def test_events_of_a_pattern_name_their_topic(here, uri):
    for match, pattern in (("prefix", uri + ".x"), ("wildcard", uri.replace("cli", "") + ".")):
        topic = pattern + ("yz" if match == "prefix" else "a")
        with listener(pattern, "--match", match, "--count=1", *here) as events:
            assert postern("publish", topic, *here).returncode == OK
            assert events.wait_out(1)[0]["topic"] == topic


def test_the_past_comes_first_and_nothing_twice(here, uri):
    with listener(uri, *here) as witness:
        for i in range(5):
            assert postern("publish", uri, str(i), *here).returncode == OK
        witness.wait_out(5)
        with Running("subscribe", uri, "--history", "3", "-n", "4", *here) as events:
            assert [event["args"] for event in events.wait_out(3)] == [[2], [3], [4]]
            assert postern("publish", uri, "5", *here).returncode == OK
            assert events.wait_out(4)[3]["args"] == [5]
            assert events.end() == OK


def test_the_past_and_the_present_fit_together(here, uri):
    with listener(uri, *here) as witness, \
            Running("publish", uri, "--lines", *here, keep_stdin=True) as source:
        for i in range(300):
            source.say(str(i))
            if i == 150:
                late = Running("subscribe", uri, "--history", "10000", "-n", "300", *here)
        with late:
            assert source.end() == OK
            assert [event["args"][0] for event in late.wait_out(300)] == list(range(300))
        witness.wait_out(300)


def test_a_revoked_subscription_is_told_and_the_last_one_ends_the_command(there, uri):
    with listener(uri, uri + ".b", *there) as events:
        events.wait_err(uri + ".b")
        for topic in (uri, uri + ".b"):
            subscription = data(postern("call", "wamp.subscription.lookup", json.dumps(topic),
                                        *there))[0]["args"][0]
            member = data(postern("call", "wamp.subscription.list_subscribers", str(subscription),
                                  *there))[0]["args"][0][0]
            done = postern("call", "wamp.subscription.remove_subscriber", str(subscription),
                           str(member), "-k", '{"reason": "com.example.enough"}', *there)
            assert done.returncode == OK, done.stderr
            events.wait_err(f"the subscription to {topic} was revoked")
        assert events.end() == FAILED
        assert "com.example.enough" in "".join(events.err)


def test_ctrl_c_ends_a_subscription_well(there, uri):
    with listener(uri, *there) as events:
        assert events.end(signal.SIGINT) == OK
    with listener(uri, "-n", "2", *there) as events:
        assert events.end(signal.SIGINT) == FAILED
        assert "2 more events were wanted" in "".join(events.err)


@pytest.mark.parametrize("transport", ["tcp", "ws"])
def test_a_node_that_is_killed_ends_the_commands_with_a_sentence(make_node, transport, uri):
    with make_node() as node:
        node.create_open_realm(REALM)
        url = f"tcp://{node.rawsocket}" if transport == "tcp" else f"ws://{node.gateway}/ws"
        where = ["--url", url, "--realm", REALM]
        with listener(uri, *where) as events, callee(uri, "sleep 60", *where) as service:
            node.kill()
            for process in (events, service):
                assert process.end() == FAILED
                assert re.search(r"postern: connection lost", "\n".join(process.err)), process.err


def test_a_reader_of_stdout_that_has_gone_ends_the_command(here, uri):
    with Running("subscribe", uri, *here, out=closed_pipe()) as events:
        events.wait_err("subscribed")
        assert postern("publish", uri, *here).returncode == OK
        assert events.end() in (FAILED, -signal.SIGPIPE)


def closed_pipe():
    """The end to write to of a pipe that nobody reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    return write_end


# --- register -------------------------------------------------------------------------------------


def test_shared_registrations_in_every_policy(here, uri):
    policies = ["roundrobin", "random", "first", "last", "queue_least_loaded",
                "queue_least_loaded_sample", "jump_consistent_hash", "qll", "qlls", "jch"]
    for policy in policies:
        name = f"{uri}.{policy}"
        with callee(name, "echo a", "--invoke", policy, *here), \
                callee(name, "echo b", "--invoke", policy, *here):
            answers = [data(postern("call", name, *here))[0]["args"][0] for _ in range(2)]
            wanted = {"first": ["a", "a"], "last": ["b", "b"]}.get(policy)
            if policy == "roundrobin":
                assert sorted(answers) == ["a", "b"]
            else:
                assert wanted in (None, answers) and set(answers) <= {"a", "b"}


def test_a_pattern_is_registered_and_the_command_told_the_procedure(here, uri):
    with callee(uri, "cat", "--match", "prefix", "--details", *here):
        got = data(postern("call", uri + ".some", *here))[0]["args"][0]
        assert got["details"]["procedure"] == uri + ".some"


def test_who_registers_by_force_takes_it_and_the_other_is_told(there, uri):
    with callee(uri, "echo first", *there) as first:
        done = postern("register", uri, "--exec", "echo x", *there)
        assert done.returncode == FAILED
        assert "procedure_already_exists" in done.stderr and "--force" in done.stderr
        with callee(uri, "echo second", "--force", *there):
            first.wait_err(f"the registration of {uri} was revoked")
            assert first.end() == FAILED
            assert data(postern("call", uri, *there))[0]["args"] == ["second"]


def test_no_more_calls_at_a_time_than_wanted(here, uri, tmp_path):
    gate = tmp_path / "gate"
    with callee(uri, f"echo began >&2; while [ ! -e {gate} ]; do sleep 0.02; done; echo done",
                "--concurrency", "1", *here) as service:
        with Running("call", uri, *here) as first:
            service.wait_err("began")
            done = postern("call", uri, *here)
            assert done.returncode == FAILED and "wamp.error.unavailable" in done.stderr
            gate.touch()
            assert first.wait_out(1)[0]["args"] == ["done"]


def test_more_calls_than_run_at_a_time_wait_for_their_turn(here, uri):
    with callee(uri, "sleep 0.1; cat", *here):
        calls = [Running("call", uri, str(i), *here) for i in range(12)]
        for i, call in enumerate(calls):
            with call:
                assert call.wait_out(1)[0]["args"][0]["args"] == [i]


def test_a_timeout_that_is_forwarded_ends_the_command(here, uri, tmp_path):
    file = tmp_path / "pid"
    with callee(uri, f"echo $$ > {file}; exec sleep 60", "--forward-timeout", *here):
        done = postern("call", uri, "--timeout", "2s", *here)
        assert done.returncode == FAILED and "wamp.error.timeout" in done.stderr
        assert '"signal":15' in done.stderr
        assert gone(pid_in(file))


@pytest.mark.parametrize("code,error", [
    (1, "postern.error.command_failed"), (64, "wamp.error.invalid_argument"),
    (65, "wamp.error.invalid_argument"), (69, "wamp.error.unavailable"),
    (77, "wamp.error.not_authorized"), (124, "wamp.error.timeout")])
def test_how_a_command_ends_is_the_error(here, uri, code, error):
    with callee(uri, f"echo '{{\"why\": 1}}'; exit {code}", *here):
        done = postern("call", uri, *here)
        assert done.returncode == (NOT_AUTHORIZED if code == 77 else FAILED)
        lines = done.stderr.splitlines()
        assert lines[0] == error
        assert json.loads(lines[1]) == {"args": [{"why": 1}], "kwargs": {"exit_code": code}}


def test_a_command_that_dies_by_a_signal_is_an_error(here, uri):
    with callee(uri, "kill -9 $$", *here):
        done = postern("call", uri, *here)
        assert "postern.error.command_failed" in done.stderr and '"signal":9' in done.stderr


def test_input_and_output_larger_than_any_pipe(here, uri):
    with callee(uri, "cat", *here):
        text = json.dumps("x" * (1 << 20))
        done = postern("call", uri, "--stream", *here, text=text)
        assert data(done)[0]["args"][0]["args"] == ["x" * (1 << 20)], done.stderr
    deaf = uri + ".deaf"
    with callee(deaf, "echo deaf", *here):
        assert data(postern("call", deaf, "--stream", *here, text=text))[0]["args"] == ["deaf"]


def test_ctrl_c_ends_the_commands_under_way_and_their_calls_are_answered(here, uri, tmp_path):
    file = tmp_path / "pid"
    with callee(uri, f"echo $$ > {file}; exec sleep 60", *here) as service:
        with Running("call", uri, *here) as call:
            pid = pid_in(file)
            assert service.end(signal.SIGINT) == OK
            assert gone(pid)
            assert call.end() == FAILED and "wamp.error.canceled" in "\n".join(call.err)


# --- what the router hears ------------------------------------------------------------------------


def heard(kind, *words):
    """The HELLO and the first message of that kind that `postern WORDS` sends."""
    with FakeRouter() as router:
        with Running(*words, "--url", router.url, "--realm", "r", "--serializer", "json") as running:
            message = router.wait_for(kind)
            running.end(signal.SIGTERM if words[0] in ("subscribe", "register") else None)
        return router.heard[0], message


def features(hello):
    return {role: set(told["features"]) for role, told in hello[2]["roles"].items()}


ALWAYS = {"caller": {"caller_identification", "call_timeout", "call_canceling",
                     "progressive_call_results", "progressive_call_invocations",
                     "payload_passthru_mode"},
          "callee": {"caller_identification", "pattern_based_registration", "shared_registration",
                     "payload_passthru_mode"},
          "publisher": {"publisher_exclusion", "subscriber_blackwhite_listing",
                        "publisher_identification", "payload_passthru_mode"},
          "subscriber": {"pattern_based_subscription", "publisher_identification",
                         "payload_passthru_mode"}}


def test_what_a_command_does_is_what_it_announces():
    assert features(heard(CALL, "call", "a.b")[0]) == ALWAYS
    assert features(heard(PUBLISH, "publish", "a.b")[0]) == ALWAYS
    revoked = {"subscriber": ALWAYS["subscriber"] | {"subscription_revocation"},
               "callee": ALWAYS["callee"] | {"registration_revocation"}}
    assert features(heard(SUBSCRIBE, "subscribe", "a.b")[0]) == {**ALWAYS, **revoked}
    revoked["callee"] |= {"call_canceling", "call_timeout", "progressive_call_results",
                          "progressive_call_invocations"}
    hello, _ = heard(REGISTER, "register", "a.b", "--exec", "cat")
    assert features(hello) == {**ALWAYS, **revoked}


@pytest.mark.parametrize("kind,words,options", [
    (CALL, ["call", "a.b"], {}),
    (CALL, ["call", "a.b", "--timeout=2s", "--progress", "--disclose-me", "--rkey=7"],
     {"timeout": 2000, "receive_progress": True, "disclose_me": True, "rkey": "7",
      "runmode": "partition"}),
    (PUBLISH, ["publish", "a.b"], {"acknowledge": True}),
    (PUBLISH, ["publish", "a.b", "--ack", "--exclude-me"],
     {"acknowledge": True, "exclude_me": True}),
    (PUBLISH, ["publish", "a.b", "--no-ack", "--no-exclude-me"], {"exclude_me": False}),
    (PUBLISH, ["publish", "a.b", "--no-ack", "--eligible=", "--exclude=1, 9007199254740992",
               "--eligible-authid=a,b c", "--exclude-authrole=", "--retain", "--ttl=2m"],
     {"eligible": [], "exclude": [1, 1 << 53], "eligible_authid": ["a", "b c"],
      "exclude_authrole": [], "retain": True, "_retained_ttl": 120}),
    (PUBLISH, ["publish", "a.b", "--no-ack", "--ttl", "90", "--retain", "--eligible-authrole=x",
               "--exclude-authid=y"],
     {"retain": True, "_retained_ttl": 90, "eligible_authrole": ["x"], "exclude_authid": ["y"]}),
    (SUBSCRIBE, ["subscribe", "a.b", "--match=wildcard", "--get-retained"],
     {"match": "wildcard", "get_retained": True}),
    (REGISTER, ["register", "a.b", "--exec", "cat", "--match=prefix", "--invoke=qll", "--force",
                "--concurrency=3", "--disclose-caller", "--forward-timeout"],
     {"match": "prefix", "invoke": "qll", "force_reregister": True, "concurrency": 3,
      "disclose_caller": True, "forward_timeout": True}),
])
def test_options_are_said_as_the_specification_has_them(kind, words, options):
    assert heard(kind, *words)[1][2] == options


def test_authid_and_agent_are_in_the_hello():
    hello, _ = heard(CALL, "call", "a.b", "--authid", "me", "--authmethod", "anonymous")
    assert hello[2]["authid"] == "me" and hello[2]["agent"].startswith("Postern-")


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize("words,sentence", [
    (["call", "a.b", "--timeout", "soon"], "--timeout is a time such as"),
    (["call", "a.b", "--timeout", "1y"], "--timeout is a time such as"),
    (["call", "a.b", "--cancel-mode", "kil", "--cancel-after", "1s"], "did you mean kill?"),
    (["call", "a.b", "--cancel-mode", "kill"], "says nothing without --cancel-after"),
    (["call", "a.b", "1", "--stream"], "takes the arguments from stdin"),
    (["call", "a.b", "--progres"], "did you mean --progress?"),
    (["call", "a.b", "--retain"], "no such option here: --retain"),
    (["call", "a.b", "--progress=yes"], "takes no value"),
    (["call", "a.b", "--rkey"], "wants a value"),
    (["call", "a.b", "--connect-timeout", "-1"], "--connect-timeout is a time"),
    (["publish", "a.b", "--exclude", "1,x"], "--exclude is a list of session ids"),
    (["publish", "a.b", "--eligible", "0"], "--eligible is a list of session ids"),
    (["publish", "a.b", "--ttl", "1h"], "says nothing without --retain"),
    (["publish", "a.b", "1", "--lines"], "takes the arguments from stdin"),
    (["subscribe", "a.b", "--match", "prefx"], "did you mean prefix?"),
    (["subscribe", "a.b", "-n", "0"], "--count is a number from 1 on"),
    (["subscribe", "a.b", "--history", "many"], "--history is a number from 1 on"),
    (["subscribe", "a.b", "--history", "10001"], "10000 at most"),
    (["subscribe"], "too few words"),
    (["register", "a.b", "--exec", "cat", "--invoke", "rondrobin"], "did you mean roundrobin?"),
    (["register", "a.b", "--exec", "cat", "--concurrency", "0"], "--concurrency is a number"),
    (["register", "a.b", "c.d", "--exec", "cat"], "too many words"),
    (["register", "a.b"], "--exec CMD is missing"),
    (["call", "a.b", "--url", "http://127.0.0.1"], "not the URL of a router"),
    (["call", "a.b", "--authmethod", "smoke"], "smoke is not supported: anonymous, "),
])
def test_wrong_usage_is_64_says_why_and_dials_nobody(words, sentence):
    done = postern(words[0], "--realm", REALM, *words[1:])
    assert done.returncode == USAGE, done
    assert done.stdout == "" and sentence in done.stderr, done.stderr


def test_no_node_no_realm_no_json(node, here, uri):
    for command in COMMANDS:
        extra = ["--exec", "cat"] if command == "register" else []
        done = postern(command, uri, *extra, "--url", "tcp://127.0.0.1:1", "--realm", REALM)
        assert done.returncode == FAILED and "cannot connect to 127.0.0.1" in done.stderr
        assert "--url says where" in done.stderr
        done = postern(command, uri, *extra, "--url", "unix:/nonexistent", "--realm", REALM)
        assert done.returncode == FAILED and "/nonexistent" in done.stderr
        done = postern(command, uri, *extra, "--url", f"tcp://{node.rawsocket}", "--realm",
                       "com.example.no")
        assert done.returncode == FAILED
        assert "postern realm create com.example.no --open" in done.stderr
        done = postern(command, uri, *extra, "--url", f"tcp://{node.rawsocket}")
        assert done.returncode == USAGE and "--realm" in done.stderr
    for command in ("call", "publish"):
        assert postern(command, uri, "{", *here).returncode == INVALID


def test_a_node_that_does_not_answer_is_not_waited_for_beyond_the_time(tmp_path):
    import socket
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        done = postern("call", "a.b", "--realm", REALM, "--connect-timeout", "200ms", "--url",
                       f"tcp://127.0.0.1:{deaf.getsockname()[1]}")
        assert done.returncode == FAILED and "200 ms" in done.stderr


def test_help_and_the_page_name_the_same_options():
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    known = set()
    for command in COMMANDS:
        done = postern(command, "--help")
        assert done.returncode == OK and f"example:\n  postern {command} " in done.stdout
        options = set(re.findall(r"^ +(--[a-z-]+)", done.stdout, re.MULTILINE))
        section = page.split(f"\n## {command}\n")[1].split("\n## ")[0]
        general = page.split("\n## WAMP\n")[1].split("\n## ")[0]
        told = set(re.findall(r"--[a-z][a-z-]+", section)) | set(re.findall(r"--[a-z][a-z-]+", general))
        assert options <= told, f"{command}: {options - told} not on the page"
        known |= options
    sections = page.split("\n## WAMP\n")[1].split("\n## Exit codes")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", sections)) <= known
