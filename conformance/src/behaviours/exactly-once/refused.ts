import { connect } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejects } from "../../expect.ts";

export const refused: Behaviour = behaviour({
  id: "exactly-once.refused",
  rows: [31, 48],
  statements: ["C21", "C22"],
  title:
    'without native support, an exactly-once topic is refused: always with "none", and without an inbox store with "inbox"',
  tier: "smoke",
  withoutSaboteur:
    "core refuses such a topic by the declared capability, before it calls the driver: see core/test/connect.test.ts",
  requires: ({ exactlyOnce }) =>
    exactlyOnce === "native" ? 'exactlyOnce "native": proven by the other behaviours of this group' : undefined,
  async run(context) {
    // Not context.open, which adds an inbox if one is needed.
    const pubsub = await connect(context.harness.adapter(), { signal: context.signal });
    const topic = context.topic({ deliveryGuarantee: "exactly-once" });
    const subscription = context.subscription(topic);
    try {
      for (const [what, call] of [
        ["a publish", () => pubsub.publish(topic, context.item())],
        ["subscribing", () => pubsub.subscribe(subscription, () => undefined)],
        ["apply", () => pubsub.apply([topic])],
      ] as const) {
        const { message } = await rejects(call(), "NOT_SUPPORTED", what);
        check(message.includes("exactlyOnce"), `the error to name the capability: ${message}`);
        if (context.capabilities.exactlyOnce === "inbox")
          check(message.includes("inbox"), `the error to name the remedy: ${message}`);
      }
    } finally {
      await pubsub.close();
    }
  },
});
