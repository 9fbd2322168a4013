"""What happens to the node during a soak: every coroutine here is one client, for as long as it
is not told to stop. Each takes the world; what must not happen it reports there."""
import asyncio
import contextlib
import json
import time

import wamp
import web
from wamp import Lost, Peer, WampError

REALM = "com.example.soak"
URI = REALM + "."
LOST = (Lost, OSError, asyncio.IncompleteReadError, web.Gone)


@contextlib.asynccontextmanager
async def joined(world, kind=None, receive_buffer=None, realm=REALM):
    kind = kind or world.random.choice(wamp.KINDS)
    address, tls = world.wamp_address(kind)
    peer = await asyncio.wait_for(
        Peer.join(address, realm, kind, tls=tls, receive_buffer=receive_buffer), world.patience)
    try:
        yield peer
    finally:
        peer.close()


# --- services ---------------------------------------------------------------------------------

def later(world, peer, seconds, message):
    async def answer():
        await asyncio.sleep(seconds)
        with contextlib.suppress(*LOST):
            peer.wire.send(message)
    world.spawn(answer())


async def callee_steady(world):
    """Answers `echo` at once and `late` after a while, as long as the soak lasts."""
    kind = world.next_kind()
    async with joined(world, kind) as peer:
        async def enlist():
            names = {}

            def on_invocation(callee, message):
                request, registration = message[1], message[2]
                args = message[4] if len(message) > 4 else []
                answer = [wamp.YIELD, request, {}, args]
                if message[3].get("receive_progress"):
                    for _ in range(world.random.randint(0, 3)):
                        callee.wire.send([wamp.YIELD, request, {"progress": True}, ["so far"]])
                if names.get(registration) == "late":
                    later(world, callee, world.random.uniform(0.01, 0.2), answer)
                else:
                    callee.wire.send(answer)
            peer.on_invocation = on_invocation
            for name in ("late", "echo"):
                registration = await peer.register(URI + name, invoke="roundrobin")
                names[registration] = name
        await enlist()
        world.ready()
        while not world.services_end.is_set():
            await asyncio.sleep(0.1)
            if peer.ended:
                world.wrong(f"a steady callee ({kind}) was sent away: {peer.ended}")
                return


async def callee_never(world):
    """Takes `never` and owes the answer; sometimes sends it when nobody waits any more."""
    async with joined(world) as peer:
        def on_invocation(callee, message):
            if world.random.random() < 0.3:
                later(world, callee, world.random.uniform(0.4, 1.0),
                      [wamp.YIELD, message[1], {}, ["too late"]])

        def on_interrupt(callee, message):
            if world.random.random() < 0.5:
                callee.wire.send([wamp.ERROR, wamp.INVOCATION, message[1], {},
                                  "wamp.error.canceled"])
        peer.on_invocation, peer.on_interrupt = on_invocation, on_interrupt
        await peer.register(URI + "never", invoke="roundrobin")
        world.ready()
        while not world.services_end.is_set() and not peer.ended:
            await asyncio.sleep(0.1)
        if peer.ended:
            world.wrong(f"the callee that never answers was sent away: {peer.ended}")


async def callee_dying(world):
    """Takes `dies`, and one of the calls is its last."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                left = world.random.randint(0, 4)
                gone = asyncio.Event()

                def on_invocation(callee, message):
                    nonlocal left
                    left -= 1
                    if left >= 0:
                        callee.wire.send([wamp.YIELD, message[1], {}, message[4]])
                        return
                    gone.set()
                    if world.random.random() < 0.5:
                        callee.reset()
                    elif world.random.random() < 0.5:
                        callee.wire.send([wamp.GOODBYE, {}, "wamp.close.close_realm"])
                peer.on_invocation = on_invocation
                registration = await peer.register(URI + "dies", invoke="random")
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(gone.wait(), world.random.uniform(0.1, 1))
                if world.random.random() < 0.3 and not peer.ended:
                    await peer.ask(wamp.UNREGISTER, registration)[1]


# --- callers ------------------------------------------------------------------------------------

LOST_CALLEE = {"wamp.error.canceled", "wamp.error.no_such_procedure", "wamp.error.unavailable",
               "wamp.error.no_eligible_callee"}


async def caller_steady(world):
    """Windows of calls whose answers must be what was sent."""
    async with joined(world) as peer:
        while not world.stopping:
            for name in world.random.choices(("echo", "late"), (4, 1)):
                values = [[world.random.randint(0, 2**31), world.text()]
                          for _ in range(world.random.randint(1, 30))]
                futures = [peer.call(URI + name, value, timeout=60000)[1] for value in values]
                for value, future in zip(values, futures):
                    try:
                        answer = await asyncio.wait_for(future, world.patience)
                    except WampError as error:
                        world.wrong(f"{name} answered {error.uri}")
                        continue
                    if answer[3] != value:
                        world.wrong(f"{name} answered {answer!r:.200} to {value!r:.200}")
                world.count("wamp calls", len(values))
            await asyncio.sleep(world.random.uniform(0, 0.05))
        await peer.leave()


async def caller_impatient(world):
    """Cancels, times out, disconnects in the midst of it."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                for _ in range(world.random.randint(1, 10)):
                    name = world.random.choice(("echo", "late", "never", "dies", "nobody"))
                    calls = [peer.call(URI + name, [i], timeout=world.random.randint(1, 300),
                                       receive_progress=True)
                             for i in range(world.random.randint(1, 10))]
                    await asyncio.sleep(world.random.uniform(0, 0.05))
                    if world.random.random() < 0.2:
                        break
                    for request, _ in calls:
                        if world.random.random() < 0.5:
                            mode = world.random.choice(("skip", "kill", "killnowait"))
                            peer.wire.send([wamp.CANCEL, request, {"mode": mode}])
                    for _, future in calls:
                        with contextlib.suppress(WampError):
                            await asyncio.wait_for(future, world.patience)
                    world.count("canceled windows")
                if world.random.random() < 0.5:
                    peer.reset()


async def caller_of_the_dying(world):
    async with joined(world) as peer:
        while not world.stopping:
            try:
                _, future = peer.call(URI + "dies", [1], timeout=5000)
                await asyncio.wait_for(future, world.patience)
            except WampError as error:
                if error.uri not in LOST_CALLEE:
                    world.wrong(f"dies answered {error.uri}")
            world.count("calls of the dying")
            await asyncio.sleep(world.random.uniform(0, 0.02))


# --- events -------------------------------------------------------------------------------------

async def publisher(world):
    async with joined(world) as peer:
        while not world.stopping:
            topic = URI + "topic." + world.random.choice("abc")
            options = {"acknowledge": True, "exclude_me": world.random.random() < 0.5}
            if world.random.random() < 0.2:
                options["exclude"] = [world.random.randint(1, 2**53) for _ in range(10)]
            size = world.random.choice((0, 10, 1000, 20000))
            _, future = peer.ask(wamp.PUBLISH, options, topic, ["x" * size])
            await asyncio.wait_for(future, world.patience)
            world.count("publications")
            await asyncio.sleep(world.random.uniform(0, 0.02))


async def subscriber(world):
    """Subscribes and unsubscribes; no event may come for what it is not subscribed to."""
    patterns = [("exact", URI + "topic.a"), ("prefix", URI + "topic"), ("prefix", URI),
                ("wildcard", "com.example..topic."), ("exact", URI + "topic.b")]
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                def on_event(subscriber, message):
                    if message[1] not in subscriber.subscriptions:
                        world.wrong(f"EVENT without a subscription ({subscriber.wire.transport})")
                    world.count("events")
                peer.on_event = on_event
                for _ in range(world.random.randint(1, 20)):
                    match, uri = world.random.choice(patterns)
                    await peer.subscribe(uri, match=match)
                    await asyncio.sleep(world.random.uniform(0, 0.3))
                    if world.random.random() < 0.5:
                        await peer.unsubscribe(world.random.choice(sorted(peer.subscriptions)))
                if world.random.random() < 0.5:
                    await peer.leave()


async def subscriber_deaf(world):
    """Takes everything and reads nothing, until the node has enough of it."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world, receive_buffer=4096) as peer:
                await peer.subscribe(URI, match="prefix")
                peer.wire.writer.transport.pause_reading()
                for _ in range(world.random.randint(1, 50)):
                    if world.stopping:
                        return
                    peer.wire.send([wamp.CALL, 1000 + _, {}, URI + "echo", ["y" * 50000]])
                    await asyncio.sleep(0.1)
                peer.reset()


async def violator(world):
    """What no WAMP peer may send, at every stage."""
    wrong = [b"\xff" * 20, b"[1]", b"[99, 1]", b"[1, \"x\", {}]", b"\x93\x01\xa1x\x80", b"",
             b"[" * 5000, b"[70, 999, {}]", b"\xdd\xff\xff\xff\xff", b"[48, 1, {}, \"com.x\", {]"]
    while not world.stopping:
        with contextlib.suppress(*LOST):
            kind = world.random.choice(wamp.KINDS)
            address, tls = world.wamp_address(kind)
            if world.random.random() < 0.3:
                reader, writer = await wamp.dial(*address, tls=tls)
                try:
                    writer.write(world.random.choice((
                        b"\x7f", b"\x7f\xf2\x00", b"\x7f\xf9\x00\x00", b"\x7f\xf2\x01\x01",
                        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"GET /w",
                        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
                        world.random.randbytes(30))))
                    await asyncio.sleep(world.random.uniform(0, 0.3))
                    if world.random.random() < 0.5:
                        wamp.reset(writer)
                finally:
                    writer.close()
                continue
            async with joined(world, kind) as peer:
                if world.random.random() < 0.5:
                    await peer.register(URI + "dies", invoke="random")
                    await peer.subscribe(URI, match="prefix")
                frame = peer.wire.frame_bytes(world.random.choice(wrong))
                if world.random.random() < 0.3:
                    frame = frame[:world.random.randint(0, len(frame))]
                peer.wire.writer.write(frame)
                await asyncio.sleep(world.random.uniform(0, 0.3))
                if world.random.random() < 0.5:
                    peer.reset()
        await asyncio.sleep(0.02)


async def visitor(world):
    """Comes and goes: many sessions, one after the other, politely and again on one connection."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                for _ in range(world.random.randint(0, 3)):
                    await peer.call(URI + "echo", [1])[1]
                await peer.leave()
            world.count("visits")


# --- HTTP ---------------------------------------------------------------------------------------

def http_requests(world):
    """(weight, method, path, body, allowed statuses)"""
    number = world.random.randint(0, 10**9)
    text = json.dumps({"value": [number, world.text()]}).encode()
    return world.random.choices([
        ("GET", "/soak/static", b"", {200}),
        ("GET", f"/soak/echo/{number}", b"", {200}),
        ("POST", "/soak/echo", text, {200}),
        ("POST", "/soak/late", text, {200}),
        ("GET", "/soak/never", b"", {504}),
        ("GET", "/soak/dies", b"", {200, 502, 503}),
        ("GET", "/soak/nobody", b"", {503}),
        ("POST", "/soak/event", text, {200}),
        ("GET", "/soak/missing", b"", {404}),
        ("PUT", "/soak/static", b"x", {405}),
        ("POST", "/soak/echo", b"{\"value\":", {400}),
    ], (5, 5, 5, 1, 1, 2, 1, 2, 1, 1, 1))[0]


async def http_steady(world):
    address, tls = world.http_address()
    client = web.Client(address, tls=tls, headers=[("Content-Type", "application/json")])
    try:
        while not world.stopping:
            method, path, body, allowed = http_requests(world)
            try:
                status, _, answer = await asyncio.wait_for(client.ask(method, path, body),
                                                           world.patience)
            except (web.Gone, OSError) as gone:
                world.wrong(f"{method} {path}: no answer: {gone!r}")
                client.close()
                continue
            if status not in allowed:
                world.wrong(f"{method} {path} answered {status}: {answer[:300]!r}")
            elif status == 200 and path in ("/soak/echo", "/soak/late") and \
                    json.loads(answer) != json.loads(body)["value"]:
                world.wrong(f"{method} {path}: {answer[:200]!r} for {body[:200]!r}")
            world.count(f"http {status}")
            if status in (503, 404):
                await asyncio.sleep(0.01)
    except asyncio.TimeoutError:
        world.wrong(f"{method} {path}: nothing within {world.patience} s")
    finally:
        client.close()


async def http_aborting(world):
    """Leaves at any byte of the request, or before the answer."""
    while not world.stopping:
        method, path, body, _ = http_requests(world)
        sent = web.request_bytes(method, path, body, [("Content-Type", "application/json")])
        if world.random.random() < 0.7:
            sent = sent[:world.random.randint(0, len(sent))]
        address, tls = world.http_address()
        with contextlib.suppress(*LOST):
            _, writer = await wamp.dial(*address, tls=tls)
            writer.write(sent)
            await asyncio.sleep(world.random.choice((0, 0.001, 0.02, 0.1)))
            if world.random.random() < 0.5:
                wamp.reset(writer)
            else:
                writer.close()
        world.count("aborted requests")


async def http_slow(world):
    """A request in small pieces is a request all the same."""
    while not world.stopping:
        method, path, body, allowed = http_requests(world)
        if len(body) > 2000:
            continue
        sent = web.request_bytes(method, path, body, [("Content-Type", "application/json")])
        address, tls = world.http_address()
        reader, writer = await wamp.dial(*address, tls=tls)
        try:
            piece = max(1, len(sent) // 10)
            for start in range(0, len(sent), piece):
                writer.write(sent[start:start + piece])
                await asyncio.sleep(world.random.uniform(0, 0.05))
            status, _, answer = await asyncio.wait_for(web.read_answer(reader), world.patience)
            if status not in allowed:
                world.wrong(f"slow {method} {path} answered {status}: {answer[:300]!r}")
            world.count("slow requests")
        except asyncio.TimeoutError:
            world.wrong(f"slow {method} {path}: nothing within {world.patience} s")
        except (web.Gone, OSError) as gone:
            if path != "/soak/static":  # a refused PUT need not read its body
                world.wrong(f"slow {method} {path}: no answer: {gone!r}")
        finally:
            writer.close()


async def http_deaf(world):
    """Asks for much and takes little of it, or nothing, then leaves."""
    text = json.dumps({"value": "x" * 200000}).encode()
    sent = web.request_bytes("POST", "/soak/echo", text, [("Content-Type", "application/json")])
    while not world.stopping:
        address, tls = world.http_address()
        with contextlib.suppress(*LOST):
            reader, writer = await wamp.dial(*address, tls=tls, receive_buffer=4096)
            writer.transport.pause_reading()
            writer.write(sent * world.random.randint(1, 3))
            await asyncio.sleep(world.random.uniform(0.1, 1))
            if world.random.random() < 0.5:
                writer.transport.resume_reading()
                await reader.read(1000)
            if world.random.random() < 0.5:
                wamp.reset(writer)
            else:
                writer.transport.abort()
        world.count("deaf requests")


async def http_pipelining(world):
    """Requests in a row on one connection are answered in their order."""
    while not world.stopping:
        address, tls = world.http_address()
        reader, writer = await wamp.dial(*address, tls=tls)
        try:
            for _ in range(world.random.randint(1, 5)):
                count = world.random.randint(1, 8)
                numbers = [world.random.randint(0, 10**9) for _ in range(count)]
                sent = b"".join(web.request_bytes("GET", f"/soak/echo/{n}") for n in numbers)
                cut = world.random.randint(0, len(sent))
                writer.write(sent[:cut])
                await asyncio.sleep(world.random.choice((0, 0, 0.01)))
                writer.write(sent[cut:])
                for number in numbers:
                    status, _, body = await asyncio.wait_for(web.read_answer(reader),
                                                             world.patience)
                    if status != 200 or json.loads(body) != str(number):
                        world.wrong(f"pipelined /soak/echo answered {status} {body[:100]!r}")
                    world.count("pipelined")
        except asyncio.TimeoutError:
            world.wrong(f"pipelined: nothing within {world.patience} s")
        except (web.Gone, OSError) as gone:
            world.wrong(f"pipelined: no answer: {gone!r}")
        finally:
            writer.close()


async def http_malformed(world):
    """Each is refused with a 4xx or 5xx, or by hanging up; none is kept waiting."""
    wrong = [b"GET\r\n\r\n", b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n" * 200,
             b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
             b"POST /soak/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
             b"Content-Length: 6\r\n\r\nabcdef",
             b"POST /soak/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
             b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             b"POST /soak/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
             b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET / HTTP/1.1\r\nHost: x\r\n" + b"x-a: " + b"b" * 60000 + b"\r\n\r\n",
             b"GET /soak/%2e%2e/x HTTP/1.1\r\nHost: x\r\n\r\n",
             b"POST /soak/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"]
    while not world.stopping:
        address, tls = world.http_address()
        with contextlib.suppress(web.Gone, OSError, ValueError, IndexError):
            reader, writer = await wamp.dial(*address, tls=tls)
            try:
                sent = world.random.choice(wrong)
                writer.write(sent)
                status, _, _ = await asyncio.wait_for(web.read_answer(reader), world.patience)
                if status < 400:
                    world.wrong(f"{sent[:60]!r} answered {status}")
            except asyncio.TimeoutError:
                world.wrong(f"{sent[:60]!r}: neither answered nor closed")
            finally:
                writer.close()
        world.count("malformed requests")
        await asyncio.sleep(0.02)


# --- administration -----------------------------------------------------------------------------

class History:
    """What a specification may answer: contents with the times at which each may be seen."""

    def __init__(self):
        self.entries = [[None, 0.0, float("inf")]]  # content, from, until

    def begin(self, content):
        self.entries.append([content, time.monotonic(), float("inf")])

    def done(self):
        """The last is acknowledged: nothing older may be seen by who asks from now on."""
        now = time.monotonic()
        for entry in self.entries[:-1]:
            entry[2] = min(entry[2], now)
        del self.entries[:-50]

    def may_be(self, content, asked, answered):
        return any(c == content and start <= answered and until >= asked
                   for c, start, until in self.entries)


def versioned_spec(name, content, paths=8):
    """Each answer says three times of which content it is."""
    answer = {"body": {"a": content, "b": "{{variables.content}}"},
              "headers": {"x-content": str(content)}}
    return {"id": f"{REALM}.{name}", "name": name, "host": "_", "realm_uri": REALM,
            "variables": {"content": content}, "defaults": {"schemes": ["http", "https"]},
            "versions": {"1": {"base_path": f"/{name}", "paths": {
                f"/p{i}/:x": {"get": {"action": {"type": "static"},
                                      "response": {"on_result": answer, "on_error": {}}}}
                for i in range(paths)}}}}


async def spec_owner(world, name):
    """Publishes, deletes, rolls back; never two writers for one specification."""
    admin = world.admin_client()
    history = world.histories[name]
    contents = world.contents[name]  # version -> content
    path = f"/api_specs/{REALM}.{name}"

    async def send(method, target, body, allowed, headers=()):
        status, found, answer = await asyncio.wait_for(
            admin.ask(method, target, json.dumps(body).encode() if body else b"", headers),
            world.patience)
        if status not in allowed:
            world.wrong(f"{method} {target} answered {status}: {answer[:300]!r}")
        world.count(f"admin {method} {status}")
        return status, answer
    try:
        while not world.stopping:
            what = world.random.choices(("publish", "rollback", "delete", "bad", "look", "late"),
                                        (6, 2, 1, 2, 2, 1))[0]
            if what == "publish":
                world.contents_made += 1
                content = world.contents_made
                history.begin(content)
                spec = versioned_spec(name, content, world.random.randint(8, 60))
                status, answer = await send("POST", "/api_specs", spec, {200})
                if status == 200:
                    history.done()
                    contents[json.loads(answer)["version"]] = content
            elif what == "rollback" and len(contents) > 1:
                version = world.random.choice(list(contents)[-5:])
                history.begin(contents[version])
                status, answer = await send("POST", f"{path}/rollback", {"version": version}, {200})
                if status == 200:
                    history.done()
                    contents[json.loads(answer)["version"]] = contents[version]
            elif what == "delete" and contents:
                history.begin(None)
                status, _ = await send("DELETE", path, None, {204})
                if status == 204:
                    history.done()
                    contents.clear()
            elif what == "bad":
                spec = versioned_spec(name, -1)
                spec["versions"]["1"]["base_paht"] = "{{variables.nothing}}"
                await send("POST", "/api_specs", spec, {422})
            elif what == "late" and contents:
                await send("POST", "/api_specs", versioned_spec(name, -1), {412},
                           [("If-Match", '"999999"')])
            elif what == "look":
                await send("GET", path, None, {200} if contents else {404})
            await asyncio.sleep(world.random.uniform(0, 0.1))
    finally:
        admin.close()


async def spec_watcher(world, name):
    """No answer is of two versions, and none is of a version that was replaced before."""
    address, tls = world.http_address()
    client = web.Client(address, tls=tls)
    history = world.histories[name]
    try:
        while not world.stopping:
            asked = time.monotonic()
            status, headers, body = await asyncio.wait_for(
                client.ask("GET", f"/{name}/p{world.random.randint(0, 7)}/y"), world.patience)
            answered = time.monotonic()
            if status not in (200, 404):
                world.wrong(f"/{name} answered {status}: {body[:200]!r}")
                continue
            content = None
            if status == 200:
                parts = json.loads(body)
                content = parts["a"]
                if parts["b"] != content or headers["x-content"] != str(content):
                    world.wrong(f"/{name} answered of two versions: {parts} {headers['x-content']}")
            if not history.may_be(content, asked, answered):
                world.wrong(f"/{name} answered {content} when it was {history.entries[-3:]}")
            world.count("consistent answers")
            await asyncio.sleep(world.random.uniform(0, 0.01))
    except (web.Gone, OSError) as gone:
        world.wrong(f"/{name}: no answer: {gone!r}")
    finally:
        client.close()


async def administrator(world):
    """Creates realms and joins them, reads what there is to read."""
    admin = world.admin_client()
    try:
        while not world.stopping:
            number = world.random.randint(0, 15)
            uri = f"{REALM}.realm{number}"
            allowed = {409} if number in world.realms else {201}
            record = dict(world.open_realm, uri=uri)
            status, _, body = await asyncio.wait_for(
                admin.ask("POST", "/realms", json.dumps(record).encode()), world.patience)
            if status not in allowed:
                world.wrong(f"POST /realms {uri} answered {status}: {body[:200]!r}")
            world.realms.add(number)
            with contextlib.suppress(Lost):
                async with joined(world, realm=uri) as peer:
                    await peer.subscribe(URI, match="prefix")
                    await peer.leave()
            for path, expected in (("/metrics", 200), ("/ready", 204), ("/api_specs", 200),
                                   ("/realms", 200), ("/nothing", 404),
                                   (f"/realms/{uri}", 200)):
                status, _, body = await asyncio.wait_for(admin.ask("GET", path), world.patience)
                if status != expected:
                    world.wrong(f"GET {path} answered {status}: {body[:200]!r}")
            await asyncio.sleep(world.random.uniform(0, 0.5))
    except (web.Gone, OSError) as gone:
        world.wrong(f"the admin listener did not answer: {gone!r}")
    finally:
        admin.close()


async def reloader(world):
    """SIGHUP, now and then with a file that must be refused."""
    while not world.stopping:
        await asyncio.sleep(world.random.uniform(0.2, 1.5))
        world.write_config(broken=world.random.random() < 0.3)
        world.hang_up()
    world.write_config(broken=False)
