import type { ScriptCommandsLike } from './RedisLike.ts';
import { isUnknownScript, Script } from './Script.ts';

/*
 * One topic is one hash, so that all of it is there or nothing: `m<id>` is a member, as the processes that it is connected
 * to and its JSON (`,p1,p2, {…}`); `l` says until when each process is believed, and how many commands of its it has
 * obeyed (`p1=1700000000000:7,…`): a Redis that has lost some knows of fewer than the process does, and then obeys no more of
 * its commands, so that the process learns of it whichever answers get lost. `v` is the time of the last change, in µs, and
 * `b` that of the first, so that no version comes twice.
 *
 * What changes is published as `b`, `v` before, `v` after, and a line for each member (`j`oined, `u`pdated, `l`eft): who
 * follows sees that none is missing.
 */
const text = `
local key, process, command, lease, ttl, channel = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local obeyed = tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local micros = time[1] * 1000000 + time[2]
local whole = function(number) return string.format('%.0f', number) end
local version, base, believed = unpack(redis.call('HMGET', key, 'v', 'b', 'l'))
local before, lines, leases, dead, had, last = version or '0', {}, {}, {}, '0', now
local wrote, own = false, nil

local function put(id, processes, json)
  if not version then
    base = whole(micros)
    version = base
    redis.call('HSET', key, 'v', version, 'b', base, 'l', '')
  end
  redis.call('HSET', key, id, processes .. ' ' .. json)
  wrote = true
end
local function without(processes, one)
  local from, to = processes:find(',' .. one .. ',', 1, true)
  return from and processes:sub(1, from) .. processes:sub(to + 1) or processes
end
local function keep(id, processes, json)
  if processes ~= ',' then return put(id, processes, json) end
  redis.call('HDEL', key, id)
  wrote = true
  lines[#lines + 1] = 'l' .. cjson.encode(id:sub(2))
end

for one, till, count in (believed or ''):gmatch('([^,=]+)=(%d+):(%d+)') do
  if one == process then had, own = count, one .. '=' .. till .. ':' .. count
  elseif tonumber(till) <= now then dead[#dead + 1] = one
  else
    leases[#leases + 1] = one .. '=' .. till .. ':' .. count
    last = math.max(last, tonumber(till))
  end
end
if #dead > 0 then
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if all[i]:sub(1, 1) == 'm' then
      local processes, json = all[i + 1]:match('^(%S+) (.*)$')
      local left = processes
      for _, one in ipairs(dead) do left = without(left, one) end
      if left ~= processes then keep(all[i], left, json) end
    end
  end
end

local knows = tonumber(had) >= obeyed
if not knows then
  lease = 0
  leases[#leases + 1] = own
end
for i = 8, knows and #ARGV or 0, 2 do
  local id, json = 'm' .. ARGV[i], ARGV[i + 1]
  local value = redis.call('HGET', key, id)
  local processes, known = ',', nil
  if value then processes, known = value:match('^(%S+) (.*)$') end
  local others = without(processes, process)
  if json == '' then
    if others ~= processes then keep(id, others, known) end
  elseif others == processes or json ~= known then
    put(id, others .. process .. ',', json)
    if not value then lines[#lines + 1] = 'j' .. json
    elseif json ~= known then lines[#lines + 1] = 'u' .. json end
  end
end

if version and (wrote or #dead > 0 or lease > 0 or had ~= '0') then
  if lease > 0 then
    leases[#leases + 1] = process .. '=' .. whole(now + lease) .. ':' .. command
    last = math.max(last, now + lease)
  end
  redis.call('HSET', key, 'l', table.concat(leases, ','))
  redis.call('PEXPIREAT', key, whole(last + ttl))
end
if #lines > 0 then
  if before ~= '0' then
    version = whole(math.max(micros, tonumber(before) + 1))
    redis.call('HSET', key, 'v', version)
  end
  redis.call('PUBLISH', channel, base .. ' ' .. before .. ' ' .. version .. '\\n' .. table.concat(lines, '\\n'))
end

local members = {}
if ARGV[7] == '1' then
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if all[i]:sub(1, 1) == 'm' then members[#members + 1] = all[i + 1]:match('^%S+ (.*)$') end
  end
end
return { had, base or '0', version or '0', version and redis.call('HLEN', key) - 3 or 0, members }
`;

/** What a process tells of a topic, and asks. */
export interface PresenceRequest {
  readonly key: string;
  readonly process: string;
  /** How many commands of this process this is. */
  readonly command: number;
  /** Which one the process knows to be obeyed: of a Redis that knows of fewer nothing is taken in. */
  readonly obeyed: number;
  /** For how many ms the process is to be believed; 0 when it has no members there. */
  readonly lease: number;
  /** For how many ms more the topic is kept. */
  readonly ttl: number;
  readonly channel: string;
  /** Whether the members are asked for. */
  readonly wants: boolean;
  /** An id and its JSON for each who is here, an id and an empty text for each who is not. */
  readonly members: readonly string[];
}

/** How a topic is after that. */
export interface PresenceReply {
  /** Which command of this process was the last that it knows of; 0 for none. */
  readonly obeyed: number;
  /** When the topic was made, `'0'` when it is not there. */
  readonly base: string;
  readonly version: number;
  readonly count: number;
  /** The JSON of each member, if asked for. */
  readonly members: readonly string[];
}

const script = new Script(text);

/** Tells, and asks: all of it at once, or nothing. Doing it again does no harm. */
export async function tellPresence(redis: ScriptCommandsLike, request: PresenceRequest): Promise<PresenceReply> {
  const { key, process, command, obeyed, lease, ttl, channel, wants, members } = request;
  const args = [process, `${command}`, `${lease}`, `${ttl}`, channel, `${obeyed}`, wants ? '1' : '0', ...members];
  const answer = await run(redis, [key], args);
  const [had, base, version, count, jsons] = answer as [unknown, string, string, unknown, string[]];
  return {
    obeyed: Number(had),
    base: String(base),
    version: Number(version),
    count: Number(count),
    members: jsons,
  };
}

async function run(redis: ScriptCommandsLike, keys: readonly string[], args: readonly string[]): Promise<unknown> {
  script.prepare();
  try {
    return await script.send(redis, keys, args, true);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return script.send(redis, keys, args, false);
  }
}
