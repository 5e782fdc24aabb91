// Node's Buffer is the quickest way to UTF-8 and to memory that need not be zeroed; other runtimes have the standard one.
const node = globalThis.Buffer;
const utf8 = new TextEncoder();

/** The UTF-8 bytes of a text. */
export const bytesOf: (text: string) => Uint8Array = node ? (text) => node.from(text) : (text) => utf8.encode(text);

/** How many bytes a text has in UTF-8. */
export const byteLength: (text: string) => number = node
  ? (text) => node.byteLength(text)
  : (text) => utf8.encode(text).length;

/** Room for `length` bytes, not yet filled. */
export const room: (length: number) => Uint8Array = node
  ? (length) => node.allocUnsafe(length)
  : (length) => new Uint8Array(length);
