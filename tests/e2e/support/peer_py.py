"""A WAMP peer made of autobahn-python, moved by JSON lines: see peer.py.

    peer_py.py URL REALM SERIALIZER [AUTHID PASSWORD]
"""
import asyncio
import json
import sys

from autobahn.asyncio.rawsocket import WampRawSocketClientProtocol
from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import (CallOptions, CallResult, PublishOptions, RegisterOptions,
                                 SubscribeOptions)

import shop

# Autobahn 22.7 forgot this attribute in its RawSocket for asyncio, and fails at WELCOME.
WampRawSocketClientProtocol.transport_details = None


LOGIN = sys.argv[4:6]


def native(value):
    """Binary on the lines of peer.py is {"$hex": "00ff"}."""
    if isinstance(value, dict):
        if "$hex" in value:
            return bytes.fromhex(value["$hex"])
        return {key: native(member) for key, member in value.items()}
    return [native(member) for member in value] if isinstance(value, list) else value


def tell(**parts):
    sys.stdout.write(json.dumps(parts, default=lambda value: {"$hex": value.hex()}) + "\n")
    sys.stdout.flush()


class Slow(asyncio.Future):
    """An answer that takes its time. A task that is cancelled in the turn that made it never
    begins, and could not tell; this can."""

    def cancel(self, msg=None):
        if self.done():
            return False
        tell(what="interrupted")
        # Autobahn 22.7 loses a CancelledError, and the caller would wait for its answer.
        self.set_exception(ApplicationError("wamp.error.canceled", "interrupted"))
        return True


def slow(seconds, *rest):
    answer = Slow()

    def give():
        if not answer.done():
            answer.set_result(list(rest))

    answer.get_loop().call_later(seconds, give)
    return answer


def fail(uri, *args, **kwargs):
    raise ApplicationError(uri, *args, **kwargs)


class Peer(ApplicationSession):
    """Does what stdin says."""

    def onConnect(self):
        if LOGIN:
            self.join(self.config.realm, authmethods=["password"], authid=LOGIN[0])
        else:
            self.join(self.config.realm)

    def onChallenge(self, challenge):
        return LOGIN[1]

    def onJoin(self, details):
        self.things = {}
        self.calls = {}
        tell(what="joined", session=details.session)
        self.task = asyncio.ensure_future(self.read_commands())

    def onDisconnect(self):
        asyncio.get_event_loop().stop()

    async def read_commands(self):
        reader = asyncio.StreamReader(limit=1 << 26)
        await asyncio.get_event_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while True:
            line = await reader.readline()
            if not line:
                break
            asyncio.ensure_future(self.run_command(native(json.loads(line))))
        self.leave()

    async def run_command(self, command):
        number = command["number"]
        try:
            tell(number=number, **(await getattr(self, "do_" + command["do"])(command) or {}))
        except ApplicationError as error:
            tell(number=number, error=error.error, args=list(error.args), kwargs=error.kwargs)
        except asyncio.CancelledError:
            tell(number=number, error="canceled here")
        except Exception as error:  # pylint: disable=broad-except
            tell(number=number, error=type(error).__name__, args=[str(error)])

    def behaviour(self, name, uri):
        def echo(*args, details=None, **kwargs):
            return CallResult(*args, **kwargs)

        def who(*_args, details=None, **_kwargs):
            return {"session": self._session_id, "procedure": details.procedure or uri,
                    "caller": details.caller}

        return {"echo": echo, "who": who, "slow": slow, "fail": fail,
                "name": lambda *_a, **_k: self._session_id, **shop.PROCEDURES}[name]

    async def do_register(self, command):
        wants = {"details_arg": "details"} if command["behaviour"] in ("who",) else {}
        given = await self.register(self.behaviour(command["behaviour"], command["uri"]),
                                    command["uri"],
                                    options=RegisterOptions(**command["options"], **wants))
        self.things[given.id] = given
        return {"id": given.id}

    async def do_subscribe(self, command):
        def on_event(*args, details=None, **kwargs):
            tell(what="event", subscription=uri, topic=details.topic, args=list(args),
                 kwargs=kwargs, publication=details.publication)
        uri = command["uri"]
        given = await self.subscribe(on_event, uri, options=SubscribeOptions(
            details_arg="details", **command["options"]))
        self.things[given.id] = given
        return {"id": given.id}

    async def do_unregister(self, command):
        await self.things.pop(command["id"]).unregister()

    async def do_unsubscribe(self, command):
        await self.things.pop(command["id"]).unsubscribe()

    async def do_publish(self, command):
        done = await self.publish(command["uri"], *command["args"], **command["kwargs"],
                                  options=PublishOptions(**command["options"]))
        return {"publication": done.id}

    async def do_call(self, command):
        # CallResult for everything, so that nothing is guessed about one or many values.
        future = self.call(command["uri"], *command["args"], **command["kwargs"],
                           options=CallOptions(**command["options"], details=True))
        self.calls[command["number"]] = future
        result = await future
        return {"args": list(result.results or []), "kwargs": result.kwresults or {}}

    async def do_cancel(self, command):
        self.calls[command["call"]].cancel()


def main():
    url, realm, serializer = sys.argv[1:4]
    serializers = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}
    runner = ApplicationRunner(url, realm, serializers=[serializers[serializer]()])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    if url.startswith("rs://unix:"):  # which Autobahn 22.7 can parse, and dials as a name
        loop.create_connection = lambda factory, host, path, ssl=None: \
            loop.create_unix_connection(factory, path)
    loop.run_until_complete(runner.run(Peer, start_loop=False))
    loop.run_forever()


main()
