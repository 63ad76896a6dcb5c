import { silentLogger, VirtualClock } from "@anytopic/core";
import type {
  Clock,
  DeliverySink,
  Driver,
  DriverDelivery,
  OutgoingMessage,
  PublishRequest,
  PubSubError,
  SubscriptionSpec,
  TopicSpec,
} from "@anytopic/core/driver";
import { memory, type MemoryOptions } from "@anytopic/memory";

/** A driver on its own, as core would hold it, and the time it lives in. */
export async function openDriver(
  options: MemoryOptions = {},
  clock: Clock = new VirtualClock(),
): Promise<{ driver: Driver; clock: VirtualClock }> {
  const driver = await memory(options).open({ clock, random: () => 0, logger: silentLogger, status: () => {} });
  return { driver, clock: clock as VirtualClock };
}

export function topicSpec(spec: Partial<TopicSpec> = {}): TopicSpec {
  const name = spec.name ?? "orders";
  return {
    name,
    physicalName: name,
    ordered: false,
    exactlyOnce: false,
    retentionMs: 604_800_000,
    replay: false,
    ...spec,
  };
}

export function subscriptionSpec(topic: TopicSpec, spec: Partial<SubscriptionSpec> = {}): SubscriptionSpec {
  const name = spec.name ?? "worker";
  return { name, physicalName: name, topic, ackDeadlineMs: 30_000, maxRetries: 5, maxBackoffMs: 600_000, ...spec };
}

/** Core's side: notes what comes. Deliveries stay out until the test settles them, unless `settle` does. */
export class ProbeSink implements DeliverySink {
  readonly deliveries: DriverDelivery[] = [];
  readonly revoked: DriverDelivery[] = [];
  readonly failures: PubSubError[] = [];
  receivingCalls = 0;
  /** What `revoke` answers: whether no handler had started. */
  unstarted = false;
  readonly #settle: ((delivery: DriverDelivery) => void) | undefined;

  constructor(settle?: (delivery: DriverDelivery) => void) {
    this.#settle = settle;
  }

  get ids(): readonly string[] {
    return this.deliveries.map(({ id }) => id);
  }

  deliver(delivery: DriverDelivery): void {
    this.deliveries.push(delivery);
    this.#settle?.(delivery);
  }

  revoke(delivery: DriverDelivery): boolean {
    this.revoked.push(delivery);
    return this.unstarted;
  }

  revokeAll(): void {}

  failing(error: PubSubError): void {
    this.failures.push(error);
  }

  receiving(): void {
    this.receivingCalls += 1;
  }
}

export function message(id: string, rest: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    id,
    body: Buffer.from(`body of ${id}`),
    attributes: Object.create(null) as Record<string, string>,
    orderingKey: undefined,
    publishTimeMs: 1_700_000_000_000,
    ...rest,
  };
}

/** Publishes and returns `undefined` or the error for each. */
export async function publish(
  driver: Driver,
  topic: TopicSpec,
  messages: readonly OutgoingMessage[],
): Promise<readonly (PubSubError | undefined)[]> {
  const publisher = await driver.openPublisher(topic);
  const results = messages.map(
    (entry) =>
      new Promise<PubSubError | undefined>((resolve) => {
        const request: PublishRequest = { ...entry, awaited: true, accept: () => resolve(undefined), reject: resolve };
        publisher.publish([request]);
      }),
  );
  return Promise.all(results);
}

/** Creates topic and subscriptions in a new broker and opens it. */
export async function withTopology(
  subscriptions: readonly SubscriptionSpec[],
  options: MemoryOptions = {},
): Promise<{ driver: Driver; clock: VirtualClock }> {
  const opened = await openDriver(options);
  await opened.driver.apply({ topics: [], subscriptions }, { update: false });
  return opened;
}
/** As core does it. */
export const ack = (delivery: DriverDelivery | undefined): Promise<void> | undefined => delivery?.owner.ack(delivery);
export const retry = (delivery: DriverDelivery | undefined, delayMs: number): Promise<void> | undefined =>
  delivery?.owner.retry(delivery, delayMs);
export const release = (delivery: DriverDelivery | undefined): Promise<void> | undefined =>
  delivery?.owner.release(delivery, false);
