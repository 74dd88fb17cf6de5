// The HTTP side of the protocol: one address, JSON in, JSON or server-sent events out.

import { Failure, isAbort } from './failure';
import { EventDecoder } from './sse';
import type { Attachment, Queries, StreamEvent, StreamingRequest, UploadDescriptor } from './types';

/** Is told what goes over the wire: the inspector, or nobody. */
export interface Observer {
  /** A request is sent for the first time. */
  sent(request: SentRequest): Exchange;
}

export interface SentRequest {
  method: 'POST' | 'PUT';
  url: string;
  headers: Record<string, string>;
  /** The `type` of the request, or what is uploaded. */
  label: string;
  /** Text that was sent, or a description of bytes. */
  body: string;
  streaming: boolean;
}

/** What one request comes to. */
export interface Exchange {
  /** The head of a response, or that there was none. */
  answered(status: number | undefined): void;
  /** The same request is sent again after a wait. */
  retrying(attempt: number, waitMs: number): void;
  event(event: StreamEvent): void;
  /** The whole answer of a request that is not streamed. */
  body(text: string): void;
  ended(how: 'done' | 'stopped' | 'failed', message?: string): void;
}

const NOBODY: Observer = {
  sent: () => ({ answered() {}, retrying() {}, event() {}, body() {}, ended() {} }),
};

/** How often a request that the server could not handle is sent again. */
const RETRIES = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

export interface ClientOptions {
  url: string;
  fetch?: typeof fetch;
  observer?: Observer;
  /** Waits; tests do not. */
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * A client of one server.
 *
 * An answer of 5xx, or a stream with another content type, is an answer of something on the way to the server: the same
 * body is sent again, five times at most, after 1, 2, 4, 8 and 10 seconds. Any other failure is final.
 */
export class Client {
  readonly url: string;
  private readonly frame = uuid();
  private readonly fetch: typeof fetch;
  private readonly observer: Observer;
  private readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;

  constructor(options: ClientOptions) {
    this.url = options.url;
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.observer = options.observer ?? NOBODY;
    this.sleep = options.sleep ?? sleep;
  }

  /** The headers of every request, uploads included. */
  private headers(): Record<string, string> {
    return { 'chatkit-frame-instance-id': this.frame, 'accept-language': navigator.language || 'en' };
  }

  /** Sends a request that is answered with one document. */
  async query<Type extends keyof Queries>(
    type: Type,
    params: Queries[Type][0],
    signal?: AbortSignal,
  ): Promise<Queries[Type][1]> {
    const headers = { ...this.headers(), 'content-type': 'application/json', accept: '*/*' };
    const body = JSON.stringify({ type, params });
    const exchange = this.observer.sent({
      method: 'POST',
      url: this.url,
      headers,
      label: type,
      body,
      streaming: false,
    });
    return this.watch(exchange, async () => {
      const init: RequestInit = { method: 'POST', headers, body };
      const response = await this.send(this.url, init, exchange, () => true, signal);
      const text = await response.text();
      exchange.body(text);
      return (text.trim() === '' ? {} : JSON.parse(text)) as Queries[Type][1];
    });
  }

  /**
   * Sends a request that is answered with events, and hands over those that have arrived together. Settles when the
   * stream has ended; aborting the signal ends it too, and rejects with an `AbortError`. `onRetry` is called when the server
   * could not take the request and it will be sent again.
   */
  async stream(
    request: StreamingRequest,
    onEvents: (events: StreamEvent[]) => void,
    signal: AbortSignal,
    onRetry: () => void = () => {},
  ): Promise<void> {
    const headers = { ...this.headers(), accept: 'text/event-stream', 'content-type': 'application/json' };
    const body = JSON.stringify(request);
    const exchange = this.observer.sent({
      method: 'POST',
      url: this.url,
      headers,
      label: request.type,
      body,
      streaming: true,
    });
    await this.watch(exchange, async () => {
      const init: RequestInit = { method: 'POST', headers, body };
      const response = await this.send(this.url, init, exchange, isEventStream, signal, onRetry);
      const decoder = new EventDecoder();
      const reader = response.body?.getReader();
      if (!reader) return;
      for (;;) {
        let piece: ReadableStreamReadResult<Uint8Array>;
        try {
          piece = await reader.read();
        } catch (error) {
          throw signal.aborted ? error : new Failure('The connection was lost.', undefined, true);
        }
        if (piece.done) return;
        const events = decoder.push(piece.value).flatMap(parseEvent);
        for (const event of events) exchange.event(event);
        if (events.length > 0) onEvents(events);
      }
    });
  }

  /** Uploads the bytes of an attachment to the place that the server made for it. */
  async upload(file: File, descriptor: UploadDescriptor, signal: AbortSignal): Promise<void> {
    const { method, url } = descriptor;
    const form = method === 'POST';
    const own: Record<string, string> = form ? {} : { 'content-type': file.type || 'application/octet-stream' };
    const headers = { ...this.headers(), accept: '*/*', ...own, ...descriptor.headers };
    await this.sendFile(method, url, headers, form ? multipart(file) : file, file, signal);
  }

  /** Uploads a file to an address of the application, which answers with the attachment. */
  async uploadDirect(file: File, url: string, signal: AbortSignal): Promise<Attachment> {
    const headers = { ...this.headers(), accept: '*/*' };
    return JSON.parse(await this.sendFile('POST', url, headers, multipart(file), file, signal)) as Attachment;
  }

  private sendFile(
    method: 'POST' | 'PUT',
    url: string,
    headers: Record<string, string>,
    body: FormData | File,
    file: File,
    signal: AbortSignal,
  ): Promise<string> {
    const exchange = this.observer.sent({
      method,
      url,
      headers,
      label: `upload ${file.name}`,
      body: `${method === 'POST' ? 'form, field "file": ' : ''}${file.name}, ${file.size} bytes, ${file.type || 'no type'}`,
      streaming: false,
    });
    return this.watch(exchange, async () => {
      const response = await this.send(url, { method, headers, body }, exchange, () => true, signal);
      const text = await response.text();
      exchange.body(text);
      return text;
    });
  }

  /** Sends until there is an answer to go on with; anything else is a `Failure`. */
  private async send(
    url: string,
    init: RequestInit,
    exchange: Exchange,
    fits: (response: Response) => boolean,
    signal: AbortSignal | undefined,
    onRetry: () => void = () => {},
  ): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      let response: Response;
      try {
        response = await this.fetch(url, signal ? { ...init, signal } : init);
      } catch (error) {
        if (signal?.aborted) throw error;
        exchange.answered(undefined);
        throw new Failure('The server cannot be reached.');
      }
      exchange.answered(response.status);
      if (response.ok && fits(response)) return response;

      if (response.status < 500 && !response.ok) {
        throw new Failure(await refusal(response), response.status);
      }
      if (attempt > RETRIES) {
        const message = response.ok ? 'The server did not answer with a stream of events.' : await refusal(response);
        throw new Failure(message, response.status);
      }
      await response.body?.cancel();
      const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
      exchange.retrying(attempt, wait);
      onRetry();
      await this.sleep(wait, signal);
    }
  }

  private async watch<T>(exchange: Exchange, run: () => Promise<T>): Promise<T> {
    try {
      const result = await run();
      exchange.ended('done');
      return result;
    } catch (error) {
      exchange.ended(isAbort(error) ? 'stopped' : 'failed', error instanceof Error ? error.message : undefined);
      throw error;
    }
  }
}

function isEventStream(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
}

/** An event; nothing if it is none. */
function parseEvent(data: string): StreamEvent[] {
  try {
    const event = JSON.parse(data) as unknown;
    const typed = typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string';
    return typed ? [event as StreamEvent] : [];
  } catch {
    return [];
  }
}

/** What a refusal says: the `message` of its body, or its status. */
async function refusal(response: Response): Promise<string> {
  const fallback = response.statusText || `The server answered with ${response.status}.`;
  try {
    const body = (await response.json()) as { message?: unknown } | null;
    return typeof body?.message === 'string' && body.message !== '' ? body.message : fallback;
  } catch {
    return fallback;
  }
}

function multipart(file: File): FormData {
  const form = new FormData();
  form.append('file', file, file.name);
  return form;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('stopped', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** A random UUID, also where the page has no secure context. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
