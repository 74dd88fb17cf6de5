// An example as a process, and a client of it that asks what it has stored.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Where the programs are: built by `cargo build --workspace --all-features --bins`. */
const PROGRAMS = process.env.PROGRAMS ?? new URL('../../../target/debug', import.meta.url).pathname;

/** Starts an example on a free port. None of the environment is inherited. */
export async function startExample(name, env = {}) {
  const program = `${PROGRAMS}/${name}`;
  const child = spawn(program, [], { env: { PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const url = await new Promise((resolve, reject) => {
    exited.then(() => reject(new Error(`${program} does not run`)));
    // Read to the end, so that the process can go on logging.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /listening on (http:\/\/[^/]+)/.exec(line);
      if (address) resolve(address[1]);
    });
  });
  return new Example(url, async () => {
    child.kill();
    await exited;
  });
}

class Example {
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

  /** Sends a message, in a new thread or in one that is there, and reads the answer to its end. */
  async say(text, thread_id) {
    const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} };
    const [type, params] = thread_id
      ? ['threads.add_user_message', { thread_id, input }]
      : ['threads.create', { input }];
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const body = JSON.stringify({ type, params });
    const response = await fetch(`${this.url}/chatkit`, { method: 'POST', headers, body });
    await response.text();
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
