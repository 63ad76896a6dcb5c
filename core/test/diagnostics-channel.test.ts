import { AsyncLocalStorage } from "node:async_hooks";
import { channel, tracingChannel, type TracingChannelSubscribers } from "node:diagnostics_channel";
import {
  connect,
  defineSubscription,
  defineTopic,
  Reject,
  type ProcessTrace,
  type PublishTrace,
  type PubSub,
} from "@anytopic/core";
import { afterEach, describe, expect, test } from "vitest";

import { turn } from "./opened-worker.ts";

const Orders = defineTopic<{ readonly n: number }>("orders");
const Mail = defineSubscription(Orders, "mail", {
  retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: 1, jitter: 0 },
});

interface Span {
  readonly name: string;
  readonly parent: string | undefined;
  readonly events: string[];
}

/** What is written by somebody who traces this package from outside, and knows only its channels and their messages. */
class Tracer {
  readonly spans: Span[] = [];
  readonly #current = new AsyncLocalStorage<Span>();
  readonly #publishes = new WeakMap<object, Span>();
  readonly #attempts = new WeakMap<object, Span>();
  readonly #unsubscribe: (() => void)[] = [];

  start(): void {
    const publishing = tracingChannel<Span, PublishTrace>("anytopic:publish");
    const processing = tracingChannel<Span, ProcessTrace>("anytopic:process");
    publishing.start.bindStore(this.#current, (message) => {
      const span = this.#opened(`publish ${message.topic}`, this.#current.getStore()?.name);
      message.carrier["span"] = span.name;
      this.#publishes.set(message, span);
      return span;
    });
    processing.start.bindStore(this.#current, (message) => {
      const span = this.#opened(`process ${message.subscription} ${message.attempt}`, message.attributes["span"]);
      this.#attempts.set(message, span);
      return span;
    });
    this.#unsubscribe.push(
      () => void publishing.start.unbindStore(this.#current),
      () => void processing.start.unbindStore(this.#current),
      this.#listen(publishing, this.#publishes, () => ""),
      this.#listen(processing, this.#attempts, ({ end }) => ` ${end?.outcome}`),
    );
  }

  /** What an application calls inside its handler. */
  note(event: string): void {
    this.#current.getStore()?.events.push(event);
  }

  stop(): void {
    for (const one of this.#unsubscribe.splice(0)) one();
  }

  #opened(name: string, parent: string | undefined): Span {
    const span = { name, parent, events: [] };
    this.spans.push(span);
    return span;
  }

  #listen<Message extends { error?: unknown }>(
    traced: ReturnType<typeof tracingChannel<Span, Message>>,
    spans: WeakMap<object, Span>,
    outcome: (message: Message) => string,
  ): () => void {
    const noted =
      (event: string) =>
      (message: Message): unknown =>
        spans.get(message)?.events.push(event);
    const subscribers: TracingChannelSubscribers<Message> = {
      start: noted("start"),
      end: noted("end"),
      asyncStart: noted("asyncStart"),
      asyncEnd: (message) => spans.get(message)?.events.push(`asyncEnd${outcome(message)}`),
      error: (message) => spans.get(message)?.events.push(`error ${(message.error as Error).message}`),
    };
    traced.subscribe(subscribers);
    return () => {
      traced.unsubscribe(subscribers);
    };
  }
}

const tracer = new Tracer();
afterEach(() => tracer.stop());

async function opened(): Promise<PubSub> {
  return await connect("memory:", { declarations: [Mail] });
}

describe("the channels anytopic:publish and anytopic:process", () => {
  test("show a tracer that starts after connect a publish, its attempts and their outcomes", async () => {
    await using pubsub = await opened();
    tracer.spans.length = 0;
    await pubsub.subscribe(Mail, async (_event, { attempt }) => {
      await turn();
      tracer.note("in the handler");
      if (attempt === 1) throw new Error("again");
      throw new Reject("never");
    });
    tracer.start();
    await pubsub.publish(Orders, { n: 1 });
    await expect.poll(() => pubsub.deadLetters(Mail).count()).toBe(1);
    await expect(pubsub.publish(Orders, { n: 2 }, { attributes: { key: "x".repeat(100_000_000) } })).rejects.toThrow(
      "at most",
    );
    expect(tracer.spans).toEqual([
      { name: "publish orders", parent: undefined, events: ["start", "end", "asyncStart", "asyncEnd"] },
      {
        name: "process mail 1",
        parent: "publish orders",
        events: ["start", "end", "in the handler", "error again", "asyncStart", "asyncEnd retry"],
      },
      {
        name: "process mail 2",
        parent: "publish orders",
        events: ["start", "end", "in the handler", "error never", "asyncStart", "asyncEnd dead-letter"],
      },
      {
        name: "publish orders",
        parent: undefined,
        events: ["start", "end", expect.stringMatching(/^error value of attribute/), "asyncStart", "asyncEnd"],
      },
    ]);
  });

  test("show the hand-over of the pull form, and a handler that throws at once", async () => {
    await using pubsub = await opened();
    tracer.spans.length = 0;
    tracer.start();
    const deliveries = pubsub.deliveries(Mail);
    await pubsub.publish(Orders, { n: 1 });
    const { value } = await deliveries.next();
    await value?.release();
    await deliveries.close();
    await pubsub.subscribe(Mail, () => {
      throw new Reject("at once");
    });
    await expect.poll(() => pubsub.deadLetters(Mail).count()).toBe(1);
    expect(tracer.spans.slice(1).map(({ events }) => events)).toEqual([
      ["start", "end", "asyncStart", "asyncEnd release"],
      ["start", "end", "error at once", "asyncStart", "asyncEnd dead-letter"],
    ]);
  });

  test("have no effect after the last subscriber has gone", async () => {
    await using pubsub = await opened();
    tracer.spans.length = 0;
    tracer.start();
    tracer.stop();
    await pubsub.subscribe(Mail, () => tracer.note("never"));
    await pubsub.publish(Orders, { n: 1 });
    expect(tracer.spans).toEqual([]);
    expect(channel("tracing:anytopic:publish:start").hasSubscribers).toBe(false);
  });

  test("may be listened to at one event alone", async () => {
    await using pubsub = await opened();
    const seen: unknown[] = [];
    const listener = (message: unknown): void => void seen.push((message as PublishTrace).topic);
    channel("tracing:anytopic:publish:asyncEnd").subscribe(listener);
    await pubsub.publish(Orders, { n: 1 });
    channel("tracing:anytopic:publish:asyncEnd").unsubscribe(listener);
    await pubsub.publish(Orders, { n: 2 });
    expect(seen).toEqual(["orders"]);
  });
});
