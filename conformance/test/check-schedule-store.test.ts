import { checkScheduleStore } from "@anytopic/conformance";
import { MemoryScheduleStore, type ScheduleStore } from "@anytopic/core";
import { expect, test } from "vitest";

const options = { leaseMs: 200 };

test("the store in memory keeps every promise", async () => {
  const store = new MemoryScheduleStore();
  expect(await checkScheduleStore(() => store, options)).toHaveLength(8);
});

/** A store that is right but for some methods. */
function broken(change: (right: MemoryScheduleStore) => Partial<ScheduleStore>): ScheduleStore {
  const right = new MemoryScheduleStore();
  return {
    add: (messages) => right.add(messages),
    cancel: (topic, id) => right.cancel(topic, id),
    list: (topic, limit) => right.list(topic, limit),
    claimDue: (topics, limit, leaseMs) => right.claimDue(topics, limit, leaseMs),
    done: (tokens) => right.done(tokens),
    again: (token, delayMs) => right.again(token, delayMs),
    nextDueMs: (topics) => right.nextDueMs(topics),
    ...change(right),
  };
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each<[string, ScheduleStore]>([
  [
    "whole",
    broken((right) => ({
      claimDue: async (...args) =>
        (await right.claimDue(...args)).map((message) => ({ ...message, attributes: { plain: "a" } })),
    })),
  ],
  [
    "never early",
    broken((right) => ({
      add: (messages) =>
        right.add(
          messages.map((message) => ({
            ...message,
            // Whole seconds, rounded down.
            due: { atMs: Math.floor(message.due.atMs / 1000) * 1000, delayMs: undefined },
          })),
        ),
    })),
  ],
  [
    "race",
    broken((right) => {
      let looking: ReturnType<ScheduleStore["claimDue"]> | undefined;
      return {
        // Reads and writes in two steps: others in between get the same messages.
        async claimDue(...args) {
          looking ??= right.claimDue(...args);
          const found = await looking;
          await later();
          looking = undefined;
          return found;
        },
      };
    }),
  ],
  ["lapse", broken((right) => ({ claimDue: (topics, limit) => right.claimDue(topics, limit, 1e9) }))],
  ["again", broken((right) => ({ again: (token) => right.again(token, 0) }))],
  [
    "one id",
    broken((right) => ({
      async add(messages) {
        for (const { topic, id } of messages) await right.cancel(topic, id);
        await right.add(messages);
      },
    })),
  ],
  [
    "cancel",
    broken((right) => ({
      async cancel(topic, id) {
        const known = await right.list(topic, 1000);
        await right.cancel(topic, id);
        return known.some((entry) => entry.id === id);
      },
    })),
  ],
  ["list and next", broken((right) => ({ list: async (...args) => (await right.list(...args)).toReversed() }))],
])("a store that breaks %s is found out", async (promise, store) => {
  const error = await checkScheduleStore(() => store, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).message).toContain(`\n${promise}: `);
});
