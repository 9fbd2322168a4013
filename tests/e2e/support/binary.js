// Binary on the lines of peer.py is {"$hex": "00ff"}; here a Buffer, or, where a client leaves it to
// the application, what JSON has instead: NUL and base64.
'use strict';

function each(value, change) {
    const changed = change(value);
    if (changed !== undefined) {
        return changed;
    }
    if (Array.isArray(value)) {
        return value.map((member) => each(member, change));
    }
    if (value !== null && typeof value === 'object') {
        return Object.fromEntries(
            Object.entries(value).map(([key, member]) => [key, each(member, change)]));
    }
    return value;
}

module.exports = (json) => ({
    native: (value) => each(value, (one) => {
        if (one === null || typeof one !== 'object' || one.$hex === undefined) {
            return undefined;
        }
        const bytes = Buffer.from(one.$hex, 'hex');
        return json ? '\0' + bytes.toString('base64') : bytes;
    }),
    told: (value) => each(value, (one) => {
        if (one instanceof Uint8Array) {
            return { $hex: Buffer.from(one).toString('hex') };
        }
        if (json && typeof one === 'string' && one[0] === '\0') {
            return { $hex: Buffer.from(one.slice(1), 'base64').toString('hex') };
        }
        return undefined;
    }),
});
