import type { Instrumentation } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equalAttributes } from "../../expect.ts";

/** As many as an adapter permits, but not so many that they fill a message. */
const MANY = 60;

export const withinLimits: Behaviour = behaviour({
  id: "instrumentation.within-limits",
  rows: [7],
  statements: ["C3", "C45"],
  title:
    "what an instrumentation adds is left out where it would break a limit, and the message is published without it",
  tier: "full",
  async run(context) {
    const { maxAttributes, maxAttributeValueBytes } = context.capabilities;
    let added: Record<string, string> = {};
    const adding: Instrumentation = { publish: (_publish, carrier) => void Object.assign(carrier, added) };
    const { pubsub, topic, subscription } = await context.pair({}, {}, { instrumentation: [adding] });
    const collector = await context.collect(pubsub, subscription);
    const publish = async (attributes: Record<string, string>, extra: Record<string, string>): Promise<string> => {
      added = extra;
      return (await context.publishItem(pubsub, topic, context.item(), { attributes })).id;
    };
    const count = Math.min(maxAttributes, MANY);
    const full = Object.fromEntries(Array.from({ length: count }, (_, index) => [`own-${index}`, "1"]));
    const beyond = Object.fromEntries(
      Array.from({ length: Math.min(maxAttributes, 1000) + 1 - count }, (_, index) => [`added-${index}`, "2"]),
    );
    const long = { added: "x".repeat(Math.min(maxAttributeValueBytes, context.capabilities.maxMessageBytes) + 1) };
    const expected = new Map<string, Record<string, string>>();
    if (maxAttributes <= 1000) expected.set(await publish(full, beyond), full);
    expected.set(await publish({ own: "1" }, long), { own: "1" });
    expected.set(await publish({ own: "1" }, { added: "2" }), { own: "1", added: "2" });
    await collector.completes([...expected.keys()]);
    for (const [id, attributes] of expected) {
      for (const run of collector.runsOf(id)) equalAttributes(run.context.attributes, attributes, "its attributes");
    }
  },
});
