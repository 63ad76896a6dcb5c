import { type Script, script } from "./script.ts";

/**
 * Deletes from a topic's stream what every group has ended, and what is older than the topic's retention. A group has ended what lies
 * before its first delivered and unsettled entry, or when it has none, what was delivered to it. A group that somebody else has made counts
 * too. Without any group, and on a topic with `replay`, nothing but the age counts.
 *
 * Key: the stream. Arguments: the retention in ms, whether the topic has `replay`. Replies with how many entries were deleted.
 */
export const TRIM: Script = script(
  "trim",
  `#!lua flags=allow-oom
local STREAM = KEYS[1]
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local function parts(id)
  local ms, number = string.match(id, '^(%d+)%-(%d+)$')
  return string.rep('0', 20 - #ms) .. ms, string.rep('0', 20 - #number) .. number
end
local function is_before(one, other)
  local ms, number = parts(one)
  local other_ms, other_number = parts(other)
  return ms < other_ms or (ms == other_ms and number < other_number)
end

-- First whole nodes of the stream, which is cheap however many there are; then the rest of one node.
local oldest = string.format('%.0f', math.max(0, NOW - tonumber(ARGV[1])))
local deleted = redis.call('XTRIM', STREAM, 'MINID', '~', oldest, 'LIMIT', 0)
deleted = deleted + redis.call('XTRIM', STREAM, 'MINID', oldest)
if ARGV[2] == '1' then return deleted end
local first
for _, info in ipairs(redis.call('XINFO', 'GROUPS', STREAM)) do
  local group, pending, delivered = info[2], info[6], info[8]
  local needed = delivered
  if pending > 0 then needed = redis.call('XPENDING', STREAM, group)[2] or delivered end
  if not first or is_before(needed, first) then first = needed end
end
if first then deleted = deleted + redis.call('XTRIM', STREAM, 'MINID', '~', first, 'LIMIT', 0) end
return deleted
`,
);
