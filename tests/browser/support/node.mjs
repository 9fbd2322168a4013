// A node of the real program in a folder of its own, on free ports, ended by its own pid.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READY = /ready gateway=(\S+) admin=(\S+) rawsocket=(\S+)/;
const PATIENCE_MS = 60_000;
export const PASSWORD = 'browser-tests-only-9';

export class Node {
  log = '';

  static async start(settings = {}) {
    const node = new Node();
    node.home = mkdtempSync(join(tmpdir(), 'postern-browser-'));
    const given = Object.entries({
      'gateway.listen': '127.0.0.1:0',
      'admin.listen': '127.0.0.1:0',
      'rawsocket.listen': '127.0.0.1:0',
      ...settings,
    });
    node.options = ['serve', '--demo', '--data', join(node.home, 'data')];
    for (const [key, value] of given) node.options.push('--set', `${key}=${value}`);
    await node.begin();
    return node;
  }

  async begin() {
    const env = { ...process.env, POSTERN_ADMIN_PASSWORD: PASSWORD };
    this.process = spawn(process.env.POSTERN_BIN, this.options, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.ended = ended;
    const ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready:\n${this.log}`)), PATIENCE_MS);
      const hear = (bytes) => {
        this.log += bytes;
        const said = READY.exec(this.log.slice(this.from ?? 0));
        if (!said) return;
        clearTimeout(timer);
        resolve(said);
      };
      this.process.stdout.on('data', hear);
      this.process.stderr.on('data', hear);
      void ended.then((code) => reject(new Error(`ended with ${code}:\n${this.log}`)));
    });
    const [, gateway, admin] = await ready;
    this.gateway = `http://${gateway}`;
    this.admin = `http://${admin}`;
  }

  /** A request of the administrator. */
  async ask(method, path, body) {
    const raw = typeof body === 'string' || body === undefined;
    const response = await fetch(this.admin + path, {
      method,
      headers: {
        authorization: `Basic ${btoa(`admin:${PASSWORD}`)}`,
        'content-type': raw ? 'application/yaml' : 'application/json',
      },
      body: raw ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  async stop() {
    this.from = this.log.length;
    this.process.kill('SIGTERM');
    await this.ended;
  }

  async close() {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
