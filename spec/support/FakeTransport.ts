import type { Transport } from 'tornadose';

/** A client whose every answer the spec decides. */
export class FakeTransport implements Transport {
  readonly calls: string[] = [];
  readonly written: string[] = [];
  /** What `write` answers. */
  takes = true;
  waiting = 0;
  resume: () => void = () => {};
  leave: (error?: unknown) => void = () => {};

  open(): void {
    this.calls.push('open');
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(new TextDecoder().decode(bytes));
    if (!this.takes) this.waiting += bytes.length;
    return this.takes;
  }

  onDrain(resume: () => void): void {
    this.resume = resume;
  }

  onClose(closed: (error?: unknown) => void): void {
    this.leave = closed;
  }

  end(reason: string): void {
    this.calls.push(`end ${reason}`);
  }

  destroy(reason: string): void {
    this.calls.push(`destroy ${reason}`);
  }

  /** The client takes all that waits, and more. */
  drain(): void {
    this.takes = true;
    this.waiting = 0;
    this.resume();
  }
}
