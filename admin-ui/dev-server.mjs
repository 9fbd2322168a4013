// For work on the console: bundles at each change and serves the result at /ui/, everything else
// comes from the admin listener of a running node.
//
//     node dev-server.mjs [--port 5173] [--to http://127.0.0.1:18081]
import { readdirSync, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, '../build/ui-dev');
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const port = Number(option('port', '5173'));
const to = new URL(option('to', 'http://127.0.0.1:18081'));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

async function rebuild() {
  try {
    await bundle(out, { minify: false });
    console.log('ui: bundled');
  } catch (error) {
    console.error(String(error));
  }
}

async function file(path, answer) {
  const name = path === '/ui/' ? 'index.html' : path.slice('/ui/'.length);
  try {
    if (name.includes('..')) throw new Error('outside');
    const bytes = await readFile(join(out, name));
    answer.writeHead(200, {
      'content-type': `${types[extname(name)] ?? 'text/plain'}; charset=utf-8`,
      'content-security-policy': policy,
      'cache-control': 'no-store',
    });
    answer.end(bytes);
  } catch {
    answer.writeHead(404).end('not there\n');
  }
}

// The node takes writes of its own origin only, and behind us its origin is not the browser's.
function pass(incoming, answer) {
  const headers = { ...incoming.headers, host: to.host };
  if (headers.origin) headers.origin = to.origin;
  delete headers.referer;
  const onward = request(
    { host: to.hostname, port: to.port, path: incoming.url, method: incoming.method, headers },
    (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    },
  );
  onward.on('error', () => answer.destroy());
  incoming.pipe(onward);
}

await rebuild();
let waiting;
for (const folder of ['.', ...readdirSync(join(here, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)])
  watch(join(here, 'src', folder), () => {
    clearTimeout(waiting);
    waiting = setTimeout(rebuild, 50);
  });
createServer((incoming, answer) => {
  const path = new URL(incoming.url ?? '/', 'http://ui').pathname;
  if (path === '/ui') answer.writeHead(308, { location: '/ui/' }).end();
  else if (path.startsWith('/ui/')) void file(path, answer);
  else pass(incoming, answer);
}).listen(port, '127.0.0.1', () => console.log(`ui: http://127.0.0.1:${port}/ui/ before ${to}`));
