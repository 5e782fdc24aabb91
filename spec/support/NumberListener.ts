import type { EventSource } from 'eventsource';

/** Writes down the numbers that come to an EventSource as messages. */
export class NumberListener {
  readonly received: number[] = [];
  #arrived: () => void = () => {};

  constructor(source: EventSource) {
    source.onmessage = ({ data }) => {
      this.received.push(Number(data));
      this.#arrived();
    };
  }

  /** Waits until so many have come. */
  async until(count: number): Promise<void> {
    while (this.received.length < count)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
  }
}
