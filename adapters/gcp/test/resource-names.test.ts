import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { subscriptionIds, topicId } from "../src/names.ts";

const topic = (name: string): TopicSpec => ({
  name,
  physicalName: name,
  ordered: false,
  exactlyOnce: false,
  retentionMs: 604_800_000,
  replay: false,
});

const subscription = (of: string, name: string): SubscriptionSpec => ({
  name,
  physicalName: name,
  topic: topic(of),
  ackDeadlineMs: 30_000,
  maxRetries: 3,
  maxBackoffMs: 600_000,
});

test("ids are readable and found again by their prefix", () => {
  expect(subscriptionIds("dev-", subscription("orders", "send-mail"))).toEqual({
    topic: "dev-orders",
    subscription: "dev-orders.send-mail",
    deadLetters: "dev-orders.send-mail.dead-letters",
    redrive: "dev-orders.send-mail.redrive",
  });
});

test("no two pairs share an id, and short ids are long enough", () => {
  const pairs = [
    ["a", "b-c"],
    ["a-b", "c"],
    ["a", "b"],
    ["ab", "c"],
    ["a", "redrive"],
    ["a", "dead-letters"],
  ] as const;
  const ids = pairs.flatMap(([of, name]) => {
    const { subscription: own, deadLetters, redrive } = subscriptionIds("", subscription(of, name));
    return [own, deadLetters, redrive];
  });
  expect(new Set(ids).size).toBe(ids.length);
  expect(topicId("", topic("a"))).toBe("a~~");
});

test.each([
  [topic("google-events"), "", /reserved: set a prefix/],
  [{ ...topic("x"), physicalName: "bad name" }, "", /not allowed/],
  [{ ...topic("x"), physicalName: "x".repeat(300) }, "", /longer than 255/],
])("%o is refused", (spec, prefix, message) => {
  expect(() => topicId(prefix, spec)).toThrow(message);
});

test("a prefix makes a reserved name usable", () => {
  expect(topicId("x-", topic("google-events"))).toBe("x-google-events");
});
