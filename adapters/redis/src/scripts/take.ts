import { ENTRIES } from "./entries.ts";
import { type Script, script } from "./script.ts";

/**
 * Gives a worker of an ordered subscription the next messages whose key is free. A message of a key that is busy waits for its
 * predecessor to end: it is read, so that the others can go on, and belongs to nobody.
 *
 * Arguments: group, consumer, ordered, how many, how many may wait for their keys, how many bytes. Replies with the messages (tag, id, fields), and the
 * newest id of each stream, from which the worker waits for more.
 */
export const TAKE: Script = script(
  "take",
  ENTRIES,
  `
local ROOM, MOST_PARKED, MOST_BYTES = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local taken = {}
local parked = redis.call('ZCARD', PARKED)
local looked, bytes, page = 0, 0, 16

local function newest(stream)
  local entry = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  return entry and entry[1] or '0-0'
end
-- Before reading: what comes later is newer.
local newest_topic, newest_again = newest(TOPIC), newest(AGAIN)

local function admit(tag, stream, id, fields)
  local key = key_of(fields)
  if key then
    local digest = digest_of(key)
    if tag == 'a' and string.find(fields[2], ' 1 %d$') then
      redis.call('HSET', BUSY, digest, tag .. id)
    elseif redis.call('HSETNX', BUSY, digest, tag .. id) == 0 then
      redis.call('ZADD', PARKED, 0, parked_member(digest, tag .. id))
      redis.call('XCLAIM', stream, GROUP, WAITING, 0, id, 'JUSTID')
      parked = parked + 1
      return
    end
  end
  taken[#taken + 1] = { tag, id, fields }
end

local function read(tag, stream)
  while #taken < ROOM and looked < 2000 and bytes < MOST_BYTES do
    local count = math.min(ROOM - #taken, page)
    local reply = redis.call('XREADGROUP', 'GROUP', GROUP, ME, 'COUNT', count, 'STREAMS', stream, '>')
    if not reply then return end
    local before = bytes
    for _, entry in ipairs(reply[1][2]) do
      looked = looked + 1
      for _, value in ipairs(entry[2]) do bytes = bytes + #value end
      admit(tag, stream, entry[1], entry[2])
    end
    if bytes - before < MOST_BYTES / 16 then page = page * 2 end
    if tag == 't' and parked >= MOST_PARKED then return end
  end
end

read('a', AGAIN)
if parked < MOST_PARKED then read('t', TOPIC) end
return { taken, newest_topic, newest_again, parked >= MOST_PARKED and 1 or 0, (looked >= 2000 or bytes >= MOST_BYTES) and 1 or 0 }
`,
);
