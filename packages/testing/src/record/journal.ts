import type { AnySubscription, AnyTopic, AttemptEnd, AttemptInfo, Attributes, Clock } from "@anytopic/core";
import { expiresMsOf, withoutExpiry, type DriverDelivery, type OutgoingMessage } from "@anytopic/core/driver";
import { decodeEvent } from "./decode.ts";
import type { AttemptOutcome, EndedAttempt, HandledEvent, PublishedEvent, DelayedRetry } from "./records.ts";
import { elapsed, oneLine, table } from "./table.ts";

const OUTCOMES: Readonly<Record<AttemptEnd["outcome"], AttemptOutcome>> = {
  ack: "acked",
  retry: "retried",
  "dead-letter": "dead-lettered",
  release: "released",
  lost: "lost",
};

interface Ended {
  readonly info: AttemptInfo;
  readonly end: AttemptEnd;
  readonly body: Uint8Array | undefined;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Everything that happened in a test, in order. */
export class Journal {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #published: (OutgoingMessage & { readonly topic: string })[] = [];
  readonly #ended: Ended[] = [];
  /** The bodies of deliveries that have not ended. */
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #retries = new Map<string, DelayedRetry>();
  readonly #timeline: { readonly atMs: number; readonly what: string; readonly where: string; readonly id: string }[] =
    [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** How many attempts have ended. */
  get length(): number {
    return this.#ended.length;
  }

  note(what: string, where: string, id: string): void {
    this.#timeline.push({ atMs: this.#clock.now(), what, where, id });
  }

  stored(topic: string, message: OutgoingMessage): void {
    const { id, body, attributes, orderingKey, publishTimeMs } = message;
    this.#published.push({ topic, id, body, attributes, orderingKey, publishTimeMs });
    this.note("published", topic, id);
  }

  delivered(topic: string, subscription: string, { id, attempt, body }: DriverDelivery): void {
    this.#bodies.set(keyOf({ topic, subscription, id, attempt }), body);
    this.#retries.delete(`${topic}/${subscription}/${id}`);
  }

  started(info: AttemptInfo): void {
    this.note(`attempt ${info.attempt}`, `${info.topic}/${info.subscription}`, info.id);
  }

  ended(info: AttemptInfo, end: AttemptEnd, startedMs: number): void {
    const { topic, subscription, id, attempt } = info;
    const key = keyOf(info);
    const endedMs = this.#clock.now();
    this.#ended.push({ info, end, body: this.#bodies.get(key), startedMs, endedMs });
    this.#bodies.delete(key);
    if (end.outcome === "retry") {
      const dueAt = new Date(endedMs + (end.delayMs ?? 0));
      const retry = { topic, subscription, id, attempt: attempt + 1, dueAt };
      this.#retries.set(`${topic}/${subscription}/${id}`, retry);
    }
    this.note(outcomeText(end), `${topic}/${subscription}`, id);
  }

  published<Event>(topic: AnyTopic): readonly PublishedEvent<Event>[] {
    return this.#published
      .filter((message) => message.topic === topic.name)
      .map(({ id, body, attributes, orderingKey, publishTimeMs }) => ({
        id,
        topic: topic.name,
        // The topic's type parameter is the type of its decoded events.
        event: decodeEvent(topic, id, body) as Event,
        attributes: withoutExpiry(attributes),
        expiresAt: expiryOf(attributes),
        orderingKey,
        publishTime: new Date(publishTimeMs),
      }));
  }

  /** The topics on which something was published. */
  get topics(): readonly string[] {
    return [...new Set(this.#published.map(({ topic }) => topic))];
  }

  handled<Event>({ topic, name }: AnySubscription): readonly HandledEvent<Event>[] {
    return this.#ended
      .filter(({ info }) => info.topic === topic.name && info.subscription === name)
      .map((ended) => ({ ...endedAttempt(ended), event: eventOf(topic, ended) as Event | undefined }));
  }

  /** The attempts that ended after the first `from`. */
  endedSince(from: number): readonly EndedAttempt[] {
    return this.#ended.slice(from).map(endedAttempt);
  }

  get delayed(): readonly DelayedRetry[] {
    return [...this.#retries.values()].toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  }

  /** One line for each thing that happened; with `most` only the last ones. */
  timeline(most: number = Number.POSITIVE_INFINITY): string {
    return table(
      ["time", "where", "message", "what"],
      this.#timeline.slice(-most).map(({ atMs, what, where, id }) => [elapsed(atMs - this.#startMs), where, id, what]),
    );
  }
}

function keyOf({
  topic,
  subscription,
  id,
  attempt,
}: Pick<AttemptInfo, "topic" | "subscription" | "id" | "attempt">): string {
  return `${topic}/${subscription}/${attempt}/${id}`;
}

function outcomeText({ outcome, delayMs, reason, error }: AttemptEnd): string {
  const why = error === undefined ? "" : `: ${oneLine(error instanceof Error ? error.message : error)}`;
  if (outcome === "retry") return `retry in ${delayMs ?? 0} ms${why}`;
  if (outcome === "dead-letter") return `dead-lettered, ${reason ?? "unknown"}${why}`;
  return `${OUTCOMES[outcome]}${why}`;
}

function endedAttempt({ info, end, startedMs, endedMs }: Ended): EndedAttempt {
  const { topic, subscription, id, attempt, attributes, orderingKey } = info;
  const { outcome, delayMs, reason, error } = end;
  return {
    topic,
    subscription,
    id,
    attempt,
    attributes,
    orderingKey,
    startedAt: new Date(startedMs),
    endedAt: new Date(endedMs),
    outcome: OUTCOMES[outcome],
    retryAt: outcome === "retry" ? new Date(endedMs + (delayMs ?? 0)) : undefined,
    delayMs: outcome === "retry" ? (delayMs ?? 0) : undefined,
    because: reason,
    error,
  };
}

function eventOf(topic: AnyTopic, { info, body }: Ended): unknown {
  if (body === undefined) return undefined;
  try {
    return decodeEvent(topic, info.id, body);
  } catch {
    // The outcome of the attempt says so.
    return undefined;
  }
}

function expiryOf(attributes: Attributes): Date | undefined {
  const expiresMs = expiresMsOf(attributes);
  return expiresMs === undefined ? undefined : new Date(expiresMs);
}
