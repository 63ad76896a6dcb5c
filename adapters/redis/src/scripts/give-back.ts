import { ENTRIES } from "./entries.ts";
import { type Script, script } from "./script.ts";

/**
 * Gives back what belongs to a worker. When it closes, everything: an entry that core holds is a failed attempt, because its handler
 * may have started. After a lost connection, what the server has given to the worker and the worker has never got.
 *
 * Arguments: group, consumer, ordered, `1` when the worker closes, then the places that core holds. Replies with how many were given back.
 */
export const GIVE_BACK: Script = script(
  "give-back",
  ENTRIES,
  `
local CLOSES = ARGV[4] == '1'
local held = {}
for at = 5, #ARGV do held[ARGV[at]] = true end

local given = 0
local gone = {}
local function give_back(tag, stream)
  local start = '-'
  while true do
    local found = redis.call('XPENDING', stream, GROUP, start, '+', 1000, ME)
    for _, entry in ipairs(found) do
      local place = tag .. entry[1]
      if CLOSES or not held[place] then
        if not move(place, held[place] and 1 or 0, 0) then gone[place] = true end
        given = given + 1
      end
      start = '(' .. entry[1]
    end
    if #found < 1000 then break end
  end
  if CLOSES and #redis.call('XPENDING', stream, GROUP, '-', '+', 1, ME) == 0 then
    redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, ME)
  end
end
-- 'again' first: what is moved there belongs to nobody.
give_back('a', AGAIN)
give_back('t', TOPIC)
free_keys_of(gone)
return given
`,
);
