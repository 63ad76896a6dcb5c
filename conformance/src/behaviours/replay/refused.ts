import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejection, rejects } from "../../expect.ts";

export const refused: Behaviour = behaviour({
  id: "replay.refused",
  rows: [48],
  statements: ["C22", "C47"],
  title:
    'seek is refused on a topic without replay, for a time in the future and for a missing subscription; with replay "none" such topics are refused, naming the capability and a remedy',
  tier: "smoke",
  async run(context) {
    const { pubsub, topic: plain, subscription } = await context.pair();
    const none = context.capabilities.replay === "none";
    const { message } = await rejects(pubsub.seek(subscription, { to: "end" }), "NOT_SUPPORTED", "seek without replay");
    check(message.includes(none ? 'replay: "none"' : "replay: true"), `the error to say what is missing: ${message}`);
    check(message.includes(none ? "archive" : plain.name), `the error to name the remedy: ${message}`);

    const topic = context.topic({ replay: true });
    const kept = context.subscription(topic);
    if (!none) {
      await rejects(pubsub.seek(kept, { to: "end" }), "NOT_FOUND", "seek of a subscription that does not exist");
      check((await pubsub.plan([kept])).length > 0, "seek() to create nothing");
      const future = new Date(Date.now() + 3_600_000);
      const error = await rejection(pubsub.seek(kept, { to: future }), "seek to a time in the future");
      check(
        error instanceof TypeError && error.message.includes("future"),
        `a TypeError about the future: ${String(error)}`,
      );
      return;
    }
    for (const [what, call] of [
      ["a publish", () => context.publishItem(pubsub, topic, context.item())],
      ["subscribing", () => context.collect(pubsub, kept)],
      ["apply", () => pubsub.apply([topic])],
      ["seek", () => pubsub.seek(kept, { to: "beginning" })],
    ] as const) {
      const error = await rejects(call(), "NOT_SUPPORTED", what);
      check(error.message.includes("replay"), `the error to name the capability: ${error.message}`);
    }
  },
});
