import { Reject, RetryAfter } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

/** Each throws what its name says, once. */
const FAILURES: Readonly<Record<string, () => unknown>> = {
  "sync throw": () => {
    throw new Error("sync");
  },
  rejection: () => Promise.reject(new Error("async")),
  null: () => Promise.reject(null),
  undefined: () => Promise.reject(undefined),
  string: () => Promise.reject("text"),
  frozen: () => Promise.reject(Object.freeze(new Error("frozen"))),
  "retry after": () => {
    throw new RetryAfter(0);
  },
  "a thenable that throws": () => ({
    // oxlint-disable-next-line no-thenable -- what a handler may return
    then() {
      throw new Error("no then");
    },
  }),
  "a value that cannot be looked at": () => revoked(),
  "a revoked error": () => {
    throw revoked() as Error;
  },
  "an error without text": () => {
    throw Object.assign(new Error("text"), { message: { not: "text" }, name: Symbol("not text") });
  },
  hostile: () => {
    throw {
      get name() {
        throw new Error("no name");
      },
      get message() {
        throw new Error("no message");
      },
    } as unknown as Error;
  },
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

export const handlerOutcomes: Behaviour = behaviour({
  id: "delivery.handler-outcomes",
  rows: [45],
  statements: ["C25"],
  title: "whatever a handler throws or rejects with is a failed attempt; the loop continues, and everything is retried",
  tier: "smoke",
  async run(context) {
    const names = Object.keys(FAILURES);
    const { pubsub, topic, subscription } = await context.pair({ maxConcurrency: 2 });
    const collector = await context.collect(pubsub, subscription, {
      handle: ({ item, attempt }) => (attempt === 1 ? FAILURES[item.key]?.() : undefined),
    });

    const sent = await context.publish(pubsub, topic, names.length, { key: (index) => names[index] ?? "" });

    await collector.completes(sent.map(({ id }) => id));
    for (const { id, item } of sent) {
      equal(
        collector.runsOf(id).map(({ attempt }) => attempt),
        [1, 2],
        `the attempts after "${item.key}"`,
      );
    }
    const rejecting = context.subscription(topic, { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([rejecting]);
    const failing = await context.collect(pubsub, rejecting, {
      handle({ item }) {
        if (item.key === "fine") return undefined;
        if (item.key === "rejected") throw new Reject("no");
        return FAILURES[item.key]?.();
      },
    });
    const keys = ["null", "rejected", "hostile", "an error without text", "a revoked error", "fine"];
    const last = await context.publish(pubsub, topic, keys.length, { key: (index) => keys[index] ?? "" });
    await failing.completes([last.at(-1)?.id ?? ""]);
    const letters = pubsub.deadLetters(rejecting);
    await context.eventually(async () => (await letters.count()) === keys.length - 1, "a dead letter of each failure");
    const reasons = (await letters.peek({ limit: 10 })).map(({ reason }) => reason);
    equal(reasons.toSorted(), ["rejected", ...Array.from({ length: 4 }, () => "retries-exhausted")], "the reasons");
    const named = (await letters.peek({ limit: 10 })).map(({ errorName }) => errorName);
    equal(named.includes("PubSubError"), false, "whether a letter blames us instead of the handler");
  },
});
