import type { Timed } from './Deadlines.ts';

/** One store's end of a channel. */
export interface ChannelListener {
  received(payload: Uint8Array): void;
  /** Something may have been published that did not come. */
  missed(): void;
}

/** One channel that somebody listens to, and how far its subscription is. */
export class Channel implements Timed {
  readonly name: string;
  readonly listeners: Set<ChannelListener> = new Set<ChannelListener>();
  readonly #opened: () => void;
  #state: 'new' | 'asked' | 'live' | 'refused' = 'new';
  #missed = false;
  /** Whether publishers have waited long enough for the subscription. */
  #overdue = false;
  dueAt: number = Number.NaN;
  wait: number = Number.NaN;

  constructor(name: string, opened: () => void) {
    this.name = name;
    this.#opened = opened;
  }

  /** Whether a SUBSCRIBE for it was sent on this connection and not refused. */
  get asked(): boolean {
    return this.#state === 'asked' || this.#state === 'live';
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  /** Whether there is nothing to wait for before publishing. */
  get isOpen(): boolean {
    return this.#state === 'live' || this.#state === 'refused' || this.#overdue;
  }

  received(payload: Uint8Array): void {
    for (const listener of this.listeners) listener.received(payload);
  }

  ask(): void {
    this.#state = 'asked';
  }

  acknowledged(): void {
    this.#state = 'live';
    this.#overdue = false;
    if (!this.#missed) return;
    this.#missed = false;
    for (const listener of this.listeners) listener.missed();
  }

  refused(): void {
    this.#state = 'refused';
    this.#missed = true;
  }

  lost(): void {
    this.#state = 'new';
    this.#missed = true;
  }

  expire(): void {
    if (this.isOpen) return;
    this.#overdue = true;
    this.#missed = true;
    this.#opened();
  }
}
