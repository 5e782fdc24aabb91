import { bytesOf, room } from './bytes.ts';

const finalText = 0x81;
const finalPing = 0x89;

/**
 * A whole text message as one unmasked frame, as a server sends it (RFC 6455, section 5.2).
 */
export function textFrame(text: string): Uint8Array {
  return frame(finalText, bytesOf(text));
}

/** A ping without payload. */
export const pingFrame: Uint8Array = frame(finalPing, new Uint8Array(0));

function frame(first: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = room(header + length);
  bytes[0] = first;
  if (header === 2) {
    bytes[1] = length;
  } else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, header);
    bytes[1] = header === 4 ? 126 : 127;
    if (header === 4) view.setUint16(2, length);
    else view.setBigUint64(2, BigInt(length));
  }
  bytes.set(payload, header);
  return bytes;
}
