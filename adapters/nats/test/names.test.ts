import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import { isNamePart, subscriptionNames, topicNames } from "../src/names.ts";
import { sortable } from "../src/topology/consumer-position.ts";

function topic(physicalName: string): TopicSpec {
  return { name: physicalName, physicalName, ordered: false, exactlyOnce: false, retentionMs: 60_000, replay: false };
}

function subscription(topicName: string, physicalName: string): SubscriptionSpec {
  return {
    name: physicalName,
    physicalName,
    topic: topic(topicName),
    ackDeadlineMs: 1000,
    maxRetries: 1,
    maxBackoffMs: 1,
  };
}

describe("names", () => {
  test("are readable", () => {
    expect(topicNames("", topic("orders"))).toEqual({
      stream: "orders",
      subject: "orders",
      subjects: ["orders", "orders.redrive.*"],
    });
    expect(subscriptionNames("staging", subscription("orders", "mail"))).toMatchObject({
      stream: "staging__orders",
      subject: "staging.orders",
      consumer: "mail",
      deadLetterStream: "staging__orders__mail__dead-letters",
      deadLetterSubject: "staging.orders.dead-letters.mail",
      redriveSubject: "staging.orders.redrive.mail",
      leaderStream: "staging__orders__mail__leader",
    });
  });

  test("never collide: parts that could join to the same text are refused", () => {
    for (const part of ["a", "a-b", "a_b", "A9", "-a-"]) expect(isNamePart(part)).toBe(true);
    for (const part of ["", "_a", "a_", "a__b", "a.b", "a*", "a b", "a/b", "ä"]) expect(isNamePart(part)).toBe(false);
    const seen = new Set<string>();
    const parts = ["a", "b", "a-b", "a_b", "dead-letters", "leader", "redrive"];
    const add = (...streams: readonly string[]): void => {
      for (const stream of streams) {
        expect(seen).not.toContain(stream);
        seen.add(stream);
      }
    };
    for (const prefix of ["", ...parts]) {
      for (const first of parts) {
        add(topicNames(prefix, topic(first)).stream);
        for (const second of parts) {
          const { deadLetterStream, leaderStream } = subscriptionNames(prefix, subscription(first, second));
          add(deadLetterStream, leaderStream);
        }
      }
    }
  });
});

test("times of the server sort, although it leaves out zeros at the end", () => {
  const times = [
    "2026-11-26T15:00:00Z",
    "2026-11-26T15:00:00.4999Z",
    "2026-11-26T15:00:00.5Z",
    "2026-11-26T15:00:00.51Z",
  ];
  expect(times.toReversed().toSorted((one, other) => (sortable(one) < sortable(other) ? -1 : 1))).toEqual(times);
});
