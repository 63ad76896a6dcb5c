import { randomUUID } from "node:crypto";
import { type Broker, type BrokerKind, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, type PubSub, silentLogger, type Subscription, type Topic } from "@anytopic/core";
import { onTestFinished } from "vitest";
import { type Step, stepsTopic } from "./story.ts";

/** A topic on a real broker, and what its only worker has seen. */
export interface BrokerStory {
  readonly pubsub: PubSub;
  readonly topic: Topic<Step>;
  readonly subscription: Subscription<Step>;
  /** Deliveries in order, `a1`, with their ids. */
  readonly seen: readonly { readonly step: string; readonly id: string }[];
}

export async function onBroker(broker: Broker): Promise<BrokerStory> {
  const topic = stepsTopic(`steps-${randomUUID()}`);
  // A killed NATS server redelivers what its workers had only when their leases end.
  const subscription = defineSubscription(topic, "seen", { ackDeadlineMs: 5000 });
  const pubsub = await connect(broker.url, { declarations: [subscription], logger: silentLogger });
  onTestFinished(async () => await pubsub.close());
  const seen: { step: string; id: string }[] = [];
  await pubsub.subscribe(subscription, ({ key, number }, { id }) => void seen.push({ step: `${key}${number}`, id }));
  return { pubsub, topic, subscription, seen };
}

/** The brokers that are there, by kind. */
export async function brokers(...kinds: readonly BrokerKind[]): Promise<ReadonlyMap<BrokerKind, Broker>> {
  const found = await Promise.all(kinds.map(async (kind) => [kind, await startBrokerOrSkip(kind)] as const));
  return new Map(found.flatMap(([kind, broker]) => (broker === undefined ? [] : [[kind, broker] as const])));
}

/** Each id once, where it was seen first. */
export function firstSeen(seen: BrokerStory["seen"]): readonly string[] {
  const steps = new Map(seen.toReversed().map(({ id, step }) => [id, step]));
  const order = new Map<string, string>();
  for (const { id } of seen) if (!order.has(id)) order.set(id, steps.get(id) as string);
  return [...order.values()];
}
