import { type Script, script } from "./script.ts";

/** A stream exists when it has its key; a group that is created and deleted again makes an empty one. */
const MAKE_STREAM = `#!lua
local function make_stream(key)
  if redis.call('TYPE', key).ok ~= 'none' then return false end
  redis.call('XGROUP', 'CREATE', key, 'anytopic-setup', '$', 'MKSTREAM')
  redis.call('XGROUP', 'DESTROY', key, 'anytopic-setup')
  return true
end
`;

/**
 * Creates what is missing of a topic, in one step, so that several processes may do it at the same time. What exists is left as it is.
 *
 * Keys: the stream, what is declared. Arguments: names and values of what is declared. Replies with two numbers: 1 for what was created.
 */
export const CREATE_TOPIC: Script = script(
  "create-topic",
  MAKE_STREAM,
  `
local made = make_stream(KEYS[1])
local declared = redis.call('TYPE', KEYS[2]).ok == 'none'
if declared then redis.call('HSET', KEYS[2], unpack(ARGV)) end
return { made and 1 or 0, declared and 1 or 0 }
`,
);

/**
 * Creates what is missing of a subscription, in one step. A new group begins with what is published from now on. One that had been declared
 * before and is gone was lost, as in a failover: it begins with the oldest message that is still there, because a message too many is better
 * than a lost one.
 *
 * Keys: the topic's stream, what is declared of the topic, the streams \`again\` and \`dead\`. Arguments: the subscription's name, the name and the
 * value of its lease, the name of the field with its group, which is there once it was put to another position. Replies with three numbers: 1 for what was created, of group, \`again\` and \`dead\`.
 */
export const CREATE_SUBSCRIPTION: Script = script(
  "create-subscription",
  MAKE_STREAM,
  `
local TOPIC, META, AGAIN, DEAD = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local kind = redis.call('TYPE', META).ok
local IS_META = kind == 'hash' or kind == 'none'
local GROUP = IS_META and redis.call('HGET', META, ARGV[4]) or ARGV[1]
-- What is not a stream is left as it is: \`plan\` reports it.
local function has_group(key)
  if redis.call('TYPE', key).ok ~= 'stream' then return true end
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    if info[2] == GROUP then return true end
  end
  return false
end

make_stream(TOPIC)
local group = not has_group(TOPIC)
if group then
  local start = IS_META and redis.call('HEXISTS', META, ARGV[2]) == 1 and '0' or '$'
  local create = { 'XGROUP', 'CREATE', TOPIC, GROUP, start }
  if start == '$' then
    -- So that the server knows from the beginning how many messages the group has not read.
    local info = redis.call('XINFO', 'STREAM', TOPIC)
    for at = 1, #info, 2 do
      if info[at] == 'entries-added' then
        create[6], create[7] = 'ENTRIESREAD', info[at + 1]
      end
    end
  end
  redis.call(unpack(create))
end
local again = make_stream(AGAIN)
if not has_group(AGAIN) then
  redis.call('XGROUP', 'CREATE', AGAIN, GROUP, '0')
  again = true
end
local dead = make_stream(DEAD)
if IS_META then redis.call('HSETNX', META, ARGV[2], ARGV[3]) end
return { group and 1 or 0, again and 1 or 0, dead and 1 or 0 }
`,
);
