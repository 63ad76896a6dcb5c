import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejection, rejects } from "../../expect.ts";

export const callerMistakes: Behaviour = behaviour({
  id: "publish.caller-mistakes",
  rows: [16, 48],
  statements: ["C3", "C28"],
  title:
    "reserved or malformed attributes and ids are TypeErrors, events the codec cannot write are INVALID_MESSAGE; none reaches the broker",
  tier: "smoke",
  withoutSaboteur: "core refuses such a publish before the driver sees it: see core/test/publish.test.ts",
  async run(context) {
    const { pubsub, topic } = await context.pair();
    await context.publish(pubsub, topic, 1);
    const before = context.traffic.publishRequests;
    const mistakes = [
      { attributes: { "anytopic-mine": "v" } },
      { attributes: { AnyTopicMine: "v" } },
      { attributes: { "": "v" } },
      { attributes: { "lone \uD800": "v" } },
      { attributes: { key: "lone \uDC00" } },
      { id: "" },
      { id: "x".repeat(129) },
      { id: "new\nline" },
    ];

    for (const options of mistakes) {
      const error = await rejection(
        pubsub.publish(topic, context.item(), options),
        `a publish with ${JSON.stringify(options)}`,
      );
      check(error instanceof TypeError, `a TypeError for ${JSON.stringify(options)}, got ${String(error)}`);
    }
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    await rejects(pubsub.publish(topic, circular as never), "INVALID_MESSAGE", "an event that JSON cannot say");
    equal(context.traffic.publishRequests, before, "the publish requests that reached the driver");
  },
});
