import { randomUUID } from "node:crypto";

import { startBroker, type Broker } from "@anytopic/brokers";
import { connect } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { jetstream, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import { createInbox, headers, type NatsConnection } from "@nats-io/nats-core";
import { connect as connectRaw } from "@nats-io/transport-node";

import { anytopicForm } from "./anytopic-form.ts";
import { compareForms } from "./compare-forms.ts";
import { nextEvent, type BenchEvent } from "./event.ts";
import type { Form } from "./form.ts";
import { anytopicLatency, compareLatency, type LatencyForm } from "./latency.ts";

const COUNT = Number(process.env["COUNT"] ?? 30_000);
/** Pending publishes, and messages per pull: the same for every form. */
const WINDOW = 256;
const MAX_MESSAGES = 1100;
const SMALL_S = 115;

/** How a raw form publishes one event; resolves when the stream has it. */
type PublishOne = () => Promise<unknown>;

/** A file stream and a durable consumer as the adapter creates them, used through the plain client. */
async function rawForm(
  url: string,
  name: string,
  openPublish: (nc: NatsConnection, subject: string) => PublishOne,
  consume: "callback" | "iterator",
): Promise<Form> {
  const nc = await connectRaw({ servers: url, noAsyncTraces: true });
  const jsm = await jetstreamManager(nc);
  const stream = `raw-${randomUUID().slice(0, 8)}`;
  await jsm.streams.add({ name: stream, subjects: [stream], max_age: 604_800_000 * 1e6, discard: "new" });
  await jsm.consumers.add(stream, {
    durable_name: "worker",
    ack_policy: "explicit",
    ack_wait: 30_000 * 1e6,
    max_ack_pending: 100_000,
  });
  const consumer = await jetstream(nc).consumers.get(stream, "worker");
  const publishOne = openPublish(nc, stream);
  return {
    name,
    async publish(count): Promise<void> {
      let left = count;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await publishOne();
        }
      };
      await Promise.all(Array.from({ length: WINDOW }, loop));
    },
    async consume(count): Promise<void> {
      let left = count;
      const handle = (message: JsMsg): void => {
        message.json<BenchEvent>();
        message.ack();
        left -= 1;
      };
      if (consume === "iterator") {
        const messages = await consumer.consume({ max_messages: MAX_MESSAGES });
        for await (const message of messages) {
          handle(message);
          if (left === 0) break;
        }
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        const messages = await consumer.consume({
          max_messages: MAX_MESSAGES,
          callback: (message) => {
            handle(message);
            if (left === 0) resolve();
          },
        });
        await promise;
        messages.stop();
      }
      await nc.flush();
    },
    async close(): Promise<void> {
      await jsm.streams.delete(stream);
      await nc.close();
    },
  };
}

/**
 * One inbox for all acknowledgements, distinguished by a counter: the fastest way to publish that the client allows.
 */
function sharedInbox(withId: boolean): (nc: NatsConnection, subject: string) => PublishOne {
  return (nc, subject) => {
    const prefix = `${createInbox()}.`;
    const pending = new Map<number, () => void>();
    let made = 0;
    nc.subscribe(`${prefix}*`, {
      callback: (_error, reply) => {
        if (reply.data[2] !== SMALL_S) throw new Error(`the stream refused: ${reply.string()}`);
        const number = Number(reply.subject.slice(prefix.length));
        pending.get(number)?.();
        pending.delete(number);
      },
    });
    const run = randomUUID().slice(0, 27);
    return () =>
      new Promise<void>((resolve) => {
        made += 1;
        pending.set(made, resolve);
        const reply = prefix + made;
        const body = JSON.stringify(nextEvent());
        if (!withId) return nc.publish(subject, body, { reply });
        const id = headers();
        id.set("Nats-Msg-Id", run + made);
        return nc.publish(subject, body, { reply, headers: id });
      });
  };
}

/** As the client's documentation shows it. */
function jsPublish(nc: NatsConnection, subject: string): PublishOne {
  const js = jetstream(nc);
  const run = randomUUID().slice(0, 27);
  let made = 0;
  return () => js.publish(subject, JSON.stringify(nextEvent()), { msgID: run + ++made });
}

async function rawLatency(url: string): Promise<LatencyForm> {
  const nc = await connectRaw({ servers: url, noAsyncTraces: true });
  const jsm = await jetstreamManager(nc);
  const js = jetstream(nc);
  const stream = `latency-${randomUUID().slice(0, 8)}`;
  await jsm.streams.add({ name: stream, subjects: [stream] });
  await jsm.consumers.add(stream, { durable_name: "worker", ack_policy: "explicit" });
  return {
    name: "js.publish, consume by callback",
    async start(received): Promise<void> {
      const consumer = await js.consumers.get(stream, "worker");
      await consumer.consume({
        max_messages: MAX_MESSAGES,
        callback: (message) => {
          received(message.json<{ sentMs: number }>().sentMs);
          message.ack();
        },
      });
    },
    publish: (sentMs) => js.publish(stream, JSON.stringify({ ...nextEvent(), sentMs })),
    async close(): Promise<void> {
      await jsm.streams.delete(stream);
      await nc.close();
    },
  };
}

/** The NATS adapter against the plain client: at its best, with ids, and as its documentation shows it. */
export async function benchNats(): Promise<void> {
  const broker: Broker = await startBroker("nats");
  const { url } = broker;
  try {
    const forms = [
      await rawForm(url, "publish + shared inbox; callback", sharedInbox(false), "callback"),
      await rawForm(url, "the same with message ids", sharedInbox(true), "callback"),
      await anytopicForm(await connect(nats({ servers: url })), { window: WINDOW }),
      await rawForm(url, "js.publish with ids; iterator", jsPublish, "iterator"),
    ];
    await compareForms(forms, { title: `NATS JetStream, ${broker.implementation} ${broker.version}`, count: COUNT });
    await compareLatency([await rawLatency(url), await anytopicLatency(await connect(nats({ servers: url })))]);
  } finally {
    await broker.close();
  }
}
