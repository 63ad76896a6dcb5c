import { ENTRIES } from "./entries.ts";
import { type Script, script } from "./script.ts";

/**
 * Ends deliveries of one worker: the settles of one turn of its event loop.
 *
 * Arguments: group, consumer, ordered, whether the worker takes the next message of a key, then four for each settle: what to do
 * (`A` ack, `R` failed and redelivered after a delay, `B` released), place, delay in ms, ordering key. Replies for each settle: 0 when the
 * entry is not this worker's any more, and nothing was changed; 1 when it is done; or the next message of its key, which is this worker's now.
 */
export const SETTLE: Script = script(
  "settle",
  ENTRIES,
  `
local TO_ALL = ARGV[4] ~= '1'
local FIRST = 5

-- Which entries are mine: with one question for each stream when that is cheaper.
local mine = {}
local function ask_together(tag, stream)
  local low, high, count, places = nil, nil, 0, {}
  for at = FIRST, #ARGV, 4 do
    local place = ARGV[at + 1]
    if string.sub(place, 1, 1) == tag then
      count = count + 1
      places[count] = string.sub(place, 2)
    end
  end
  if count < 4 then return end
  -- Settles come nearly in the order of their entries; where not, the rest is asked one by one.
  low, high = places[1], places[count]
  local found = redis.call('XPENDING', stream, GROUP, low, high, count * 3 + 10, ME)
  for _, entry in ipairs(found) do mine[tag .. entry[1]] = true end
end
ask_together('t', TOPIC)
ask_together('a', AGAIN)

local acks = { t = {}, a = {} }
local replies = {}
for at = FIRST, #ARGV, 4 do
  local what, place, delay, key = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local reply = 0
  if mine[place] or is_mine(place) then
    mine[place] = nil
    reply = 1
    if what == 'A' then
      if ORDERED and key ~= '' then
        finish(place)
        reply = free_key(digest_of(key), TO_ALL) or 1
      else
        local list = acks[string.sub(place, 1, 1)]
        list[#list + 1] = string.sub(place, 2)
      end
    else
      local moved = move(place, what == 'R' and 1 or 0, delay)
      if not moved and ORDERED and key ~= '' then free_key(digest_of(key), true) end
    end
  end
  replies[#replies + 1] = reply
end
if #acks.t > 0 then redis.call('XACK', TOPIC, GROUP, unpack(acks.t)) end
if #acks.a > 0 then
  redis.call('XACK', AGAIN, GROUP, unpack(acks.a))
  redis.call('XDEL', AGAIN, unpack(acks.a))
end
return replies
`,
);
