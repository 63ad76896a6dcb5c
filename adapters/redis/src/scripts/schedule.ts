import { type Script, script } from "./script.ts";

/**
 * Keeps messages of a topic until they are due: in a sorted set by the time, with their fields in a hash. They are in no stream meanwhile. An
 * id that is kept already stays as it is. A delay counts from now, by the server's clock, rounded up so that nothing is early.
 *
 * Keys: the stream, the sorted set, the hash. Arguments, for each message: its id, \`d\` for a delay or \`t\` for a time, that in ms, its publish
 * time and fields, packed. Replies 1, or nil when the topic does not exist.
 */
export const SCHEDULE: Script = script(
  "schedule",
  `#!lua
local STREAM, LATER, KEPT = KEYS[1], KEYS[2], KEYS[3]
if redis.call('EXISTS', STREAM) == 0 then return nil end
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.ceil(time[2] / 1000)
for at = 1, #ARGV, 4 do
  local id, due = ARGV[at], tonumber(ARGV[at + 2])
  if ARGV[at + 1] == 'd' then due = NOW + due end
  if redis.call('HSETNX', KEPT, id, ARGV[at + 3]) == 1 then redis.call('ZADD', LATER, string.format('%.0f', due), id) end
end
return 1
`,
);

const UNPACK = `
local function unpack_from(packed, at, most)
  local values = {}
  while at <= #packed and #values < most do
    local length = struct.unpack('>I4', packed, at)
    values[#values + 1] = string.sub(packed, at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return values
end
`;

/**
 * Publishes what is due, in one step: a message is kept, or in the stream. On an exactly-once topic an id that was published is dropped, as
 * \`PUBLISH_ONCE\` does.
 *
 * Keys: the stream, the sorted set, the hash, the two sets of ids. Arguments: how many messages at most, how many bytes, \`1\` for an
 * exactly-once topic, the window of ids in ms. Replies with the ms until the next message is due, or -1 when none is kept.
 */
export const PUBLISH_DUE: Script = script(
  "publish-due",
  `#!lua flags=allow-oom`,
  UNPACK,
  `
local STREAM, LATER, KEPT = KEYS[1], KEYS[2], KEYS[3]
local LIMIT, MOST_BYTES, ONCE, WINDOW = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local turn = math.floor(NOW / WINDOW)
local current, last = KEYS[4 + turn % 2], KEYS[4 + (turn + 1) % 2]

local function is_new(id)
  if not ONCE then return true end
  if redis.call('SISMEMBER', last, id) == 1 or redis.call('SADD', current, id) == 0 then return false end
  redis.call('PEXPIREAT', current, string.format('%.0f', (turn + 2) * WINDOW))
  return true
end

if redis.call('EXISTS', STREAM) == 0 then return -1 end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LATER, '-inf', NOW, 'LIMIT', 0, LIMIT)) do
  local packed = redis.call('HGET', KEPT, id)
  if packed then
    if is_new(id) then
      -- Behind the publish time, which is for lists.
      redis.call('XADD', STREAM, '*', unpack(unpack_from(packed, 1, 100000), 2))
    end
    MOST_BYTES = MOST_BYTES - #packed
  end
  redis.call('HDEL', KEPT, id)
  redis.call('ZREM', LATER, id)
  if MOST_BYTES <= 0 then break end
end
local first = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')
return first[2] and math.max(0, first[2] - NOW) or -1
`,
);

/** Keys: the sorted set, the hash. Argument: an id. Replies with 1 when it was kept. */
export const CANCEL: Script = script(
  "cancel",
  `#!lua flags=allow-oom
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
`,
);

/** Keys: the sorted set, the hash. Argument: how many at most. Replies with three texts for each message: its id, when it is due, and its publish time. */
export const LIST_SCHEDULED: Script = script(
  "list-scheduled",
  `#!lua flags=no-writes`,
  UNPACK,
  `
local listed = {}
local found = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1, 'WITHSCORES')
for at = 1, #found, 2 do
  local packed = redis.call('HGET', KEYS[2], found[at])
  listed[#listed + 1] = found[at]
  listed[#listed + 1] = found[at + 1]
  listed[#listed + 1] = packed and unpack_from(packed, 1, 1)[1] or '0'
end
return listed
`,
);
