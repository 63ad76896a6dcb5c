import { connect } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejects } from "../../expect.ts";

const LONGEST_MS = 366 * 86_400_000;

export const refused: Behaviour = behaviour({
  id: "delay.refused",
  rows: [48],
  statements: ["C22", "C40"],
  title: "what neither the broker nor a store can do is refused: a delay, one that is too long, cancelling and listing",
  tier: "smoke",
  withoutSaboteur:
    "core refuses by the declared capability, before it calls the driver: see core/test/scheduled-publish.test.ts",
  requires: ({ publishDelay }) =>
    publishDelay !== "store" && publishDelay.cancel && publishDelay.list && publishDelay.maxMs >= LONGEST_MS
      ? "publishDelay: the broker can do all of it"
      : undefined,
  async run(context) {
    const { publishDelay } = context.capabilities;
    // Not delaying(context), which adds a store if one is needed.
    const pubsub = await connect(context.harness.adapter(), { signal: context.signal });
    const topic = context.topic();
    try {
      const isRefused = async (call: Promise<unknown>, code: "NOT_SUPPORTED" | "LIMIT_EXCEEDED", what: string) => {
        const { message } = await rejects(call, code, what);
        check(message.includes("schedule"), `the error of ${what} to name the remedy: ${message}`);
      };
      if (publishDelay === "store") {
        await isRefused(pubsub.publish(topic, context.item(), { delayMs: 1000 }), "NOT_SUPPORTED", "a delayed publish");
        await isRefused(pubsub.cancel(topic, "some-id"), "NOT_SUPPORTED", "cancel");
        await isRefused(pubsub.scheduled(topic), "NOT_SUPPORTED", "scheduled");
        return;
      }
      if (publishDelay.maxMs < LONGEST_MS) {
        const delayMs = publishDelay.maxMs + 60_000;
        await isRefused(
          pubsub.publish(topic, context.item(), { delayMs }),
          "LIMIT_EXCEEDED",
          "a delay that is too long",
        );
      }
      if (!publishDelay.cancel) await isRefused(pubsub.cancel(topic, "some-id"), "NOT_SUPPORTED", "cancel");
      if (!publishDelay.list) await isRefused(pubsub.scheduled(topic), "NOT_SUPPORTED", "scheduled");
    } finally {
      await pubsub.close();
    }
  },
});
