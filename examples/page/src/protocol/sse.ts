// Server-sent events, decoded as they arrive.

/**
 * Takes pieces of a stream of any size and gives the data of the events that they complete. Comments, other fields and
 * events without data are ignored; lines end with LF, CRLF or CR.
 */
export class EventDecoder {
  private readonly bytes = new TextDecoder();
  private rest = '';
  private data: string[] = [];
  /** The last line ended with CR, so an LF at the start of the next piece belongs to it. */
  private skipLineFeed = false;

  push(piece: Uint8Array): string[] {
    let text = this.bytes.decode(piece, { stream: true });
    if (this.skipLineFeed && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') this.skipLineFeed = text.endsWith('\r');

    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.rest + (lines[0] ?? '');
    this.rest = lines.pop() ?? '';
    const events: string[] = [];
    for (const line of lines) {
      if (line === '') {
        const data = this.data.join('\n');
        this.data = [];
        if (data !== '') events.push(data);
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
    return events;
  }
}
