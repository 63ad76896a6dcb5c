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

-- A claim also drops entries that no longer exist: those are over, and their keys must go on.
local gone = {}
local function renew(tag, stream)
  local ids = mine[tag]
  if #ids == 0 then return end
  local args = { unpack(ids) }
  args[#args + 1] = 'JUSTID'
  local left = {}
  for _, id in ipairs(redis.call('XCLAIM', stream, GROUP, ME, 0, unpack(args))) do left[id] = true end
  for _, id in ipairs(ids) do
    if not left[id] then
      gone[tag .. id] = true
      lost[#lost + 1] = tag .. id
    end
  end
end
renew('t', TOPIC)
renew('a', AGAIN)
free_keys_of(gone)
return lost
`,
);
