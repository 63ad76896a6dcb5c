import { randomUUID } from "node:crypto";
import { type BrokerKind, startBrokerOrSkip } from "@anytopic/brokers";
import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryInbox,
  type PubSub,
  silentLogger,
  type Subscription,
  type Topic,
} from "@anytopic/core";
import { type ArchiveOptions, defineArchive } from "@anytopic/archive";
import { onTestFinished } from "vitest";

/** What the tests publish: message `number` of a key. */
export interface Step {
  readonly key: string;
  readonly number: number;
}

/** A topic with an archive and two other subscriptions, on a real broker. */
export interface ArchiveStory {
  readonly pubsub: PubSub;
  readonly url: string;
  readonly topic: Topic<Step>;
  readonly archive: Subscription<Step>;
  /** The subscription to which messages are replayed. */
  readonly repair: Subscription<Step>;
  readonly others: Subscription<Step>;
}

export function stepsTopic(name: string): Topic<Step> {
  return defineTopic<Step>(name, {
    orderingKey: ({ key }) => key,
    attributes: ({ number }) => ({ parity: String(number % 2) }),
  });
}

/** `undefined` when that broker is not here. */
export async function onBroker(
  kind: BrokerKind | "memory",
  options: ArchiveOptions = {},
): Promise<ArchiveStory | undefined> {
  const url = kind === "memory" ? "memory:" : await urlOf(kind);
  if (url === undefined) return undefined;
  const topic = stepsTopic(`archived-${randomUUID().slice(0, 8)}`);
  const archive = defineArchive(topic, options);
  const repair = defineSubscription(topic, "repair");
  const others = defineSubscription(topic, "others");
  const declarations = [archive, repair, others];
  const pubsub = await connect(url, { declarations, inbox: new MemoryInbox(), logger: silentLogger });
  onTestFinished(async () => {
    await pubsub.destroy([topic, ...declarations]);
    await pubsub.close();
  });
  await pubsub.apply(declarations);
  return { pubsub, url, topic, archive, repair, others };
}

async function urlOf(kind: BrokerKind): Promise<string | undefined> {
  const broker = await startBrokerOrSkip(kind);
  if (broker === undefined) return undefined;
  onTestFinished(async () => await broker.close());
  if (kind === "aws") return `aws://eu-west-1?endpoint=${broker.url}`;
  return kind === "gcp" ? `gcp://archived?emulatorHost=${broker.url}` : broker.url;
}

export async function publishSteps(
  { pubsub, topic }: ArchiveStory,
  from: number,
  to: number,
  keys: number,
): Promise<void> {
  const entries = Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    return { event: { key: `k${number % keys}`, number } };
  });
  const results = await pubsub.publishBatch(topic, entries);
  const failed = results.find((result) => !result.ok);
  if (failed !== undefined) throw failed.error;
}

/** The numbers of each key, in the order in which they were seen. */
export function byKey(steps: readonly Step[]): ReadonlyMap<string, readonly number[]> {
  const keys = new Map<string, number[]>();
  for (const { key, number } of steps) keys.set(key, [...(keys.get(key) ?? []), number]);
  return keys;
}
