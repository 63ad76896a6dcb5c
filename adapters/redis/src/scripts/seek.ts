import { type Script, script } from "./script.ts";

/**
 * Puts a subscription to another position, as one step. It gets a new group, which starts there, and the former one is destroyed with what it
 * had delivered. Whoever holds an entry of the former group cannot settle it any more, however late it tries: the name of a group is
 * never used twice. Retries, what was to be redelivered and what waited for its key are dropped: the entries of the topic come again.
 *
 * Keys: the topic's stream, what is declared of the topic, `again`, due, held, busy, parked. Arguments: the subscription's name, the field
 * with the name of its group, `beginning`, `end` or the time in ms of the first entry. Replies with 1, or nil when the subscription does not exist.
 */
export const SEEK: Script = script(
  "seek",
  `#!lua flags=allow-oom
local TOPIC, META, AGAIN = KEYS[1], KEYS[2], KEYS[3]
local NAME, FIELD, TO = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local former = redis.call('HGET', META, FIELD) or NAME
local groups = redis.pcall('XINFO', 'GROUPS', TOPIC)
if groups.err then return nil end
local exists = false
for _, info in ipairs(groups) do
  if info[2] == former then exists = true end
end
if not exists then return nil end

local stream = {}
local info = redis.call('XINFO', 'STREAM', TOPIC)
for at = 1, #info, 2 do stream[info[at]] = info[at + 1] end
local function ms_of(id) return tonumber(string.match(id, '^%d+')) end

-- The last id that the group does not get, and how many entries it has passed over, as far as the server can know that without
-- reading them: by this number it tells how many wait.
local start, passed
local before = TO == 'beginning' and -1 or TO == 'end' and NOW or math.min(tonumber(TO), NOW) - 1
local first = stream['first-entry']
if TO == 'end' or not first or before >= ms_of(stream['last-generated-id']) then
  start, passed = stream['last-generated-id'], stream['entries-added']
elseif before < ms_of(first[1]) then
  start, passed = '0', stream['entries-added'] - stream['length']
else
  start = string.format('%.0f-18446744073709551615', before)
end

local group = string.format('%s~%d', NAME, tonumber(string.match(former, '~(%d+)$') or '0') + 1)
redis.call('XGROUP', 'DESTROY', TOPIC, former)
if passed then redis.call('XGROUP', 'CREATE', TOPIC, group, start, 'ENTRIESREAD', passed)
else redis.call('XGROUP', 'CREATE', TOPIC, group, start) end
redis.call('UNLINK', AGAIN, KEYS[4], KEYS[5], KEYS[6], KEYS[7])
redis.call('XGROUP', 'CREATE', AGAIN, group, '0', 'MKSTREAM')
redis.call('HSET', META, FIELD, group)
return 1
`,
);
