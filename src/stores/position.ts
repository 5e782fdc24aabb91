/** The end of a log's id, `undefined` when it is none of this library's. */
export interface Position {
  readonly epoch: string;
  /** How many messages came up to there. */
  readonly offset: number;
}

const form = /^([0-9a-z]{1,16})-(0|[1-9][0-9]{0,14})$/;

/** A new epoch: 60 random bits, so that no other log has the same. */
export function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => (byte % 32).toString(32)).join('');
}

/** The id of a position: what a client comes back with. */
export function idOf({ epoch, offset }: Position): string {
  return `${epoch}-${offset}`;
}

/** Reads an id that came from outside. */
export function positionOf(id: string): Position | undefined {
  const [, epoch, offset] = (id.length <= 128 && form.exec(id)) || [];
  return epoch === undefined || offset === undefined ? undefined : { epoch, offset: Number(offset) };
}
