// The showcase as a process, and a client of it that asks what it has stored.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The program: built by `cargo build -p chatkit-examples --bin showcase`. */
const PROGRAM = process.env.SHOWCASE ?? new URL('../../../target/debug/showcase', import.meta.url).pathname;

/** Starts a showcase on a free port. None of the environment is inherited. */
export async function startShowcase(env = {}) {
  const child = spawn(PROGRAM, [], { env: { PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const url = await new Promise((resolve, reject) => {
    exited.then(() => reject(new Error(`${PROGRAM} does not run`)));
    // Read to the end, so that the process can go on logging.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /listening on (http:\/\/[^/]+)/.exec(line);
      if (address) resolve(address[1]);
    });
  });
  return new Showcase(url, async () => {
    child.kill();
    await exited;
  });
}

class Showcase {
  constructor(url, stop) {
    this.url = url;
    this.stop = stop;
  }

  /** Asks for one document. */
  async ask(type, params) {
    const body = JSON.stringify({ type, params });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.url}/chatkit`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`${type}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** All threads, newest first. */
  async threads() {
    return (await this.ask('threads.list', { limit: 9999, order: 'desc' })).data;
  }

  /** The items of the newest thread, oldest first. */
  async items() {
    const [thread] = await this.threads();
    const params = { thread_id: thread.id, limit: 9999, order: 'asc' };
    return (await this.ask('items.list', params)).data;
  }

  /** The kinds of these items. */
  async kinds() {
    return (await this.items()).map((item) => item.type);
  }
}
