// A WAMP peer made of autobahn-js, moved by JSON lines: see peer.py.
//
//     node peer_js.js URL REALM SERIALIZER
'use strict';

const autobahn = require('autobahn');
const readline = require('readline');
const shop = require('./shop.js');

const [url, realm, serializer] = process.argv.slice(2);
const { native, told } = require('./binary.js')(serializer === 'json');

function tell(parts) {
    process.stdout.write(JSON.stringify(told(parts)) + '\n');
}

function transport() {
    const raw = /^rs:\/\/(.*):(\d+)$/.exec(url);
    if (raw) {
        return { type: 'rawsocket', host: raw[1], port: Number(raw[2]) };
    }
    if (url.startsWith('http://')) {
        global.XMLHttpRequest = require('./xhr.js');
        return { type: 'longpoll', url };
    }
    const kinds = { json: 'JSONSerializer', msgpack: 'MsgpackSerializer', cbor: 'CBORSerializer' };
    return {
        type: 'websocket', url, serializers: [new autobahn.serializer[kinds[serializer]]()],
    };
}

const behaviours = {
    echo: (args, kwargs) => new autobahn.Result(args, kwargs),
    fail: (args, kwargs) => { throw new autobahn.Error(args[0], args.slice(1), kwargs); },
    name: () => session.id,
    who: (args, kwargs, details) => ({
        session: session.id, procedure: details.procedure, caller: details.caller,
    }),
    slow: (args) => new Promise((done) => setTimeout(() => done(args.slice(1)), args[0] * 1000)),
    ...shop((uri, args, kwargs) => new autobahn.Error(uri, args, kwargs)),
};

let session = null;
const things = new Map();
const calls = new Map();

function outcome(number, promise, shape) {
    promise.then(
        (value) => tell({ number, ...shape(value) }),
        (error) => tell(error && error.error !== undefined
            ? { number, error: error.error, args: error.args, kwargs: error.kwargs }
            : { number, error: 'exception', args: [String(error)] }));
}

function keep(given) {
    things.set(given.id, given);
    return { id: given.id };
}

// What a call gave, as args and kwargs again: autobahn-js unwraps a single value.
function result(value) {
    if (value instanceof autobahn.Result) {
        return { args: value.args || [], kwargs: value.kwargs || {} };
    }
    return { args: value === null || value === undefined ? [] : [value], kwargs: {} };
}

const commands = {
    register: (c) => outcome(c.number,
        session.register(c.uri, behaviours[c.behaviour], c.options), keep),
    unregister: (c) => outcome(c.number, session.unregister(things.get(c.id)), () => ({})),
    subscribe: (c) => outcome(c.number, session.subscribe(c.uri, (args, kwargs, details) => tell({
        what: 'event', subscription: c.uri, topic: details.topic, args: args || [],
        kwargs: kwargs || {}, publication: details.publication,
    }), c.options), keep),
    unsubscribe: (c) => outcome(c.number, session.unsubscribe(things.get(c.id)), () => ({})),
    publish: (c) => outcome(c.number, session.publish(c.uri, c.args, c.kwargs, c.options),
        (done) => ({ publication: done.id })),
    call: (c) => {
        const call = session.call(c.uri, c.args, c.kwargs, c.options);
        calls.set(c.number, call);
        outcome(c.number, call, result);
    },
    cancel: (c) => { calls.get(c.call).cancel(c.options || {}); tell({ number: c.number }); },
};

const connection = new autobahn.Connection({
    transports: [transport()], realm, max_retries: 0,
    on_internal_error: () => {}, on_user_error: () => {},
});

connection.onopen = (opened) => {
    session = opened;
    tell({ what: 'joined', session: session.id });
    readline.createInterface({ input: process.stdin })
        .on('line', (line) => { const c = native(JSON.parse(line)); commands[c.do](c); })
        .on('close', () => { connection.close(); setTimeout(() => process.exit(0), 200).unref(); });
};
connection.onclose = () => { process.exit(0); };
connection.open();
