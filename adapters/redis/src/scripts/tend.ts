import { ENTRIES } from "./entries.ts";
import { type Script, script } from "./script.ts";

/**
 * What time brings about in a subscription. Every worker calls it; it does not matter which one does the work.
 *
 * Due retries become entries that every worker may get. So do the deliveries whose lease has expired, as failed attempts. One that has
 * failed far more often than permitted, because its workers died, becomes a dead letter. Consumers of workers that are gone are deleted.
 * A key whose message was ended by somebody who does not know about keys, such as another client, goes on with its next message.
 *
 * Keys: those of a subscription, and its dead letters. Arguments: group, consumer, ordered, lease in ms or 0 to leave leases alone, the
 * most failed attempts or -1, how many messages to move, how many bytes,
 * where to go on with looking at keys. Replies with the ms until the next retry is due, or -1, how many leases had expired, where to go on, and
 * how many messages and keys some worker has: when there are none, no lease can expire for as long as a lease lasts.
 */
export const TEND: Script = script(
  "tend",
  ENTRIES,
  `
local DEAD = KEYS[7]
local LEASE, MOST_FAILED, LIMIT, MOST_BYTES = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local KEEP_CONSUMER = math.max(60000, 10 * LEASE)

for _, place in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', NOW, 'LIMIT', 0, LIMIT)) do
  local packed = redis.call('HGET', HELD, place)
  if packed then
    add_again(unpack_all(packed))
    MOST_BYTES = MOST_BYTES - #packed
  end
  redis.call('HDEL', HELD, place)
  redis.call('ZREM', DUE, place)
  if MOST_BYTES <= 0 then break end
end

local gone = {}
local function bury(place, fields)
  -- The letter keeps the fields. It has no record of a failure: nobody has seen one.
  local id = redis.call('XADD', DEAD, '*', unpack(fields))
  finish(place)
  local key = key_of(fields)
  if key then free_key(digest_of(key), true) end
  return id
end

local lapsed = 0
local function expire(tag, stream, consumer)
  local found = redis.call('XPENDING', stream, GROUP, 'IDLE', LEASE, '-', '+', LIMIT, consumer)
  for _, entry in ipairs(found) do
    local place = tag .. entry[1]
    local fields, failed = lift(place, 1, true)
    lapsed = lapsed + 1
    if not fields then
      gone[place] = true
      finish(place)
    elseif MOST_FAILED >= 0 and failed > MOST_FAILED then
      bury(place, fields)
    else
      add_again(fields)
      finish(place)
    end
  end
end

local held = 0
local function tend_stream(tag, stream)
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', stream, GROUP)) do
    local consumer, pending, idle = info[2], info[4], info[6]
    if consumer ~= WAITING then
      held = held + pending
      if pending > 0 then expire(tag, stream, consumer)
      elseif idle > KEEP_CONSUMER and consumer ~= ME then redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, consumer) end
    end
  end
end

-- Whether the message in charge of a key still is somewhere: delivered, waiting for its delay, or to be delivered.
local function is_somewhere(place)
  local stream, id = split(place)
  if #redis.call('XPENDING', stream, GROUP, id, id, 1) > 0 or redis.call('ZSCORE', DUE, place) then return true end
  return stream == AGAIN and #redis.call('XRANGE', AGAIN, id, id) > 0
end

local cursor = ARGV[8]
if LEASE > 0 then
  tend_stream('t', TOPIC)
  tend_stream('a', AGAIN)
  free_keys_of(gone)
  if ORDERED then
    held = held + redis.call('HLEN', BUSY)
    local page = redis.call('HSCAN', BUSY, cursor, 'COUNT', 100)
    cursor = page[1]
    for at = 1, #page[2], 2 do
      if not is_somewhere(page[2][at + 1]) then free_key(page[2][at], true) end
    end
  end
end

local first = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
return { first[2] and math.max(0, first[2] - NOW) or -1, lapsed, cursor, held }
`,
);
