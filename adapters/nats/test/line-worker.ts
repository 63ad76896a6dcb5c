import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { nats } from "@anytopic/nats";

/** The parent's commands to this process, and its answers. */
export type Command = { readonly close: number } | { readonly clockMs: number };
export type Answer = { readonly ready: true } | { readonly state: string } | { readonly closedMs: number };

/** A separate process that must end by itself: it only has a connection, a publisher and two workers. */
const [url = "", name = "", ordered = ""] = process.argv.slice(2);
const topic = defineTopic<{ n: number }>(name, ordered === "ordered" ? { orderingKey: () => "k" } : {});
const subscription = defineSubscription(topic, "mail");
const RealDate = Date;

function tell(answer: Answer): void {
  process.send?.(answer);
}

const pubsub = await connect(nats({ servers: url, pingIntervalMs: 1000 }), {
  observer: (event) => {
    if (event.type === "connection") tell({ state: event.state });
  },
});
await pubsub.apply([topic, subscription]);
await pubsub.subscribe(subscription, async () => {});
await pubsub.subscribe(subscription, async () => {});
await pubsub.publish(topic, { n: 1 });

process.on("message", (command: Command) => {
  if ("clockMs" in command) {
    const now = RealDate.now.bind(RealDate);
    Date.now = () => now() + command.clockMs;
    return;
  }
  const startedAt = performance.now();
  const closed = (): void => {
    tell({ closedMs: performance.now() - startedAt });
    process.disconnect();
  };
  void pubsub.close({ timeoutMs: command.close }).then(closed);
});
tell({ ready: true });
