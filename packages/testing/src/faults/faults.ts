import { type AnySubscription, type AnyTopic, PubSubError, type PubSubErrorCode } from "@anytopic/core";
import type { DeliveryFault, DeliveryMoment, FaultSource, PublishFault, PublishMoment } from "./fault-source.ts";

/** Which messages a fault is for. */
export interface FaultChoice<Moment> {
  /** How many messages it is for, from 1. Those that it did not meet fail the test. @default 1 */
  readonly times?: number | undefined;
  /** Chooses messages. @default the next ones */
  readonly when?: ((moment: Moment) => boolean) | undefined;
}

export interface FailPublishOptions extends FaultChoice<PublishMoment> {
  /** The code of the error. @default "UNAVAILABLE" */
  readonly code?: PubSubErrorCode | undefined;
  /** Whether the broker has the message nevertheless, as after a connection that broke before the confirmation. @default false */
  readonly stored?: boolean | undefined;
}

export interface ConfirmLateOptions extends FaultChoice<PublishMoment> {
  /** Virtual time until the confirmation, in ms. After 30 s, core's publish timeout, the publish rejects. */
  readonly delayMs: number;
}

export interface FailDeadLetterOptions extends FaultChoice<DeliveryMoment> {
  /** The code of the error. @default "UNAVAILABLE" */
  readonly code?: PubSubErrorCode | undefined;
}

interface Planned {
  /** For the message about faults that were not met. */
  readonly what: string;
  readonly where: string;
  left: number;
  readonly when: ((moment: never) => boolean) | undefined;
  readonly kind: "publish" | "delivery" | "letter" | "reorder";
  readonly publish?: () => PublishFault;
  readonly delivery?: DeliveryFault;
  readonly error?: () => PubSubError;
}

/**
 * What goes wrong in a test, as it does with a real broker. Each fault is for the next message, or for those that `when` chooses. A
 * fault that no message has met fails the test when it ends. The contract holds with all of them: an application that keeps its
 * promises under these faults keeps them in production.
 */
export class Faults implements FaultSource {
  /** Asked when no planned fault is for a message. */
  readonly #others: FaultSource | undefined;
  readonly #met: (what: string, where: string, id: string) => void;
  readonly #planned: Planned[] = [];

  /** For `testPubSub`. */
  constructor(met: (what: string, where: string, id: string) => void, others?: FaultSource) {
    this.#met = met;
    this.#others = others;
  }

  /** A publish rejects. */
  failPublish({ name }: AnyTopic, options: FailPublishOptions = {}): void {
    const { code = "UNAVAILABLE", stored = false } = options;
    const what = `publish fails with ${code}${stored ? ", stored" : ""}`;
    const publish = (): PublishFault => ({ kind: "fail", stored, error: demanded(code, `publish to topic "${name}"`) });
    this.#plan({ kind: "publish", what, where: name, publish }, options);
  }

  /** A publish is stored at once, and confirmed after `delayMs` of virtual time. */
  confirmLate({ name }: AnyTopic, options: ConfirmLateOptions): void {
    const { delayMs } = options;
    if (!(Number.isFinite(delayMs) && delayMs > 0))
      throw new TypeError("confirmLate: delayMs must be a finite number above 0");
    const publish = (): PublishFault => ({ kind: "late", delayMs });
    this.#plan({ kind: "publish", what: `publish is confirmed after ${delayMs} ms`, where: name, publish }, options);
  }

  /**
   * A message is delivered, acknowledged, and delivered again with attempt 1. On an ordered topic the second delivery follows those of
   * its key that were published before it.
   */
  duplicate(subscription: AnySubscription, options: FaultChoice<DeliveryMoment> = {}): void {
    this.#planDelivery(subscription, "duplicate", options);
  }

  /** A handler succeeds, but the broker does not get its acknowledgement: the message is redelivered when its lease has expired. */
  loseAck(subscription: AnySubscription, options: FaultChoice<DeliveryMoment> = {}): void {
    this.#planDelivery(subscription, "lose-ack", options);
  }

  /** The lease of a message is lost while its handler runs: the signal aborts, and the message is redelivered at once. */
  loseLease(subscription: AnySubscription, options: FaultChoice<DeliveryMoment> = {}): void {
    this.#planDelivery(subscription, "lose-lease", options);
  }

  /** A dead letter cannot be stored: its message is kept, and storing is tried again. */
  failDeadLetter(subscription: AnySubscription, options: FailDeadLetterOptions = {}): void {
    const { code = "UNAVAILABLE" } = options;
    const where = pathOf(subscription);
    const error = (): PubSubError => demanded(code, `storing a dead letter of ${where}`);
    this.#plan({ kind: "letter", what: `storing a dead letter fails with ${code}`, where, error }, options);
  }

  /** Of two waiting messages the later one is delivered first. Messages of one ordering key keep their order. Needs two messages that wait. */
  reorder(subscription: AnySubscription, options: Pick<FaultChoice<DeliveryMoment>, "times"> = {}): void {
    this.#plan({ kind: "reorder", what: "two messages are reordered", where: pathOf(subscription) }, options);
  }

  /** The faults that no message has met. */
  get unmet(): readonly string[] {
    return this.#planned.map(({ what, where, left }) => `${where}: ${what}${left > 1 ? ` (${left} times)` : ""}`);
  }

  /** @internal */
  publish(moment: PublishMoment): PublishFault | undefined {
    return this.#take("publish", moment.topic, moment)?.publish?.() ?? this.#others?.publish(moment);
  }

  /** @internal */
  delivery(moment: DeliveryMoment): DeliveryFault | undefined {
    const planned = this.#take("delivery", `${moment.topic}/${moment.subscription}`, moment);
    return planned?.delivery ?? this.#others?.delivery(moment);
  }

  /** @internal */
  letter(moment: DeliveryMoment): PubSubError | undefined {
    const planned = this.#take("letter", `${moment.topic}/${moment.subscription}`, moment);
    return planned?.error?.() ?? this.#others?.letter(moment);
  }

  /** @internal */
  next(waiting: readonly DeliveryMoment[]): number {
    const [first] = waiting;
    if (first === undefined) return 0;
    if (this.#take("reorder", `${first.topic}/${first.subscription}`, first) !== undefined) return 1;
    return this.#others?.next(waiting) ?? 0;
  }

  #planDelivery(subscription: AnySubscription, fault: DeliveryFault, options: FaultChoice<DeliveryMoment>): void {
    this.#plan({ kind: "delivery", what: fault, where: pathOf(subscription), delivery: fault }, options);
  }

  #plan(planned: Omit<Planned, "left" | "when">, { times = 1, when }: FaultChoice<never>): void {
    if (!(Number.isInteger(times) && times >= 1))
      throw new TypeError(`times is ${times}: must be a whole number from 1`);
    this.#planned.push({ ...planned, left: times, when });
  }

  #take(kind: Planned["kind"], where: string, moment: PublishMoment): Planned | undefined {
    const index = this.#planned.findIndex(
      (planned) =>
        planned.kind === kind &&
        planned.where === where &&
        (planned.when === undefined || planned.when(moment as never)),
    );
    const planned = this.#planned[index];
    if (planned === undefined) return undefined;
    planned.left -= 1;
    if (planned.left === 0) this.#planned.splice(index, 1);
    this.#met(planned.what, where, moment.id);
    return planned;
  }
}

function pathOf({ topic, name }: AnySubscription): string {
  return `${topic.name}/${name}`;
}

/** The errors that tests have demanded: the explorer tells them from real ones. */
const demandedErrors = new WeakSet<PubSubError>();

export function demanded(code: PubSubErrorCode, what: string): PubSubError {
  const error = new PubSubError(code, `${what} fails, as this test demands`);
  demandedErrors.add(error);
  return error;
}

/** Whether a test has demanded this error, or one that caused it. */
export function isDemanded(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (demandedErrors.has(at as PubSubError)) return true;
  return false;
}
