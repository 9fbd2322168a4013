// What the scripts of OAuth clients share: libraries by name, and a person by stdin and stdout.
//
// The script says {"open": URL} or {"enter": URL, "code": TEXT}; whoever drives it answers with a
// line: where the browser was sent, or "". What the script has found out is its last line.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

export async function load(name) {
    const found = createRequire(`${process.env.NODE_PATH}/`).resolve(name);
    return import(pathToFileURL(found));
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export function tell(what) {
    process.stdout.write(JSON.stringify(what) + '\n');
}

export async function ask(what) {
    tell(what);
    return (await lines.next()).value;
}

export function done(what) {
    tell({ done: what });
    process.exit(0);
}
