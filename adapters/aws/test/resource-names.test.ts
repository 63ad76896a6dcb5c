import type { SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import { deadLetterQueueName, queueName, snsTopicName } from "../src/names.ts";

function topic(physicalName: string, fifo = false): TopicSpec {
  return { name: "t", physicalName, ordered: fifo, exactlyOnce: false, retentionMs: 1, replay: false };
}

function subscription(of: TopicSpec, physicalName: string): SubscriptionSpec {
  return { name: "s", physicalName, topic: of, ackDeadlineMs: 1, maxRetries: 1, maxBackoffMs: 1 };
}

const LEGAL_QUEUE = /^[A-Za-z0-9_-]{1,80}$|^(?=.{1,80}$)[A-Za-z0-9_-]+\.fifo$/;

describe("names", () => {
  test("are readable", () => {
    const orders = topic("orders");
    expect(snsTopicName("staging-", orders)).toBe("staging-orders");
    expect(queueName("staging-", subscription(orders, "mail"))).toBe("staging-orders_mail");
    expect(deadLetterQueueName("", subscription(orders, "mail"))).toBe("orders_mail_dlq");
    expect(deadLetterQueueName("", subscription(topic("orders", true), "mail"))).toBe("orders_mail_dlq.fifo");
  });

  test("never collide, however names are split, long or configured", () => {
    const parts = [
      "a",
      "a-b",
      "b",
      "a_b",
      "dlq",
      "mail",
      "mail_dlq",
      "x".repeat(63),
      `${"x".repeat(62)}y`,
      "x".repeat(60),
    ];
    const names = new Map<string, string>();
    for (const fifo of [false, true]) {
      for (const one of parts) {
        for (const other of parts) {
          const spec = subscription(topic(one, fifo), other);
          for (const [kind, name] of [
            ["queue", queueName("", spec)],
            ["dlq", deadLetterQueueName("", spec)],
          ] as const) {
            expect(name).toMatch(LEGAL_QUEUE);
            const owner = `${kind} ${one}/${other} ${fifo}`;
            expect(names.get(name) ?? owner).toBe(owner);
            names.set(name, owner);
          }
        }
      }
    }
    expect(names.size).toBe(4 * parts.length ** 2);
  });

  test("are the same every time", () => {
    const spec = subscription(topic("x".repeat(63)), "y".repeat(63));
    expect(queueName("p", spec)).toBe(queueName("p", spec));
    expect(queueName("p", spec)).not.toBe(queueName("q", spec));
  });

  test("that AWS cannot have are refused with what is allowed", () => {
    expect(() => snsTopicName("", topic("a.b"))).toThrow(/"a\.b" cannot be an AWS name: allowed are letters/);
    expect(() => snsTopicName("", topic("x".repeat(300)))).toThrow(/300 characters, allowed are 256/);
  });
});
