import { type Script, script } from "./script.ts";

/**
 * Publishes to an exactly-once topic: an id that was published within the window is accepted and not stored again.
 *
 * Two sets of ids take turns, each for the length of the window, so that an id is known for one to two windows. Without memory for
 * more, the script is refused before it does anything.
 *
 * Keys: the stream, the two sets. Arguments: the window and the retention in ms, then for each message its id, how many values
 * follow, and its fields. Replies 1, or nil when the topic does not exist.
 */
export const PUBLISH_ONCE: Script = script(
  "publish-once",
  `#!lua
local STREAM = KEYS[1]
if redis.call('EXISTS', STREAM) == 0 then return nil end
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local WINDOW = tonumber(ARGV[1])
local turn = math.floor(NOW / WINDOW)
local current, last = KEYS[2 + turn % 2], KEYS[2 + (turn + 1) % 2]

local at = 3
while at <= #ARGV do
  local id, count = ARGV[at], tonumber(ARGV[at + 1])
  if redis.call('SISMEMBER', last, id) == 0 and redis.call('SADD', current, id) == 1 then
    redis.call('XADD', STREAM, '*', unpack(ARGV, at + 2, at + 1 + count))
  end
  at = at + 2 + count
end
-- The set ends when its next turn would begin.
redis.call('PEXPIREAT', current, string.format('%.0f', (turn + 2) * WINDOW))
redis.call('XTRIM', STREAM, 'MINID', '~', string.format('%.0f', math.max(0, NOW - tonumber(ARGV[2]))))
return 1
`,
);
