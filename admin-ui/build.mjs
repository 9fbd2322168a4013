// Bundles the console into build/ui: hashed names, a .gz beside each file, and manifest.json, from
// which the program embeds them. Refuses a bundle that is bigger than its bounds.
//
//     node build.mjs [--out DIR]
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const INITIAL_MAX = 80 * 1024;
const ALL_MAX = 300 * 1024;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

export async function bundle(out, { minify = true } = {}) {
  const made = await build({
    entryPoints: [join(here, 'src/main.tsx'), join(here, 'src/style/main.css')],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022'],
    minify,
    metafile: true,
    write: false,
    legalComments: 'none',
    outdir: out,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    absWorkingDir: here,
    logLevel: 'warning',
  });
  const files = made.outputFiles.map((file) => ({
    path: relative(out, file.path),
    bytes: Buffer.from(file.contents),
    immutable: true,
  }));
  const named = (start, end) =>
    files.find((file) => file.path.startsWith(start) && file.path.endsWith(end)).path;
  const script = named('main-', '.js');
  const style = named('main-', '.css');
  const html = (await readFile(join(here, 'src/index.html'), 'utf8'))
    .replace('main.css', style)
    .replace('main.js', script);
  files.unshift({ path: 'index.html', bytes: Buffer.from(html), immutable: false });
  await put(out, files);
  return measure(files, made.metafile, out, [script, style]);
}

async function put(out, files) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const file of files) {
    file.gz = gzipSync(file.bytes, { level: 9 });
    await writeFile(join(out, file.path), file.bytes);
    await writeFile(join(out, `${file.path}.gz`), file.gz);
  }
  const manifest = files.map(({ path, immutable }) => ({
    path,
    type: TYPES[extname(path)],
    immutable,
  }));
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify({ files: manifest }, null, 1)}\n`);
}

function measure(files, metafile, out, entries) {
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]),
  );
  const initial = new Set(['index.html']);
  const add = (path) => {
    if (initial.has(path)) return;
    initial.add(path);
    for (const { path: next, kind } of outputs.get(path)?.imports ?? [])
      if (kind === 'import-statement') add(basename(next));
  };
  entries.forEach(add);
  const total = (chosen) => chosen.reduce((sum, file) => sum + file.gz.length, 0);
  return {
    out,
    initial: total(files.filter((file) => initial.has(file.path))),
    all: total(files),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  const out = at < 0 ? resolve(here, '../build/ui') : resolve(process.argv[at + 1]);
  const size = await bundle(out);
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(
    `ui: ${kib(size.initial)} at first (of ${kib(INITIAL_MAX)}), ` +
      `${kib(size.all)} in all (of ${kib(ALL_MAX)}), gzipped`,
  );
  if (size.initial > INITIAL_MAX || size.all > ALL_MAX) {
    console.error('ui: the bundle is bigger than its bounds');
    process.exit(1);
  }
}
