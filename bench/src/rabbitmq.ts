import { randomUUID } from "node:crypto";

import { startBroker } from "@anytopic/brokers";
import { connect } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { connect as managedConnect } from "amqp-connection-manager";
import { type Channel, connect as amqpConnect, type ConsumeMessage } from "amqplib";
import { Connection, ConsumerStatus } from "rabbitmq-client";
import rascal from "rascal";

import { anytopicForm } from "./anytopic-form.ts";
import { compareForms } from "./compare-forms.ts";
import { type BenchEvent, nextEvent } from "./event.ts";
import type { Form } from "./form.ts";
import { anytopicLatency, compareLatency, type LatencyForm } from "./latency.ts";

const COUNT = Number(process.env["COUNT"] ?? 20_000);
const WINDOW = 256;
const PREFETCH = 500;
const QUORUM = { durable: true, arguments: { "x-queue-type": "quorum" } } as const;

const encode = (event: BenchEvent): Buffer => Buffer.from(JSON.stringify(event));
const decode = (body: Buffer): BenchEvent => JSON.parse(body.toString()) as BenchEvent;

/** Quorum queues on one node; every form encodes and decodes JSON of 1 KiB. */
export async function benchRabbitmq(): Promise<void> {
  const broker = await startBroker("rabbitmq");
  try {
    const { url } = broker;
    const pubsub = await connect(rabbitmq({ url }));
    const forms = [
      await amqplibForm(url),
      await anytopicForm(pubsub, { window: WINDOW, maxConcurrency: 100, prefetch: PREFETCH - 100 }),
      await rabbitmqClientForm(url),
      await connectionManagerForm(url),
      await rascalForm(url),
    ];
    await compareForms(forms, {
      title: `RabbitMQ ${broker.version}, window ${WINDOW}, prefetch ${PREFETCH}`,
      count: COUNT,
    });
    await compareLatency([await amqplibLatency(url), await anytopicLatency(await connect(rabbitmq({ url })))]);
  } finally {
    await broker.close();
  }
}

/** `WINDOW` callers that each wait for their last message. */
async function windowed(count: number, publish: () => Promise<unknown>): Promise<void> {
  let left = count;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await publish();
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, loop));
}

async function declare(channel: Channel): Promise<string> {
  const name = `bench-${randomUUID().slice(0, 8)}`;
  await channel.assertExchange(name, "fanout");
  await channel.assertQueue(name, QUORUM);
  await channel.bindQueue(name, name, "");
  return name;
}

/** Callbacks, two connections without Nagle's algorithm, nothing per message that is not needed. */
async function amqplibForm(url: string): Promise<Form> {
  const publishing = await amqpConnect(url, { noDelay: true });
  const consuming = await amqpConnect(url, { noDelay: true });
  const channel = await publishing.createConfirmChannel();
  const name = await declare(channel);
  return {
    name: "amqplib",
    publish: (count) =>
      new Promise((resolve, reject) => {
        let left = count;
        let confirmed = 0;
        const send = (): void => {
          if (left === 0) return;
          left -= 1;
          channel.publish(name, "", encode(nextEvent()), { persistent: true }, (error: unknown) => {
            if (error !== null) return reject(error);
            confirmed += 1;
            if (confirmed === count) return resolve();
            return send();
          });
        };
        for (let started = 0; started < WINDOW; started += 1) send();
      }),
    async consume(count): Promise<void> {
      const reader = await consuming.createChannel();
      await reader.prefetch(PREFETCH);
      let left = count;
      await new Promise<void>((resolve) => {
        const handle = (message: ConsumeMessage | null): void => {
          if (message === null) return;
          decode(message.content);
          reader.ack(message);
          left -= 1;
          if (left === 0) resolve();
        };
        void reader.consume(name, handle);
      });
      await reader.close();
    },
    async close(): Promise<void> {
      await channel.deleteQueue(name);
      await channel.deleteExchange(name);
      await publishing.close();
      await consuming.close();
    },
  };
}

async function rabbitmqClientForm(url: string): Promise<Form> {
  const connection = new Connection({ url, noDelay: true });
  const name = `bench-${randomUUID().slice(0, 8)}`;
  const publisher = connection.createPublisher({
    confirm: true,
    exchanges: [{ exchange: name, type: "fanout", durable: true }],
  });
  await connection.queueDeclare({ queue: name, ...QUORUM });
  await connection.exchangeDeclare({ exchange: name, type: "fanout", durable: true });
  await connection.queueBind({ queue: name, exchange: name });
  return {
    name: "rabbitmq-client",
    publish: (count) => windowed(count, () => publisher.send({ exchange: name, durable: true }, nextEvent())),
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const consumer = connection.createConsumer(
        { queue: name, queueOptions: QUORUM, qos: { prefetchCount: PREFETCH } },
        () => {
          left -= 1;
          if (left === 0) resolve();
          return ConsumerStatus.ACK;
        },
      );
      await promise;
      await consumer.close();
    },
    async close(): Promise<void> {
      await connection.queueDelete(name);
      await publisher.close();
      await connection.close();
    },
  };
}

async function connectionManagerForm(url: string): Promise<Form> {
  const connection = managedConnect([url], { connectionOptions: { noDelay: true } });
  let name = "";
  const publisher = connection.createChannel({
    async setup(channel: Channel) {
      name = await declare(channel);
    },
  });
  await publisher.waitForConnect();
  return {
    name: "amqp-connection-manager",
    publish: (count) => windowed(count, () => publisher.publish(name, "", encode(nextEvent()), { persistent: true })),
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const reader = connection.createChannel({
        setup: async (channel: Channel) => void (await channel.prefetch(PREFETCH)),
      });
      await reader.consume(name, (message) => {
        decode(message.content);
        reader.ack(message);
        left -= 1;
        if (left === 0) resolve();
      });
      await promise;
      await reader.close();
    },
    async close(): Promise<void> {
      await publisher.deleteQueue(name);
      await connection.close();
    },
  };
}

async function rascalForm(url: string): Promise<Form> {
  const name = `bench-${randomUUID().slice(0, 8)}`;
  const broker = await rascal.BrokerAsPromised.create({
    vhosts: {
      "/": {
        connection: { url, socketOptions: { noDelay: true } },
        publicationChannelPools: { confirmPool: { max: 64, min: 8 } },
        exchanges: { [name]: { type: "fanout" } },
        queues: { [name]: { options: QUORUM } },
        bindings: { all: { source: name, destination: name, bindingKey: "" } },
        publications: { out: { exchange: name } },
        subscriptions: { in: { queue: name, prefetch: PREFETCH } },
      },
    },
  });
  broker.on("error", () => {});
  return {
    name: "rascal, channel pool of 64",
    publish: (count) =>
      windowed(count, async () => {
        const publication = await broker.publish("out", nextEvent());
        await new Promise((resolve, reject) => publication.on("success", resolve).on("error", reject));
      }),
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const subscription = await broker.subscribe("in");
      subscription.on("message", (_message, _content, ackOrNack) => {
        ackOrNack();
        left -= 1;
        if (left === 0) resolve();
      });
      await promise;
      await subscription.cancel();
    },
    async close(): Promise<void> {
      await broker.nuke();
      await broker.shutdown();
    },
  };
}

async function amqplibLatency(url: string): Promise<LatencyForm> {
  const publishing = await amqpConnect(url, { noDelay: true });
  const consuming = await amqpConnect(url, { noDelay: true });
  const channel = await publishing.createConfirmChannel();
  const name = await declare(channel);
  return {
    name: "amqplib, noDelay",
    async start(received): Promise<void> {
      const reader = await consuming.createChannel();
      await reader.prefetch(PREFETCH);
      await reader.consume(name, (message) => {
        if (message === null) return;
        received((JSON.parse(message.content.toString()) as { sentMs: number }).sentMs);
        reader.ack(message);
      });
    },
    publish: (sentMs) =>
      new Promise((resolve) => {
        const body = Buffer.from(JSON.stringify({ ...nextEvent(), sentMs }));
        channel.publish(name, "", body, { persistent: true }, resolve);
      }),
    async close(): Promise<void> {
      await publishing.close();
      await consuming.close();
    },
  };
}
