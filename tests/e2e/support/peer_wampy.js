// A WAMP peer made of wampy, moved by JSON lines: see peer.py.
//
//     node peer_wampy.js URL REALM SERIALIZER
'use strict';

const readline = require('readline');
const shop = require('./shop.js');
const { Wampy } = require('wampy');
const { JsonSerializer } = require('wampy/JsonSerializer.js');
// Its own ws, not the older one of autobahn.
const WebSocket = require(require.resolve('ws', { paths: [require.resolve('wampy')] }));

const [url, realm] = process.argv.slice(2);
const { native, told } = require('./binary.js')(true);

function tell(parts) {
    process.stdout.write(JSON.stringify(told(parts)) + '\n');
}

const wampy = new Wampy(url, {
    realm, ws: WebSocket, serializer: new JsonSerializer(), autoReconnect: false,
    uriValidation: 'loose',
    onClose: () => process.exit(0), onError: () => process.exit(1),
});

// It tells its subscribers all of an event but the publication.
const onEvent = wampy._onEventMessage.bind(wampy);
wampy._onEventMessage = (message) => {
    message[3].publication = message[2];
    return onEvent(message);
};

class Failure extends Error {
    constructor(error, argsList, argsDict) {
        super(error);
        Object.assign(this, { error, argsList, argsDict });
    }
}

function given(value) {
    return { argsList: [value] };
}

const behaviours = {
    echo: ({ argsList, argsDict }) => ({ argsList: argsList || [], argsDict: argsDict || {} }),
    fail: ({ argsList, argsDict }) => {
        throw new Failure(argsList[0], argsList.slice(1), argsDict || {});
    },
    name: () => given(wampy.getSessionId()),
    who: ({ details }) => given({
        session: wampy.getSessionId(), procedure: details.procedure, caller: details.caller,
    }),
    slow: ({ argsList }) => new Promise((done) => setTimeout(
        () => done(given(argsList.slice(1))), argsList[0] * 1000)),
};

for (const [name, sell] of Object.entries(shop((...parts) => new Failure(...parts)))) {
    behaviours[name] = ({ argsList }) => given(sell(argsList || []));
}

const things = new Map();
const calls = new Map();

function outcome(number, promise, shape) {
    promise.then(
        (value) => tell({ number, ...shape(value) }),
        (error) => tell({
            number, error: error.errorUri || error.error || 'exception',
            args: error.argsList || [error.errorUri ? null : String(error)].filter(Boolean),
            kwargs: error.argsDict || {},
        }));
}

function keep(id, thing) {
    things.set(id, thing);
    return { id };
}

const commands = {
    register: (c) => outcome(c.number, wampy.register(c.uri, behaviours[c.behaviour], c.options),
        (done) => keep(done.registrationId, c.uri)),
    unregister: (c) => outcome(c.number, wampy.unregister(things.get(c.id)), () => ({})),
    subscribe: (c) => outcome(c.number, wampy.subscribe(c.uri, (event) => tell({
        what: 'event', subscription: c.uri, topic: event.details.topic, args: event.argsList || [],
        kwargs: event.argsDict || {}, publication: event.details.publication,
    }), c.options), (done) => keep(done.subscriptionId, done.subscriptionKey)),
    unsubscribe: (c) => outcome(c.number, wampy.unsubscribe(things.get(c.id)), () => ({})),
    publish: (c) => outcome(c.number,
        wampy.publish(c.uri, { argsList: c.args, argsDict: c.kwargs }, c.options),
        (done) => ({ publication: done.publicationId })),
    call: (c) => {
        const call = wampy.call(c.uri, { argsList: c.args, argsDict: c.kwargs }, c.options);
        calls.set(c.number, wampy.getOpStatus().reqId);
        outcome(c.number, call,
            (done) => ({ args: done.argsList || [], kwargs: done.argsDict || {} }));
    },
    cancel: (c) => {
        wampy.cancel(calls.get(c.call), c.options || {});
        tell({ number: c.number });
    },
};

wampy.connect().then(() => {
    tell({ what: 'joined', session: wampy.getSessionId() });
    readline.createInterface({ input: process.stdin })
        .on('line', (line) => { const c = native(JSON.parse(line)); commands[c.do](c); })
        .on('close', () => {
            wampy.disconnect();
            setTimeout(() => process.exit(0), 200).unref();
        });
});
