import { AsyncLocalStorage } from "node:async_hooks";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

const MESSAGES = 12;

export const asyncContext: Behaviour = behaviour({
  id: "delivery.async-context",
  rows: [30],
  statements: ["C34"],
  title:
    "handlers run in the async context of their subscribe, on every attempt, whoever published; readers in their own",
  tier: "smoke",
  withoutSaboteur:
    "core chooses the async context of a handler, whatever the context in which a driver delivers: see core/test/handler-scope.test.ts",
  async run(context) {
    const store = new AsyncLocalStorage<string>();
    const { pubsub, topic, subscription } = await context.pair({ maxConcurrency: 2 });
    const pulled = context.subscription(topic);
    await pubsub.apply([pulled]);
    const seen: unknown[] = [];
    const collector = await store.run("subscriber", () =>
      context.collect(pubsub, subscription, {
        handle({ attempt, item }) {
          seen.push(store.getStore());
          // What one run enters with `enterWith` must not reach another run.
          store.enterWith("handler");
          if (item.seq % 3 === 0 && attempt === 1) throw new Error("once more");
        },
      }),
    );
    const read: unknown[] = [];
    const reading = store.run("reader", async () => {
      for await (const delivery of pubsub.deliveries(pulled)) {
        read.push(store.getStore());
        await delivery.ack();
        if (read.length === MESSAGES) return;
      }
    });

    const sent = await Promise.all(
      Array.from({ length: MESSAGES }, (_, index) =>
        store.run(`request ${index}`, () => context.publishItem(pubsub, topic, context.item())),
      ),
    );

    await collector.completes(sent.map(({ id }) => id));
    await context.within(reading, "every message to be read");
    equal([...new Set(seen)], ["subscriber"], "the contexts of handlers");
    equal([...new Set(read)], ["reader"], "the contexts of a reader");
  },
});
