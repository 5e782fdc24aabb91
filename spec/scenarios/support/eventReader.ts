import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';

/** Reads an event stream with a parser that is not ours, and gives the data of each event, its name and its id. */
export function eventReader(
  take: (data: string, event: string | undefined, id: string | undefined) => void,
): (bytes: Buffer) => void {
  const decoder = new StringDecoder();
  const parser = createParser({
    onEvent: ({ data, event, id }) => take(data, event, id),
    onError(error) {
      throw error;
    },
  });
  return (bytes) => parser.feed(decoder.write(bytes));
}
