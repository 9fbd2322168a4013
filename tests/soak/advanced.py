"""More actors: calls and results in pieces, events that are kept, testaments, WAMP in HTTP requests.

The bounds of what a node keeps are small in a soak (run), so that they are reached."""
import asyncio
import contextlib
import json

import wamp
import web
from actors import LOST, URI, joined
from wamp import WampError

KEPT = URI + "kept."
ROLES = wamp.ROLES["roles"]


async def callee_summing(world):
    """Takes calls in pieces, and tells the sum of all so far for each."""
    async with joined(world, world.next_kind()) as peer:
        sums = {}

        def on_invocation(callee, message):
            request, details = message[1], message[3]
            sums[request] = sums.get(request, 0) + message[4][0]
            if details.get("progress"):
                if details.get("receive_progress"):
                    callee.wire.send([wamp.YIELD, request, {"progress": True}, [sums[request]]])
                return
            callee.wire.send([wamp.YIELD, request, {}, [sums.pop(request)]])

        def on_interrupt(callee, message):
            if sums.pop(message[1], None) is not None:
                callee.wire.send([wamp.ERROR, wamp.INVOCATION, message[1], {},
                                  "wamp.error.canceled"])
        peer.on_invocation, peer.on_interrupt = on_invocation, on_interrupt
        await peer.register(URI + "sum", invoke="roundrobin")
        world.ready()
        while not world.services_end.is_set():
            await asyncio.sleep(0.1)
            if peer.ended:
                world.wrong(f"a summing callee was sent away: {peer.ended}")
                return


async def caller_in_pieces(world):
    """Calls in pieces; some are cancelled, some left with the connection."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                for _ in range(world.random.randint(1, 20)):
                    numbers = [world.random.randint(0, 1000) for _ in range(5)]
                    request, future = peer.call(URI + "sum", [0], progress=True,
                                                receive_progress=True)
                    for number in numbers[:-1]:
                        peer.wire.send([wamp.CALL, request, {"progress": True}, URI + "sum",
                                        [number]])
                        await asyncio.sleep(world.random.uniform(0, 0.01))
                    whim = world.random.random()
                    if whim < 0.1:
                        peer.reset()
                        break
                    if whim < 0.3:
                        peer.wire.send([wamp.CANCEL, request, {"mode": "kill"}])
                    else:
                        peer.wire.send([wamp.CALL, request, {}, URI + "sum", [numbers[-1]]])
                    try:
                        answer = await asyncio.wait_for(future, world.patience)
                        if whim >= 0.3 and answer[3] != [sum(numbers)]:
                            world.wrong(f"sum of {numbers} answered {answer!r:.200}")
                    except WampError as error:
                        if whim >= 0.3 or error.uri != "wamp.error.canceled":
                            world.wrong(f"sum answered {error.uri}")
                    world.count("calls in pieces")


async def publisher_retaining(world):
    """Events for those who come later, for a second or for ever, for all or for some."""
    async with joined(world) as peer:
        while not world.stopping:
            options = {"acknowledge": True, "retain": True}
            if world.random.random() < 0.5:
                options["_retained_ttl"] = 1
            if world.random.random() < 0.3:
                options["eligible_authrole"] = ["anonymous"]
            topic = f"{KEPT}{world.random.randint(0, 400)}"
            text = "k" * world.random.choice((0, 100, 5000))
            _, future = peer.ask(wamp.PUBLISH, options, topic, [text])
            await asyncio.wait_for(future, world.patience)
            world.count("retained publications")
            await asyncio.sleep(world.random.uniform(0, 0.01))


async def subscriber_late(world):
    """Wants what was retained, and what has been."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                peer.on_event = lambda _peer, _message: world.count("late events")
                match, uri = world.random.choice((
                    ("exact", KEPT + "7"), ("prefix", KEPT), ("wildcard", "com.example.soak.kept.")))
                subscription = await peer.subscribe(uri, match=match, get_retained=True)
                for _ in range(3):
                    _, future = peer.ask(wamp.CALL, {}, "wamp.subscription.get_events",
                                         [subscription], {"limit": world.random.randint(1, 50)})
                    answer = await asyncio.wait_for(future, world.patience)
                    world.count("events of the past", len(answer[3]))
                    await asyncio.sleep(world.random.uniform(0, 0.2))


async def testator(world):
    """Leaves testaments, of which some are taken back, and dies or departs."""
    while not world.stopping:
        with contextlib.suppress(*LOST):
            async with joined(world) as peer:
                for _ in range(world.random.randint(1, 10)):
                    _, future = peer.ask(wamp.CALL, {}, "wamp.session.add_testament",
                                         [URI + "topic.a", ["the last"], {}],
                                         {"scope": world.random.choice(("destroyed", "detached"))})
                    await asyncio.wait_for(future, world.patience)
                if world.random.random() < 0.3:
                    _, future = peer.ask(wamp.CALL, {}, "wamp.session.flush_testaments", [], {})
                    await asyncio.wait_for(future, world.patience)
                if world.random.random() < 0.5:
                    await peer.leave()
                else:
                    peer.reset()
            world.count("testaments")
        await asyncio.sleep(0.02)


class Tunnel:
    """A session in HTTP requests: one connection sends, the other receives."""

    def __init__(self, world, where, protocol):
        address, tls = world.http_address()
        self.sender, self.receiver = (web.Client(address, tls=tls) for _ in range(2))
        self.where, self.protocol, self.patience = where, protocol, world.patience

    async def open(self):
        body = json.dumps({"protocols": [self.protocol]}).encode()
        status, _, answer = await self.sender.ask("POST", f"/wamp/{self.where}/open", body)
        if status != 200:
            raise web.Gone(f"open answered {status}")
        self.path = f"/wamp/{self.where}/{json.loads(answer)['transport']}"

    async def send(self, message):
        status, _, answer = await self.sender.ask("POST", self.path + "/send",
                                                  json.dumps(message).encode())
        if status != 202:
            raise web.Gone(f"send answered {status}: {answer[:100]!r}")

    async def receive(self, kinds):
        """The next message of one of these types."""
        while True:
            status, _, answer = await asyncio.wait_for(
                self.receiver.ask("POST", self.path + "/receive"), self.patience)
            if status == 200 and json.loads(answer)[0] in kinds:
                return json.loads(answer)
            if status not in (200, 204):
                raise web.Gone(f"receive answered {status}")

    async def close(self):
        await self.sender.ask("POST", self.path + "/close")

    def drop(self):
        self.sender.close()
        self.receiver.close()


async def longpoller(world):
    """Calls and listens over long-poll; closes it, says GOODBYE, or is never heard of again."""
    while not world.stopping:
        tunnel = Tunnel(world, "longpoll", "wamp.2.json")
        with contextlib.suppress(*LOST):
            await tunnel.open()
            await tunnel.send([wamp.HELLO, "com.example.soak", {"roles": ROLES}])
            await tunnel.receive({wamp.WELCOME})
            await tunnel.send([wamp.SUBSCRIBE, 1, {}, URI + "topic.a"])
            await tunnel.receive({wamp.SUBSCRIBED})
            for request in range(2, world.random.randint(3, 12)):
                text = world.text()
                await tunnel.send([wamp.CALL, request, {}, URI + "echo", [text]])
                answer = await tunnel.receive({wamp.RESULT, wamp.ERROR})
                if answer[0] != wamp.RESULT or answer[3] != [text]:
                    world.wrong(f"echo over long-poll answered {answer!r:.200}")
                world.count("calls over long-poll")
            whim = world.random.random()
            if whim < 0.4:
                await tunnel.send([wamp.GOODBYE, {}, "wamp.close.close_realm"])
                await tunnel.receive({wamp.GOODBYE})
            if whim < 0.8:
                await tunnel.close()
        tunnel.drop()
        await asyncio.sleep(0.02)


async def listener_sse(world):
    """Listens to a stream of events for a while, and hangs up."""
    while not world.stopping:
        tunnel = Tunnel(world, "sse", "wamp.2.json.sse")
        with contextlib.suppress(*LOST):
            await tunnel.open()
            await tunnel.send([wamp.HELLO, "com.example.soak", {"roles": ROLES}])
            await tunnel.send([wamp.SUBSCRIBE, 1, {"match": "prefix"}, URI + "topic"])
            reader, writer = await wamp.dial(*tunnel.sender.address, tls=tunnel.sender.tls)
            try:
                writer.write(web.request_bytes("GET", tunnel.path + "/receive",
                                               headers=[("Accept", "text/event-stream")]))
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(reader.readexactly(world.random.randint(1000, 200000)),
                                           world.random.uniform(0.1, 1))
                world.count("streams")
            finally:
                if world.random.random() < 0.5:
                    wamp.reset(writer)
                writer.close()
            if world.random.random() < 0.7:
                await tunnel.close()
        tunnel.drop()
        await asyncio.sleep(0.02)
