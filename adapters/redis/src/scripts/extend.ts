import { ENTRIES } from "./entries.ts";
import { type Script, script } from "./script.ts";

/**
 * Renews the leases of what is still this worker's. A claim that did not check the owner would take a message back from another worker.
 *
 * Arguments: group, consumer, ordered, places. Replies with the places that are not this worker's any more.
 */
export const EXTEND: Script = script(
  "extend",
  ENTRIES,
  `
local lost = {}
local mine = { t = {}, a = {} }
for at = 4, #ARGV do
  local place = ARGV[at]
  if is_mine(place) then
    local list = mine[string.sub(place, 1, 1)]
    list[#list + 1] = string.sub(place, 2)
  else
    lost[#lost + 1] = place
  end
end
local function renew(stream, ids)
  if #ids == 0 then return end
  ids[#ids + 1] = 'JUSTID'
  redis.call('XCLAIM', stream, GROUP, ME, 0, unpack(ids))
end
renew(TOPIC, mine.t)
renew(AGAIN, mine.a)
return lost
`,
);
