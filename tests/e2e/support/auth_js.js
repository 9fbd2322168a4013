// One login of autobahn-js: says how it ended, as one JSON line.
//
//     node auth_js.js URL REALM SERIALIZER METHOD AUTHID SECRET
'use strict';

const autobahn = require('autobahn');
const nacl = require('tweetnacl');

const [url, realm, serializer, method, authid, secret] = process.argv.slice(2);
const kinds = { json: 'JSONSerializer', msgpack: 'MsgpackSerializer', cbor: 'CBORSerializer' };
const raw = /^rs:\/\/(.*):(\d+)$/.exec(url);
const transport = raw
    ? { type: 'rawsocket', host: raw[1], port: Number(raw[2]) }
    : { type: 'websocket', url, serializers: [new autobahn.serializer[kinds[serializer]]()] };
const pair = method === 'cryptosign'
    ? nacl.sign.keyPair.fromSeed(Buffer.from(secret, 'hex')) : null;

function answer(session, asked, extra) {
    if (asked === 'wampcra') {
        const key = extra.salt
            ? autobahn.auth_cra.derive_key(secret, extra.salt, extra.iterations, extra.keylen)
            : secret;
        return autobahn.auth_cra.sign(key, extra.challenge);
    }
    return asked === 'cryptosign' ? autobahn.auth_cryptosign.sign_challenge(pair, extra) : secret;
}

function tell(parts) {
    process.stdout.write(JSON.stringify(parts) + '\n');
}

const connection = new autobahn.Connection({
    transports: [transport], realm, authid, authmethods: [method], max_retries: 0,
    authextra: pair ? { pubkey: autobahn.auth_cryptosign.public_key(pair), trustroot: null,
                        challenge: null, channel_binding: null } : {},
    onchallenge: answer,
});
connection.onopen = (session, details) => {
    tell({ authid: details.authid, authrole: details.authrole, authmethod: details.authmethod,
           session: session.id });
    connection.close();
};
connection.onclose = (why, details) => {
    if (why !== 'closed' || details.reason !== 'wamp.close.goodbye_and_out') {
        tell({ why, reason: details.reason, message: details.message });
    }
    return true;
};
connection.open();
