import type { SubscriptionSpec } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { subscriptionNames } from "../src/names.ts";

function spec(topic: string, subscription: string): SubscriptionSpec {
  const common = { ordered: false, exactlyOnce: false, retentionMs: 1, replay: false };
  return {
    name: subscription,
    physicalName: subscription,
    topic: { name: topic, physicalName: topic, ...common },
    ackDeadlineMs: 1000,
    maxRetries: 1,
    maxBackoffMs: 1,
  };
}

/** The part of a key that decides its slot in a cluster. */
function tagOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

const keysOf = (prefix: string, topic: string, subscription: string): string[] => {
  const { group: _, seen, ...keys } = subscriptionNames(prefix, spec(topic, subscription));
  return [...Object.values(keys), ...seen];
};

test("all keys of a topic are in one slot, and the topic has its own name", () => {
  expect(subscriptionNames("", spec("signups", "mail")).stream).toBe("signups");
  expect(subscriptionNames("prod", spec("signups", "mail")).stream).toBe("prod:signups");
  for (const prefix of ["", "prod"]) {
    const keys = keysOf(prefix, "signups", "mail");
    expect(new Set(keys.map(tagOf)).size).toBe(1);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test("no two subscriptions share a key, whatever their names are", () => {
  const names = ["a", "a-b", "meta", "seen", "later", "kept", "again", "dead", "0"];
  const own = names.flatMap((topic) =>
    names.map((subscription) => subscriptionNames("", spec(topic, subscription)).again),
  );
  expect(new Set(own).size).toBe(names.length ** 2);
  const all = names.flatMap((name) => keysOf("", "t", name)).filter((key) => key.includes("}:"));
  const ofTopic = all.filter((key) => /:(?:meta|seen:[01]|later|kept)$/.test(key) && key.split(":").length < 4);
  expect(new Set(all).size).toBe(names.length * 7 + new Set(ofTopic).size);
});

test.each(["a:b", "{a}", "a b", "", "a\n", "-a", "ä"])("the name %j is refused", (name) => {
  expect(() => subscriptionNames("", spec(name, "mail"))).toThrow(/cannot be part of a Redis key's name/);
  expect(() => subscriptionNames("", spec("signups", name))).toThrow(/cannot be part of a Redis key's name/);
});
