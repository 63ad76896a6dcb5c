import { inspect } from "node:util";

/** As `defineTopic` allows it: no dot and no slash, so that it is safe in paths. */
const NAME = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Returns `topic`. @throws TypeError when no topic can have that name */
export function requireTopicName(topic: unknown): string {
  if (typeof topic === "string" && NAME.test(topic)) return topic;
  throw new TypeError(`topic is ${inspect(topic, { maxStringLength: 80, depth: 0 })}: must be the name of a topic`);
}
