import { memo } from '../memo.ts';
import { noEpoch, type Place } from './place.ts';
import type { StreamCommandsLike } from './RedisLike.ts';

/** What both scripts begin with: the last entry of the stream, and what the next one is to say of it. */
const before = `
local stream, epoch = KEYS[1], ARGV[1]
local function field(entry, name)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
end
local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
local prev = '0-0'
if last then
  prev = last[1]
elseif redis.call('EXISTS', stream) == 1 then
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then prev = info[i + 1] end
  end
end
`;

/**
 * Gives the id and the epoch of a stream's last entry; one that has none gets a first entry, without data, so that
 * there is a place to come back to.
 */
const attachText = `${before}
if last then return { last[1], field(last, 'epoch') or '' } end
return { redis.call('XADD', stream, '*', 'epoch', epoch, 'prev', prev), epoch }
`;

/**
 * Appends an entry, once: KEYS are the stream, what this writer has appended, and where there is one the key of this
 * value. ARGV are a new epoch, the last id that this writer was given, the writer, its count, the most
 * entries, the most ms, how many ms a key is remembered, and the fields.
 *
 * An acknowledged id that is not there, though older ones are, was lost with a Redis that failed: an entry without data
 * says so to all who follow.
 *
 * ioredis sends a command again whose connection broke before the answer. A count that does not follow on the last one is
 * searched for among the newest entries before it is appended.
 */
const appendText = `${before}
local writer, count = ARGV[3], tonumber(ARGV[4])
local seen = tonumber(redis.call('GET', KEYS[2]) or '0')
if count > seen then redis.call('SET', KEYS[2], ARGV[4], 'PX', 3600000) end
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then return { known:match('^(%S+) (%S*)$') } end
end
local function remember(id, epoch)
  if KEYS[3] then redis.call('SET', KEYS[3], id .. ' ' .. epoch, 'PX', ARGV[7]) end
  return { id, epoch }
end
local by = writer .. ':' .. ARGV[4]
if count ~= seen + 1 then
  local from = '+'
  for page = 1, 10 do
    local entries = redis.call('XREVRANGE', stream, from, '-', 'COUNT', 1000)
    for _, entry in ipairs(entries) do
      if field(entry, 'by') == by then return remember(entry[1], field(entry, 'epoch')) end
    end
    if #entries < 1000 then break end
    from = '(' .. entries[1000][1]
  end
end
if last then epoch = field(last, 'epoch') or epoch end
local function came_before(a, b)
  local ams, aseq = a:match('(%d+)-(%d+)')
  local bms, bseq = b:match('(%d+)-(%d+)')
  ams, aseq, bms, bseq = tonumber(ams), tonumber(aseq), tonumber(bms), tonumber(bseq)
  return ams < bms or (ams == bms and aseq < bseq)
end
local acknowledged = ARGV[2]
if last and acknowledged ~= '' and last[1] ~= acknowledged then
  local own = (field(last, 'by') or ''):sub(1, #writer + 1) == writer .. ':'
  local noticed = own and came_before(acknowledged, last[1])
  if not noticed and #redis.call('XRANGE', stream, acknowledged, acknowledged) == 0 then
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if came_before(first[1], acknowledged) then
      prev = redis.call('XADD', stream, '*', 'epoch', epoch, 'prev', '-')
    end
  end
end
local command = { 'XADD', stream, 'MAXLEN', '~', ARGV[5], '*' }
for i = 8, #ARGV do command[#command + 1] = ARGV[i] end
for _, part in ipairs({ 'epoch', epoch, 'prev', prev, 'by', by }) do command[#command + 1] = part end
local id = redis.call(unpack(command))
if ARGV[6] ~= '' then
  local time = redis.call('TIME')
  local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[6])
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', oldest))
end
return remember(id, epoch)
`;

/**
 * A script (https://redis.io/docs/latest/develop/programmability/eval-intro/). The first one that is about a key goes with
 * its text, and those behind it on the connection with its digest: were the text sent only after a NOSCRIPT, what was
 * sent in between would be first.
 */
class Script {
  readonly #text: string;
  #digest: string | undefined;
  #isPrepared = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Has the digest made, if it was not. */
  prepare(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    void this.#makeDigest();
  }

  async run(
    redis: StreamCommandsLike,
    known: KnownScripts,
    keys: readonly [key: string, ...string[]],
    args: readonly string[],
  ): Promise<unknown> {
    const [key] = keys;
    const digest = this.#digest;
    if (digest === undefined || !known.has(this, key)) {
      known.add(this, key);
      return redis.eval(this.#text, keys.length, ...keys, ...args);
    }
    try {
      return await redis.evalsha(digest, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(this.#text, keys.length, ...keys, ...args);
    }
  }

  async #makeDigest(): Promise<void> {
    const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(this.#text));
    this.#digest = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

const [attachScript, appendScript] = [new Script(attachText), new Script(appendText)];

/** The scripts that the Redis which has a key was sent: none after a connection was lost, as it may be another Redis. */
export class KnownScripts {
  readonly #keys = new Map<Script, Set<string>>();

  constructor() {
    for (const script of [attachScript, appendScript]) script.prepare();
  }

  has(script: Script, key: string): boolean {
    return this.#keys.get(script)?.has(key) === true;
  }

  add(script: Script, key: string): void {
    memo(this.#keys, script, () => new Set<string>()).add(key);
  }

  forget(): void {
    this.#keys.clear();
  }
}

/** The last entry of a stream, or the first one, which it gets now. */
export async function attach(
  redis: StreamCommandsLike,
  known: KnownScripts,
  key: string,
  epoch: string,
): Promise<Place> {
  return placeIn(await attachScript.run(redis, known, [key], [epoch]));
}

/** What is appended, and how. */
export interface Append {
  /** The stream, what its writer has appended, and the key of this value if it has one: of one slot in a Cluster. */
  readonly keys: readonly [key: string, ...string[]];
  readonly epoch: string;
  /** The last id that this writer was given. */
  readonly acknowledged: string | undefined;
  readonly writer: string;
  /** One more for each value of the writer. */
  readonly count: number;
  readonly maxLength: number;
  readonly ttl: number | undefined;
  readonly keyTtl: number;
  readonly fields: readonly string[];
}

/** Appends an entry, if it is not there already. @returns its place */
export async function append(redis: StreamCommandsLike, known: KnownScripts, entry: Append): Promise<Place> {
  const { keys, epoch, acknowledged = '', writer, count, maxLength, ttl = '', keyTtl, fields } = entry;
  const args = [epoch, acknowledged, writer, `${count}`, `${maxLength}`, `${ttl}`, `${keyTtl}`, ...fields];
  return placeIn(await appendScript.run(redis, known, keys, args));
}

function placeIn(answer: unknown): Place {
  const [id, epoch] = answer as [string, string | null];
  return { id: String(id), epoch: epoch ? String(epoch) : noEpoch };
}
