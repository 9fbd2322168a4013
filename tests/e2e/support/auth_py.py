"""One login of autobahn-python: says how it ended, as one JSON line.

    auth_py.py URL REALM SERIALIZER METHOD AUTHID SECRET
"""
import asyncio
import json
import sys

from autobahn.asyncio.rawsocket import WampRawSocketClientProtocol
from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp import auth
from autobahn.wamp.cryptosign import CryptosignKey
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer

# Autobahn 22.7 forgot this attribute in its RawSocket for asyncio, and fails at WELCOME.
WampRawSocketClientProtocol.transport_details = None

URL, REALM, SERIALIZER, METHOD, AUTHID, SECRET = sys.argv[1:]
SERIALIZERS = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}


class Login(ApplicationSession):
    def tell(self, **parts):
        print(json.dumps(parts), flush=True)

    def onConnect(self):
        extra = {}
        if METHOD == "cryptosign":
            self.key = CryptosignKey.from_bytes(bytes.fromhex(SECRET))
            extra = {"pubkey": self.key.public_key(), "trustroot": None, "challenge": None,
                     "channel_binding": None}
        self.join(REALM, authmethods=[METHOD], authid=AUTHID, authextra=extra)

    def onChallenge(self, challenge):
        assert challenge.method == METHOD
        if METHOD == "wampcra":
            key = SECRET.encode()
            if "salt" in challenge.extra:
                key = auth.derive_key(key, challenge.extra["salt"], challenge.extra["iterations"],
                                      challenge.extra["keylen"])
            return auth.compute_wcs(key, challenge.extra["challenge"]).decode("ascii")
        if METHOD == "cryptosign":
            return self.key.sign_challenge(challenge)
        return SECRET

    def onJoin(self, details):
        self.tell(authid=details.authid, authrole=details.authrole, authmethod=details.authmethod,
                  session=details.session)
        self.leave()

    def onLeave(self, details):
        if details.reason not in ("wamp.close.normal", "wamp.close.goodbye_and_out"):
            self.tell(reason=details.reason, message=details.message)
        self.disconnect()

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


def main():
    runner = ApplicationRunner(URL, REALM, serializers=[SERIALIZERS[SERIALIZER]()])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(runner.run(Login, start_loop=False))
    loop.run_forever()


main()
