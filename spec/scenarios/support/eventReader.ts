import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';

/** Reads an event stream with a parser that is not ours, and gives the data of each event. */
export function eventReader(take: (data: string, event: string | undefined) => void): (bytes: Buffer) => void {
  const decoder = new StringDecoder();
  const parser = createParser({
    onEvent: ({ data, event }) => take(data, event),
    onError(error) {
      throw error;
    },
  });
  return (bytes) => parser.feed(decoder.write(bytes));
}
