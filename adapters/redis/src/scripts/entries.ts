/**
 * The part that all scripts of a subscription begin with: entries, and where they move.
 *
 * A message has at most one entry at a time that is in nobody's way: in the topic's stream, in the subscription's own stream `again`, or
 * in the hash `held`. Whatever is redelivered becomes a new entry of `again`, and the old one is acknowledged in the same step. So an
 * entry is given to one worker, once, and whoever has lost an entry cannot settle what became of it.
 *
 * The first field of an entry of `again` is ours: how many attempts have failed, the id of the original entry, whether the message is
 * already in charge of its ordering key, and whether its fields are packed, because Lua cannot pass more than some thousands of values.
 */
export const ENTRIES: string = `#!lua flags=allow-oom
local TOPIC, AGAIN, DUE, HELD, BUSY, PARKED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local GROUP, ME, ORDERED = ARGV[1], ARGV[2], ARGV[3] == '1'
local WAITING = '~parked'
local MOST_VALUES = 4000

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

-- A place is the tag of a stream and an id: 't1700000000000-0', 'a1700000000000-3'.
local function split(place)
  if string.sub(place, 1, 1) == 'a' then return AGAIN, string.sub(place, 2) end
  return TOPIC, string.sub(place, 2)
end

-- The ordering key of an entry's fields. As in the codec, the first field counts, and an empty key is none.
local function key_of(fields)
  if not ORDERED then return nil end
  for at = 1, #fields, 2 do
    if fields[at] == 'anytopic-key' then
      if fields[at + 1] == '' then return nil end
      return fields[at + 1]
    end
  end
  return nil
end

-- Keys are kept as digests: short, and of one length.
local function digest_of(key)
  return redis.sha1hex(key)
end

local function padded(digits)
  return string.rep('0', 20 - #digits) .. digits
end

-- The members of one key sort in the order in which its messages were stored.
local function parked_member(digest, place)
  local ms, number = string.match(place, '^%a(%d+)%-(%d+)$')
  return digest .. padded(ms) .. padded(number) .. string.sub(place, 1, 1)
end

local function parked_place(member)
  local ms, number = string.sub(member, 41, 60), string.sub(member, 61, 80)
  return string.sub(member, 81, 81) .. string.gsub(ms, '^0+(%d)', '%1') .. '-' .. string.gsub(number, '^0+(%d)', '%1')
end

-- Whether a delivered entry is mine. Redis itself lets everybody acknowledge everything.
local function is_mine(place)
  local stream, id = split(place)
  return #redis.call('XPENDING', stream, GROUP, id, id, 1, ME) > 0
end

-- Ends a delivered entry. One of 'again' is nobody else's and is deleted; those of the topic are trimmed when every group has ended them.
local function finish(place)
  local stream, id = split(place)
  redis.call('XACK', stream, GROUP, id)
  if stream == AGAIN then redis.call('XDEL', stream, id) end
end

local function pack(values, first)
  local parts = {}
  for at = first, #values do parts[#parts + 1] = struct.pack('>I4', #values[at]) .. values[at] end
  return table.concat(parts)
end

local function unpack_all(packed)
  local values, at = {}, 1
  while at <= #packed do
    local length = struct.unpack('>I4', packed, at)
    values[#values + 1] = string.sub(packed, at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return values
end

-- The fields of a message as they will be in 'again', with 'failures' more failed attempts. Nil when its entry no longer exists.
local function lift(place, failures, own)
  local stream, id = split(place)
  local found = redis.call('XRANGE', stream, id, id)[1]
  if not found then return nil end
  local fields = found[2]
  local failed, origin, packed = 0, id, '0'
  if stream == AGAIN then
    local a, b, c = string.match(fields[2], '^(%d+) (%S+) %d (%d)$')
    failed, origin, packed = tonumber(a), b, c
  end
  local first = stream == AGAIN and 3 or 1
  if stream == TOPIC or #fields > MOST_VALUES then
    local values = { 'anytopic-again', '' }
    if #fields > MOST_VALUES then
      local key = key_of(fields)
      if key then values[3], values[4] = 'anytopic-key', key end
      values[#values + 1] = 'anytopic-packed'
      values[#values + 1] = pack(fields, first)
      packed = '1'
    else
      for at = 1, #fields do values[at + 2] = fields[at] end
    end
    fields = values
  end
  failed = failed + failures
  fields[2] = string.format('%d %s %s %s', failed, origin, own and '1' or '0', packed)
  return fields, failed
end

-- Adds an entry that every worker may get now. It wakes the readers that wait.
local function add_again(fields)
  local id = redis.call('XADD', AGAIN, '*', unpack(fields))
  local key = key_of(fields)
  if key and string.find(fields[2], ' 1 %d$') then redis.call('HSET', BUSY, digest_of(key), 'a' .. id) end
end

-- Keeps a message until it is due. It is in no stream meanwhile, so that it is in nobody's way.
local function hold(place, fields, due)
  redis.call('HSET', HELD, place, pack(fields, 1))
  redis.call('ZADD', DUE, due, place)
end

-- Moves a message to 'again', or holds it for 'delay' ms. False when its entry no longer exists: it was older than the topic's retention.
local function move(place, failures, delay)
  local fields = lift(place, failures, true)
  if fields then
    if delay > 0 then hold(place, fields, NOW + delay) else add_again(fields) end
  end
  finish(place)
  return fields
end

-- The message in charge of a key has ended. Puts the next one in charge and returns it: to me, or when 'to_all' by way of 'again'.
local function free_key(digest, to_all)
  while true do
    local member = redis.call('ZRANGEBYLEX', PARKED, '[' .. digest, '(' .. digest .. '~', 'LIMIT', 0, 1)[1]
    if not member then
      redis.call('HDEL', BUSY, digest)
      return nil
    end
    redis.call('ZREM', PARKED, member)
    local place = parked_place(member)
    if to_all then
      if move(place, 0, 0) then return nil end
    else
      local stream, id = split(place)
      local entry = redis.call('XCLAIM', stream, GROUP, ME, 0, id)[1]
      if entry then
        redis.call('HSET', BUSY, digest, place)
        return { string.sub(place, 1, 1), entry[1], entry[2] }
      end
    end
  end
end

-- Entries that no longer exist cannot tell their key: looks for the keys that they were in charge of.
local function free_keys_of(places)
  if not ORDERED or next(places) == nil then return end
  local cursor = '0'
  local digests = {}
  repeat
    local page = redis.call('HSCAN', BUSY, cursor, 'COUNT', 1000)
    cursor = page[1]
    for at = 1, #page[2], 2 do
      if places[page[2][at + 1]] then digests[#digests + 1] = page[2][at] end
    end
  until cursor == '0'
  for _, digest in ipairs(digests) do free_key(digest, true) end
end
`;
