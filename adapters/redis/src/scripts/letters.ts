import { type Script, script } from "./script.ts";

/**
 * Takes dead letters that nobody else has taken, from an id on.
 *
 * Keys: the letters, the leases. Arguments: how many, the lease in ms, the taker's mark, the id after which to look, how many bytes. Replies with the
 * letters, or nil when the queue does not exist.
 */
export const TAKE_LETTERS: Script = script(
  "take-letters",
  `#!lua flags=allow-oom
local DEAD, TAKEN = KEYS[1], KEYS[2]
if redis.call('EXISTS', DEAD) == 0 then return nil end
local LIMIT, LEASE, MARK, start, MOST_BYTES = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local letters = {}
local bytes, count, size = 0, 8, 0
repeat
  local page = redis.call('XRANGE', DEAD, start, '+', 'COUNT', count)
  size = count
  -- Letters may be large, and every one that is looked at is copied.
  if #page > 0 and #page[1][2] > 0 then
    local first = 0
    for _, value in ipairs(page[1][2]) do first = first + #value end
    count = first * 200 < MOST_BYTES and 200 or 8
  end
  for _, entry in ipairs(page) do
    local id = entry[1]
    local lease = redis.call('HGET', TAKEN, id)
    if #letters < LIMIT and bytes < MOST_BYTES and (not lease or tonumber(string.match(lease, '^%d+')) <= NOW) then
      redis.call('HSET', TAKEN, id, string.format('%.0f %s', NOW + LEASE, MARK))
      letters[#letters + 1] = entry
      for _, value in ipairs(entry[2]) do bytes = bytes + #value end
    end
    start = '(' .. id
  end
until #page < size or #letters >= LIMIT or bytes >= MOST_BYTES
return letters
`,
);

/**
 * Ends a lease of a letter. Keys: the letters, the leases. Arguments: the letter's id, the taker's mark, `1` to delete the letter.
 * Replies 0 when somebody else has the letter, else 1; also when it is gone.
 */
export const END_LETTER: Script = script(
  "end-letter",
  `#!lua flags=allow-oom
local lease = redis.call('HGET', KEYS[2], ARGV[1])
local taker = lease and string.match(lease, ' (.*)$')
if taker ~= ARGV[2] then
  if ARGV[3] == '1' and #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) > 0 then return 0 end
  return 1
end
redis.call('HDEL', KEYS[2], ARGV[1])
if ARGV[3] == '1' then redis.call('XDEL', KEYS[1], ARGV[1]) end
return 1
`,
);

/** Deletes all letters. The key stays, because it says that the queue exists. Replies with their number, or nil. */
export const PURGE_LETTERS: Script = script(
  "purge-letters",
  `#!lua flags=allow-oom
if redis.call('EXISTS', KEYS[1]) == 0 then return nil end
redis.call('DEL', KEYS[2])
return redis.call('XTRIM', KEYS[1], 'MAXLEN', 0)
`,
);
