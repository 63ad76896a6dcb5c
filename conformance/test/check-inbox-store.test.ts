import { MemoryInbox, type InboxClaim, type InboxStore } from "@anytopic/core";
import { checkInboxStore } from "@anytopic/conformance";
import { expect, test } from "vitest";

const options = { leaseMs: 100 };

test("the store in memory keeps every promise", async () => {
  const store = new MemoryInbox();
  expect(await checkInboxStore(() => store, options)).toHaveLength(11);
});

/** A store that is right but for one method. */
function broken(change: (right: MemoryInbox, latest: Map<string, string>) => Partial<InboxStore>): InboxStore {
  const right = new MemoryInbox();
  const latest = new Map<string, string>();
  const claim = async (subscription: string, id: string, leaseMs: number): Promise<InboxClaim> => {
    const answer = await right.claim(subscription, id, leaseMs);
    if (answer.state === "claimed") latest.set(`${subscription} ${id}`, answer.token);
    return answer;
  };
  return {
    claim,
    extend: (...args) => right.extend(...args),
    complete: (...args) => right.complete(...args),
    abandon: (...args) => right.abandon(...args),
    ...change(right, latest),
  };
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each<[string, InboxStore]>([
  [
    "race",
    broken((right) => {
      const free = new Set<string>();
      return {
        async claim(subscription, id, leaseMs) {
          const looked = await right.claim(subscription, id, leaseMs);
          if (looked.state !== "claimed") return free.has(id) ? { state: "claimed", token: id } : looked;
          // Reads and writes in two steps: another caller in between gets the same answer.
          free.add(id);
          await later();
          free.delete(id);
          return looked;
        },
      };
    }),
  ],
  ["scope", broken((right) => ({ claim: (_subscription, id, leaseMs) => right.claim("all", id, leaseMs) }))],
  ["abandon", broken(() => ({ abandon: async () => true }))],
  ["mark", broken((right) => ({ complete: async (...args) => await right.abandon(args[0], args[1], args[2]) }))],
  [
    "ambiguous commit",
    broken((right) => {
      const done = new Set<string>();
      return {
        async complete(...args) {
          const held = !done.has(args[2] + args[1]) && (await right.complete(...args));
          done.add(args[2] + args[1]);
          return held;
        },
      };
    }),
  ],
  [
    "late extend",
    broken((right) => {
      const shortened = new Set<string>();
      return {
        claim: async (subscription, id, leaseMs) =>
          shortened.has(id) ? { state: "claimed", token: id } : await right.claim(subscription, id, leaseMs),
        extend: async (subscription, id, token, leaseMs) => {
          const held = await right.extend(subscription, id, token, leaseMs);
          if (!held && leaseMs === 1) shortened.add(id);
          return held;
        },
      };
    }),
  ],
  ["crash before the mark", broken((right) => ({ claim: (subscription, id) => right.claim(subscription, id, 1e9) }))],
  [
    "stale token",
    broken((right, latest) => ({
      abandon: (subscription, id, token) =>
        right.abandon(subscription, id, latest.get(`${subscription} ${id}`) ?? token),
    })),
  ],
  [
    "lapse",
    broken((right) => {
      const endsMs = new Map<string, number>();
      return {
        claim: async (subscription, id, leaseMs) => {
          const answer = await right.claim(subscription, id, leaseMs);
          if (answer.state === "claimed") endsMs.set(id, performance.now() + leaseMs);
          return answer;
        },
        // As a database does that is asked for claims "where until > now()".
        extend: async (subscription, id, token, leaseMs) =>
          performance.now() < (endsMs.get(id) ?? 0) && (await right.extend(subscription, id, token, leaseMs)),
      };
    }),
  ],
  ["extend", broken(() => ({ extend: async () => true }))],
  [
    "unknown token",
    broken((right, latest) => ({
      complete: (subscription, id, token, retainMs) =>
        right.complete(subscription, id, latest.get(`${subscription} ${id}`) ?? token, retainMs),
    })),
  ],
])("a store that breaks %s is found out", async (promise, store) => {
  const error = await checkInboxStore(() => store, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).message).toContain(`\n${promise}: `);
});
