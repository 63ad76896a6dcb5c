import type { Attributes } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalAttributes } from "../../expect.ts";

/** Keeps the message small enough where an adapter permits megabytes of attributes. */
const MOST_VALUE_BYTES = 4096;

export const attributesTogether: Behaviour = behaviour({
  id: "publish.attributes-together",
  rows: [16, 38],
  statements: ["C3", "C6"],
  title:
    "attributes that are each within the limits arrive, or are refused for their total size, before the network, without pausing their ordering key",
  tier: "full",
  async run(context) {
    const { maxAttributes, maxAttributeValueBytes, ordering } = context.capabilities;
    const count = Math.min(maxAttributes, 100);
    const value = "v".repeat(Math.min(maxAttributeValueBytes, MOST_VALUE_BYTES));
    const attributes: Attributes = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`k${index}`, value]),
    );
    const pubsub = await context.open();
    const topic = ordering === "none" ? context.topic() : context.orderedTopic();
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    const collector = await context.collect(pubsub, subscription);
    const before = context.traffic.publishRequests;

    const results = await Promise.allSettled(
      [undefined, attributes, undefined].map((given) =>
        context.publishItem(pubsub, topic, context.item(), given === undefined ? {} : { attributes: given }),
      ),
    );

    const outcomes = results.map(codeOf);
    const [, middle] = outcomes;
    check(
      middle === "accepted" || middle === "LIMIT_EXCEEDED",
      `the large one to be accepted or LIMIT_EXCEEDED, got ${middle}`,
    );
    equal(outcomes, ["accepted", middle, "accepted"], "what became of the three");
    const sent = middle === "accepted" ? 3 : 2;
    equal(context.traffic.publishRequests - before, sent, "the publish requests that reached the driver");
    const ids = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.id] : []));
    await collector.completes(ids);
    if (middle !== "accepted") return;
    const [run] = collector.runsOf(ids[1] ?? "");
    equalAttributes(run?.context.attributes ?? {}, attributes, "the attributes");
  },
});

function codeOf(result: PromiseSettledResult<unknown>): string {
  return result.status === "fulfilled" ? "accepted" : String((result.reason as { readonly code?: unknown }).code);
}
