// Verifies a token by jose: says its header and claims, or why not, as one JSON line.
//
//     node verify_jose.mjs '{"keys": [JWK], "token": TEXT, "options": {}}'
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { keys, token, options } = JSON.parse(process.argv[2]);
const found = createRequire(`${process.env.NODE_PATH}/`).resolve('jose');
const { createLocalJWKSet, jwtVerify } = await import(pathToFileURL(found));

try {
    const { protectedHeader, payload } = await jwtVerify(token, createLocalJWKSet({ keys }),
                                                         options);
    process.stdout.write(JSON.stringify({ header: protectedHeader, claims: payload }) + '\n');
} catch (error) {
    process.stdout.write(JSON.stringify({ error: error.code }) + '\n');
}
