import { defineTopic } from "@anytopic/core";
import { createOutbox, type Outbox } from "@anytopic/outbox";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { storedRows } from "./stored-rows.ts";
import { availableDatabases, type TestDatabase } from "./test-databases.ts";

interface Order {
  readonly customer: string;
  readonly n: number;
}
const Orders = defineTopic<Order>("orders", { orderingKey: ({ customer }) => customer });
const Mails = defineTopic<{ readonly n: number }>("mails");
const RACES = 50;
const WRITERS = 6;
/** What the servers say of a deadlock. */
const DEADLOCK = { postgres: { code: "40P01" }, mysql: { code: "ER_LOCK_DEADLOCK" } } as const;

interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}
function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

// SQLite has one writer at a time: a number is drawn by the only transaction that may commit.
const databases = (await availableDatabases()).filter(({ dialect }) => dialect !== "sqlite");

describe.each(databases)("the order of commits on $name", ({ dialect, open }) => {
  let database: TestDatabase;
  let outbox: Outbox<object>;
  beforeAll(async () => {
    database = await open();
    outbox = createOutbox({ dialect: database.dialect, executor: database.executor, ...database.place });
  });
  afterAll(async () => await database?.close());
  beforeEach(async () => void (await database.query(`DELETE FROM ${database.table("outbox")}`)));

  const idsNow = async (): Promise<readonly string[]> => (await storedRows(database)).map(({ id }) => id);

  test("is not that of the numbers without a key: who reads on from the last number loses an event", async () => {
    const [written, end] = [gate(), gate()];
    const first = database.transaction(async (tx) => {
      await outbox.publish(tx, Mails, { n: 1 }, { id: "first" });
      written.open();
      await end.opened;
    });
    await written.opened;
    await database.transaction((tx) => outbox.publish(tx, Mails, { n: 2 }, { id: "second" }));
    const cursor = (await storedRows(database)).at(-1)?.seq ?? 0;
    expect(await idsNow()).toEqual(["second"]);
    end.open();
    await first;
    const rows = await storedRows(database);
    expect(rows.map(({ id }) => id)).toEqual(["first", "second"]);
    // This is why a relay deletes what it has published, and keeps no position.
    expect(rows.filter(({ seq }) => seq > cursor)).toEqual([]);
  });

  test("is that of the numbers for a key: a second transaction waits until the first has ended", async () => {
    const [written, end] = [gate(), gate()];
    const seen: string[] = [];
    const first = database.transaction(async (tx) => {
      await outbox.publish(tx, Orders, { customer: "ada", n: 1 }, { id: "first" });
      written.open();
      await end.opened;
      seen.push("first ends");
    });
    await written.opened;
    const second = database.transaction(async (tx) => {
      await outbox.publish(tx, Orders, { customer: "ada", n: 2 }, { id: "second" });
      seen.push("second has written");
    });
    // Twenty: on MySQL a key may share its lock with another.
    const others = Array.from({ length: 20 }, (_, n) =>
      database.transaction((tx) => outbox.publish(tx, Orders, { customer: `other${n}`, n }, { id: `other${n}` })),
    );
    await Promise.any(others);
    expect(seen).toEqual([]);
    end.open();
    await Promise.all([first, second, ...others]);
    expect(seen).toEqual(["first ends", "second has written"]);
    const ids = await idsNow();
    expect(ids.indexOf("first")).toBeLessThan(ids.indexOf("second"));
  });

  test("frees the key when the first transaction rolls back", async () => {
    const [written, end] = [gate(), gate()];
    const first = database.transaction(async (tx) => {
      await outbox.publish(tx, Orders, { customer: "ada", n: 1 }, { id: "first" });
      written.open();
      await end.opened;
      throw new Error("no");
    });
    await written.opened;
    const second = database.transaction((tx) =>
      outbox.publish(tx, Orders, { customer: "ada", n: 2 }, { id: "second" }),
    );
    end.open();
    await expect(first).rejects.toThrow("no");
    await second;
    expect(await idsNow()).toEqual(["second"]);
  });

  test(`is that of the numbers for a key, in ${RACES} races of ${WRITERS} writers`, { timeout: 120_000 }, async () => {
    for (let race = 0; race < RACES; race += 1) {
      const customer = `c${race}`;
      /** By id: when the commit was asked for, and when it was answered, as positions in one sequence of moments. */
      const commits = new Map<string, { readonly asked: number; answered: number }>();
      let moment = 0;
      const writer = async (n: number): Promise<void> => {
        const id = `${customer}-${n}`;
        await database.transaction(async (tx) => {
          const executor = database.executor(tx);
          for (let pause = 0; pause < (race + n) % 3; pause += 1) await executor.query("SELECT 1 AS one", []);
          const written =
            n % 2 === 0
              ? outbox.publish(tx, Orders, { customer, n }, { id })
              : outbox.publishBatch(tx, Orders, [{ event: { customer, n }, id }]);
          await written;
          // Who writes first holds its transaction open the longest.
          for (let pause = 0; pause < (race * 7 + n * 5) % 6; pause += 1) await executor.query("SELECT 1 AS one", []);
          commits.set(id, { asked: (moment += 1), answered: 0 });
        });
        (commits.get(id) as { answered: number }).answered = moment += 1;
      };
      const reader = watched(customer);
      await Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(n)));
      await reader.stop();
      const ids = (await storedRows(database)).filter(({ key }) => key === customer).map(({ id }) => id);
      expect(ids).toHaveLength(WRITERS);
      ids.forEach((id, index) => {
        for (const later of ids.slice(index + 1)) {
          // A later number whose commit was over before the earlier one was asked for would be the wrong way round.
          expect(commits.get(later)?.answered).toBeGreaterThan(commits.get(id)?.asked ?? Number.NaN);
        }
      });
    }
  });

  /** Reads a key again and again, and fails when a row appears before one that was there already. */
  function watched(customer: string): { stop(): Promise<void> } {
    const stopping = new AbortController();
    const reading = (async () => {
      let known: readonly number[] = [];
      while (!stopping.signal.aborted) {
        const seqs = (await storedRows(database)).filter(({ key }) => key === customer).map(({ seq }) => seq);
        expect(seqs.slice(0, known.length)).toEqual(known);
        known = seqs;
      }
    })();
    return {
      async stop() {
        stopping.abort();
        await reading;
      },
    };
  }

  test("two keys in opposite order are a deadlock, which fails one transaction with the library's error", async () => {
    const [one, other] = [gate(), gate()];
    const inOrder = async (first: Order, second: Order, mine: Gate, theirs: Gate): Promise<void> =>
      await database.transaction(async (tx) => {
        await outbox.publish(tx, Orders, first);
        mine.open();
        await theirs.opened;
        await outbox.publish(tx, Orders, second);
      });
    const ada = { customer: "ada", n: 1 };
    const bob = { customer: "bob", n: 1 };
    const results = await Promise.allSettled([inOrder(ada, bob, one, other), inOrder(bob, ada, other, one)]);
    const failed = results.filter((result) => result.status === "rejected");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject(DEADLOCK[database.dialect as keyof typeof DEADLOCK]);
    expect(await idsNow()).toHaveLength(2);
  });

  test.runIf(dialect === "mysql")(
    "a lost row of outbox_key fails the publish, and does not lose the event",
    async () => {
      const bare = await open();
      try {
        const unlocked = createOutbox({ dialect, executor: bare.executor, ...bare.place });
        await bare.query(`DELETE FROM ${bare.table("outbox_key")}`);
        const failed = bare.transaction((tx) => unlocked.publish(tx, Orders, { customer: "ada", n: 1 }));
        await expect(failed).rejects.toThrow(/lane/);
      } finally {
        await bare.close();
      }
    },
  );

  test("a batch takes its keys sorted, so that batches of the same keys in any order never are", async () => {
    const customers = Array.from({ length: 12 }, (_, n) => `c${n}`);
    for (let round = 0; round < 10; round += 1) {
      const batch = (list: readonly string[]): Promise<unknown> =>
        database.transaction((tx) =>
          outbox.publishBatch(
            tx,
            Orders,
            list.map((customer, n) => ({ event: { customer, n } })),
          ),
        );
      await Promise.all([
        batch(customers),
        batch(customers.toReversed()),
        batch(customers),
        batch(customers.toReversed()),
      ]);
    }
    expect(await idsNow()).toHaveLength(480);
  });
});
