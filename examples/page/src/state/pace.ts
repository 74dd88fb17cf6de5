/**
 * Gathers what arrives and hands it over once a frame: a screen shows no more, however fast a server writes. In a page
 * that is not seen, which has no frames, twenty times a second.
 */
export class Pace<T> {
  private waiting: T[] = [];
  private cancel: (() => void) | undefined;

  constructor(private readonly take: (all: T[]) => void) {}

  push(more: T[]): void {
    this.waiting.push(...more);
    if (this.cancel) return;
    if (document.visibilityState === 'visible') {
      const frame = requestAnimationFrame(() => this.flush());
      this.cancel = () => cancelAnimationFrame(frame);
    } else {
      const timer = setTimeout(() => this.flush(), 50);
      this.cancel = () => clearTimeout(timer);
    }
  }

  /** Hands over at once what is waiting. */
  flush(): void {
    this.cancel?.();
    this.cancel = undefined;
    const all = this.waiting;
    this.waiting = [];
    if (all.length > 0) this.take(all);
  }
}
