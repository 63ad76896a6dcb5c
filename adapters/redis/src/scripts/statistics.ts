import { type Script, script } from "./script.ts";

/**
 * Counts the messages of a subscription. Changes nothing, and reads no more than three messages.
 *
 * Every entry of `again` is either delivered or new, because what is ended is deleted there. Of the topic's stream the server itself counts
 * what is new; it has lost count when somebody has deleted single entries: then what is in the stream and not delivered is taken, which also has
 * what is ended and not yet trimmed. Messages that wait for their key are delivered to nobody.
 *
 * Keys: the topic's stream, `again`, due, parked, the letters. Argument: the group. Replies with waiting, in flight, delayed, the age of the
 * oldest in ms, letters; or nil when the subscription does not exist.
 */
export const STATISTICS: Script = script(
  "statistics",
  `#!lua flags=no-writes,allow-stale
local TOPIC, AGAIN, DUE, PARKED, DEAD = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local GROUP = ARGV[1]
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local groups = redis.pcall('XINFO', 'GROUPS', TOPIC)
if groups.err then return nil end
local group
for _, info in ipairs(groups) do
  if info[2] == GROUP then group = info end
end
if not group then return nil end
local again = redis.pcall('XPENDING', AGAIN, GROUP)
if again.err then return nil end

local oldest = NOW
local function saw(id)
  local ms = id and tonumber(string.match(id, '^%a?(%d+)%-'))
  if ms and ms < oldest then oldest = ms end
end

local pending = redis.call('XPENDING', TOPIC, GROUP)
local parked = redis.call('ZCARD', PARKED)
local lag = group[12]
if not lag then lag = math.max(0, redis.call('XINFO', 'STREAM', TOPIC)[2] - pending[1]) end
local unread = redis.call('XLEN', AGAIN) - again[1]

saw(pending[2])
if lag > 0 then
  local first = redis.call('XRANGE', TOPIC, '(' .. group[8], '+', 'COUNT', 1)[1]
  saw(first and first[1])
end
-- Of what is redelivered, the first one tells when its message was stored.
local entry = redis.call('XRANGE', AGAIN, '-', '+', 'COUNT', 1)[1]
if entry then
  saw(entry[1])
  saw(string.match(entry[2][2] or '', '^%d+ (%d+%-%d+) '))
end
saw(redis.call('ZRANGE', DUE, 0, 0)[1])

return { lag + unread + parked, pending[1] + again[1] - parked, redis.call('ZCARD', DUE), NOW - oldest, redis.call('XLEN', DEAD) }
`,
);
