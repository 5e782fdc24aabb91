import type { KnownScripts } from './KnownScripts.ts';
import { isEpoch, noEpoch, type Place } from './place.ts';
import type { ScriptCommandsLike } from './RedisLike.ts';
import { Script } from './Script.ts';

/** What both scripts begin with: the last entry of the stream, and what the next one is to say of it. */
const before = `
local stream, epoch = KEYS[1], ARGV[1]
local function field(entry, name)
  local fields, found = entry[2], nil
  for i = 1, #fields, 2 do
    if fields[i] == name then found = fields[i + 1] end
  end
  return found
end
local function is_number(text)
  if text == '0' then return true end
  return text:find('^[1-9][0-9]*$') and (#text < 20 or #text == 20 and text <= '18446744073709551615')
end
-- Another program may use the same names for something else: those who read say the same of it.
local function epoch_of(entry)
  local its, prev = field(entry, 'epoch'), field(entry, 'prev')
  local digit = '[0-9A-Za-z_-]'
  if not its or its == '${noEpoch}' or not its:find('^' .. digit:rep(4) .. '$') then return end
  local ms, sequence = (prev or ''):match('^([0-9]+)-([0-9]+)$')
  if prev == '-' or ms and is_number(ms) and is_number(sequence) then return its end
end
local last, prev = nil, '0-0'
local info = redis.pcall('XINFO', 'STREAM', stream)
if not info.err then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then prev = info[i + 1] end
    if info[i] == 'last-entry' and info[i + 1] then last = info[i + 1] end
  end
end
`;

/**
 * Gives the place after which the next entry comes; a stream that has none gets a first entry, without data, so that
 * there is a place to come back to.
 */
const attachText = `${before}
if last then return { prev, epoch_of(last) or '' } end
return { redis.call('XADD', stream, '*', 'epoch', epoch, 'prev', prev), epoch }
`;

/**
 * Appends an entry, once: KEYS are the stream, what this writer has appended, and where there is one the key of this
 * value. ARGV are a new epoch, the id and the count of what this writer was told last, the writer, its count, the most
 * entries, the most ms, how many ms a key is remembered, and the fields.
 *
 * An acknowledged id that is not there, though older ones are, was lost with a Redis that failed: an entry without data
 * says so to all who follow.
 *
 * ioredis sends a command again whose connection broke before the answer. A count that does not follow on the last one is
 * searched for, among what came after the acknowledged one, before it is appended.
 */
const appendText = `${before}
local acknowledged, told, writer, count = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local function own(entry)
  local by = field(entry, 'by')
  return by and by:sub(1, #writer + 1) == writer .. ':' and tonumber(by:sub(#writer + 2)) or nil
end
local seen = tonumber(redis.call('GET', KEYS[2]) or '0')
if count > seen then redis.call('SET', KEYS[2], ARGV[5], 'PX', 3600000) end
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then
    local id, of = known:match('^(%S+) (.*)$')
    return { id, of, 0 }
  end
end
local function remember(id, of)
  if KEYS[3] then redis.call('SET', KEYS[3], id .. ' ' .. of, 'PX', ARGV[8]) end
  return { id, of, 1 }
end
if last and count ~= seen + 1 then
  local from, to = '+', acknowledged == '' and '-' or '(' .. acknowledged
  for page = 1, 100 do
    local entries = redis.call('XREVRANGE', stream, from, to, 'COUNT', 100)
    for _, entry in ipairs(entries) do
      local other = own(entry)
      if other == count then return remember(entry[1], epoch_of(entry) or '') end
    end
    if #entries < 100 then break end
    from = '(' .. entries[100][1]
  end
end
if last then epoch = epoch_of(last) or epoch end
if last and acknowledged ~= '' and last[1] ~= acknowledged and (own(last) or 0) <= told then
  local function came_before(a, b)
    local ams, aseq = a:match('(%d+)-(%d+)')
    local bms, bseq = b:match('(%d+)-(%d+)')
    ams, aseq, bms, bseq = tonumber(ams), tonumber(aseq), tonumber(bms), tonumber(bseq)
    return ams < bms or (ams == bms and aseq < bseq)
  end
  if #redis.call('XRANGE', stream, acknowledged, acknowledged) == 0 then
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if came_before(first[1], acknowledged) then
      prev = redis.call('XADD', stream, '*', 'epoch', epoch, 'prev', '-')
    end
  end
end
local command = { 'XADD', stream, 'MAXLEN', '~', ARGV[6], '*' }
for i = 9, #ARGV do command[#command + 1] = ARGV[i] end
for _, part in ipairs({ 'epoch', epoch, 'prev', prev, 'by', writer .. ':' .. ARGV[5] }) do
  command[#command + 1] = part
end
local id = redis.call(unpack(command))
if ARGV[7] ~= '' then
  local time = redis.call('TIME')
  local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[7])
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', oldest))
end
return remember(id, epoch)
`;

const [attachScript, appendScript] = [new Script(attachText), new Script(appendText)];

/** The scripts that are about streams. */
export const streamScripts: readonly Script[] = [attachScript, appendScript];

/** The last entry of a stream, or the first one, which it gets now. */
export async function attach(
  redis: ScriptCommandsLike,
  known: KnownScripts,
  key: string,
  epoch: string,
): Promise<Place> {
  return placeIn(await known.run(attachScript, redis, [key], [epoch]));
}

/** What is appended, and how. */
export interface Append {
  /** The stream, what its writer has appended, and the key of this value if it has one: of one slot in a Cluster. */
  readonly keys: readonly [key: string, ...string[]];
  readonly epoch: string;
  /** The last entry of this writer's that Redis has acknowledged. */
  readonly acknowledged: { readonly id: string; readonly count: number } | undefined;
  readonly writer: string;
  /** One more for each value of the writer. */
  readonly count: number;
  readonly maxLength: number;
  readonly ttl: number | undefined;
  readonly keyTtl: number;
  readonly fields: readonly string[];
}

/** Appends an entry, if it is not there already. @returns its place */
export async function append(
  redis: ScriptCommandsLike,
  known: KnownScripts,
  entry: Append,
): Promise<{ readonly place: Place; readonly isNew: boolean }> {
  const { keys, epoch, acknowledged, writer, count, maxLength, ttl = '', keyTtl, fields } = entry;
  const told = acknowledged ?? { id: '', count: 0 };
  const numbers = [count, maxLength, ttl, keyTtl].map(String);
  const args = [epoch, told.id, `${told.count}`, writer, ...numbers, ...fields];
  const answer = await known.run(appendScript, redis, keys, args);
  return { place: placeIn(answer), isNew: Number((answer as unknown[])[2]) === 1 };
}

function placeIn(answer: unknown): Place {
  const [id, epoch] = (answer as [unknown, unknown]).map(String) as [string, string];
  return { id, epoch: isEpoch(epoch) ? epoch : noEpoch };
}
