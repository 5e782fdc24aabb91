import type { MessageFields } from '../message.ts';
import { bytesOf } from './bytes.ts';
import { type Encoder, json, jsonOf, perSerializer, type Serialize, textOf, unserialisable } from './Encoder.ts';
import { textFrame } from './webSocketFrame.ts';

/** The text of one WebSocket message: `{"data":…}`, with `"event"` and `"id"` where there are any. */
function messageText({ data, event, id }: MessageFields<unknown>, serialize: Serialize<unknown>): string {
  let text = `{"data":${dataText(data, serialize)}`;
  if (event !== undefined) text += `,"event":${JSON.stringify(event)}`;
  if (id !== undefined) text += `,"id":"${id}"`;
  return `${text}}`;
}

/** Strings, and what a serializer of one's own made, are JSON strings; `JSON.stringify`'s answer is JSON already. */
function dataText(data: unknown, serialize: Serialize<unknown>): string {
  if (typeof data === 'string' || serialize !== json) return JSON.stringify(textOf(data, serialize));
  const text = jsonOf(data);
  if (text === undefined) throw unserialisable(data);
  return text;
}

/** Messages as bytes, for a socket that frames each itself: texts would be joined. */
export const webSocketText: (serialize?: Serialize<unknown>) => Encoder = perSerializer((serialize) => ({
  name: 'websocket',
  encode: (message) => bytesOf(messageText(message, serialize)),
}));

/** Messages as ready frames, which go straight to the connection and are shared by all clients. */
export const webSocketFrames: (serialize?: Serialize<unknown>) => Encoder = perSerializer((serialize) => ({
  name: 'websocket',
  encode: (message) => textFrame(messageText(message, serialize)),
}));
