import { defineSubscription, defineTopic } from "@anytopic/core";
import { describe, expect, it, vi } from "vitest";
import { explore, type FaultKind, type TestPubSub } from "@anytopic/testing";

// Many scenarios that need the processor: 2 s alone, 20 s beside everything else.
vi.setConfig({ testTimeout: 100_000 });

interface Payment {
  readonly order: string;
  readonly cents: number;
}

const Payments = defineTopic<Payment>("payments", { orderingKey: ({ order }) => order });
const Receipts = defineTopic<Payment>("receipts");
const Book = defineSubscription(Payments, "book", { ackDeadlineMs: 10_000 });

/** Books payments. With `byId`, a payment that was booked is not booked again. */
function bookkeeping(byId: boolean): {
  readonly scenario: (kit: TestPubSub) => Promise<void>;
  readonly check: (kit: TestPubSub) => void;
} {
  let booked: string[] = [];
  return {
    async scenario({ pubsub }) {
      booked = [];
      await pubsub.subscribe(Book, async (payment, { id }) => {
        if (!byId || !booked.includes(id)) booked.push(id);
        await pubsub.publish(Receipts, payment, { id: `receipt-${id}` });
      });
      for (const order of ["a", "b", "c"]) {
        await pubsub.publish(Payments, { order, cents: 1 }).catch(() => {});
        await pubsub.publish(Payments, { order, cents: 2 }).catch(() => {});
      }
    },
    check(kit) {
      const ids = kit.published(Payments).map(({ id }) => id);
      expect(booked.toSorted(), "each payment is booked once").toEqual(ids.toSorted());
      const receipts = new Set(kit.published(Receipts).map(({ id }) => id));
      expect(receipts.size, "each payment has a receipt").toBe(ids.length);
    },
  };
}

async function failureOf(run: Promise<unknown>): Promise<Error> {
  return await run.then(
    () => Promise.reject(new Error("nothing broke")),
    (error: Error) => error,
  );
}

describe("explore", () => {
  it("finds nothing wrong with a handler that is idempotent", async () => {
    const { scenario, check } = bookkeeping(true);
    const explored = await explore(scenario, { check, runs: 40, rate: 0.2 });
    expect(explored.runs).toBe(40);
    expect(explored.faults).toBeGreaterThan(150);
  });

  it("finds a handler that is not, and names the one fault that this needs", async () => {
    const { scenario, check } = bookkeeping(false);
    const error = await failureOf(explore(scenario, { check, rate: 0.2 }));
    expect(error.message).toMatch(/^seed \d+ breaks it: each payment is booked once/);
    const [, faults = ""] = /faults that this needs:\n(.*?)\n\n/s.exec(error.message) ?? [];
    expect(faults.split("\n")).toHaveLength(2);
    expect(faults).toMatch(/(duplicate|lose-ack|lose-lease|publish-fails) /);
  });

  it("repeats the same failure by its seed", async () => {
    const { scenario, check } = bookkeeping(false);
    const first = await failureOf(explore(scenario, { check, rate: 0.2, seed: 100 }));
    const [, seed] = /^seed (\d+)/.exec(first.message) ?? [];
    const again = await failureOf(explore(scenario, { check, rate: 0.2, seed: Number(seed), runs: 1 }));
    expect(again.message).toBe(first.message);
  });

  it.for<[FaultKind, number]>([
    ["publish-fails", 0],
    ["publish-fails-stored", 0],
    ["publish-late", 0],
    ["duplicate", 0],
    ["lose-ack", 0],
    ["lose-lease", 0],
    ["reorder", 0],
  ])("draws %s", async ([kind]) => {
    const { scenario } = bookkeeping(true);
    expect((await explore(scenario, { runs: 20, rate: 0.3, faults: [kind] })).faults).toBeGreaterThan(0);
  });

  it("a scenario that breaks without faults is named so", async () => {
    const error = await failureOf(
      explore(() => {
        throw new Error("broken anyway");
      }),
    );
    expect(error.message).toContain("seed 1 breaks it: broken anyway");
    expect(error.message).toContain("none: the scenario breaks without any fault");
  });

  it("refuses wrong options", async () => {
    const nothing = (): void => {};
    await expect(explore(nothing, { runs: 0 })).rejects.toThrow("runs is 0: must be a whole number from 1");
    await expect(explore(nothing, { rate: 2 })).rejects.toThrow("rate is 2: must be a number from 0 to 1");
    await expect(explore(nothing, { faults: ["typo" as FaultKind] })).rejects.toThrow('faults has "typo"');
  });
});
