import { AsyncLocalStorage } from "node:async_hooks";
import { Reject, type AttemptEnd, type Instrumentation, type SettleKind } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, sameMembers } from "../../expect.ts";

/** What became of each attempt, in the words of an instrumentation. */
class Attempts implements Instrumentation {
  readonly store: AsyncLocalStorage<string> = new AsyncLocalStorage<string>();
  /** Of each run of a message, by its id. */
  readonly ends = new Map<string, AttemptEnd["outcome"][][]>();
  readonly settles: SettleKind[] = [];
  confirmed = 0;
  published = 0;

  publish(): () => void {
    return () => void (this.published += 1);
  }

  handle(
    attempt: { readonly id: string; readonly attempt: number },
    run: (ended: (end: AttemptEnd) => void) => unknown,
  ): unknown {
    const runs = this.ends.get(attempt.id) ?? [];
    const ends: AttemptEnd["outcome"][] = [];
    runs.push(ends);
    this.ends.set(attempt.id, runs);
    return this.store.run(`${attempt.id} ${attempt.attempt}`, () => run(({ outcome }) => ends.push(outcome)));
  }

  settle(_attempt: unknown, kind: SettleKind): () => void {
    this.settles.push(kind);
    return () => void (this.confirmed += 1);
  }
}

export const everyEnd: Behaviour = behaviour({
  id: "instrumentation.every-end",
  rows: [30],
  statements: ["C30", "C45"],
  title: "an instrumentation wraps every attempt, also across awaits, and sees each end exactly once",
  tier: "smoke",
  async run(context) {
    const seen = new Attempts();
    const { pubsub, topic, subscription } = await context.pair(
      { retryPolicy: { maxRetries: 10 } },
      {},
      {
        instrumentation: [seen],
      },
    );
    context.tolerate("unfinished");
    const stores = new Set<boolean>();
    const hanging = Promise.withResolvers<void>();
    const collector = await context.collect(pubsub, subscription, {
      async handle({ id, item, attempt }) {
        await new Promise((resolve) => setImmediate(resolve));
        stores.add(seen.store.getStore() === `${id} ${attempt}`);
        // Not by the attempt: a broker may also count attempts that never started.
        const run = seen.ends.get(id)?.length ?? 0;
        if (item.key === "retried" && run === 1) throw new Error("once more");
        if (item.key === "failing") throw run < 3 ? new Error("again") : new Reject("for good");
        if (item.key === "rejected") throw new Reject("never");
        if (item.key === "hanging") await hanging.promise;
      },
    });
    const expected: Readonly<Record<string, readonly AttemptEnd["outcome"][]>> = {
      fine: ["ack"],
      retried: ["retry", "ack"],
      failing: ["retry", "retry", "dead-letter"],
      rejected: ["dead-letter"],
      hanging: ["release"],
    };
    const sent = [];
    for (const key of Object.keys(expected)) sent.push(await context.publishItem(pubsub, topic, context.item(key)));
    await collector.starts(8);
    await context.eventually(() => seen.settles.length === 7, "seven settles");
    await pubsub.close({ timeoutMs: 0 });
    hanging.resolve();

    equal([...stores], [true], "whether handlers ran in the async context of their attempt");
    for (const { id, item } of sent) {
      const outcomes = expected[item.key] ?? [];
      equal(
        seen.ends.get(id),
        outcomes.map((outcome) => [outcome]),
        `the ends of each attempt of the message "${item.key}"`,
      );
    }
    const settles = ["ack", "ack", "ack", "ack", "retry", "retry", "retry", "release"];
    sameMembers(seen.settles, settles, "the settles");
    equal(seen.published, sent.length, "the publishes that ended");
    check(seen.confirmed === settles.length, `every settle to end; ${seen.confirmed} of ${settles.length} did`);
  },
});
