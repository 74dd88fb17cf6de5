import { describe, expect, it } from 'vitest';

import { EventDecoder } from '../src/protocol/sse';

const utf8 = new TextEncoder();

function decode(text: string, size: number): string[] {
  const bytes = utf8.encode(text);
  const decoder = new EventDecoder();
  const events: string[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
  return events;
}

describe('server-sent events', () => {
  const stream = ': keep-alive\n\ndata: {"a":"ä€😀"}\n\nevent: x\ndata:{"b":1}\r\n\r\ndata: one\rdata: two\r\rdata:\n\ndata: unfinished\n';
  // However it is cut, also inside of characters and of line ends.
  it.each([1, 2, 3, 5, 7, 1_000])('in pieces of %i bytes', (size) => {
    expect(decode(stream, size)).toEqual(['{"a":"ä€😀"}', '{"b":1}', 'one\ntwo']);
  });
});
