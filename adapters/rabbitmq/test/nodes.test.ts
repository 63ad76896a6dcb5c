import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { freePorts, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, type Logger } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, onTestFinished, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

const topic = defineTopic<number>("nodes");
const subscription = defineSubscription(topic, "worker");

function heard(): { readonly logger: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const warn = (_fields: object, message: string): void => void warnings.push(message);
  return { logger: { debug() {}, info() {}, warn, error: warn }, warnings };
}

test.skipIf(broker === undefined)(
  "the first node of a list may be down: nothing that connects stops at it",
  async () => {
    const [dead] = await freePorts(1);
    const url = [`amqp://guest:guest@127.0.0.1:${dead}/`, broker!.url];
    const { logger, warnings } = heard();
    await using pubsub = await connect(rabbitmq({ url }), { logger });
    const got: number[] = [];
    await pubsub.apply([subscription]);
    await Promise.all([1, 2, 3].map((event) => pubsub.publish(topic, event)));
    await pubsub.subscribe(subscription, (event) => void got.push(event));
    await expect.poll(() => new Set(got)).toEqual(new Set([1, 2, 3]));
    expect(warnings).toEqual([]);
    expect(pubsub.health().status).toBe("up");
  },
);

test.skipIf(broker === undefined)(
  "a node that goes away is left for the next one, while the first stays down",
  async () => {
    const [dead] = await freePorts(1);
    const proxy = await createTcpProxy({ targetHost: broker!.host, targetPort: broker!.port });
    onTestFinished(() => proxy.close());
    const url = [
      `amqp://guest:guest@127.0.0.1:${dead}/`,
      `amqp://guest:guest@${proxy.host}:${proxy.port}/`,
      broker!.url,
    ];
    await using pubsub = await connect(rabbitmq({ url }));
    const got: number[] = [];
    await pubsub.subscribe(subscription, (event) => void got.push(event));
    await pubsub.publish(topic, 4);
    await proxy.cut();
    await expect.poll(() => pubsub.health().status).not.toBe("up");
    await expect.poll(() => pubsub.health().status).toBe("up");
    await pubsub.publish(topic, 5);
    await expect.poll(() => new Set(got).size).toBe(2);
  },
);

test.skipIf(broker === undefined)(
  "when every node fails, the answer is the one that trying again cannot change",
  async () => {
    const [dead, deadToo] = await freePorts(2);
    const wrong = new URL(broker!.url);
    wrong.password = "wrong";
    const url = [`amqp://guest:guest@127.0.0.1:${dead}/`, wrong.href, `amqp://guest:guest@127.0.0.1:${deadToo}/`];
    await expect(connect(rabbitmq({ url }))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  },
);

test.skipIf(broker === undefined)(
  "nodes that accept and say nothing leave time for the last one",
  { timeout: 40_000 },
  async () => {
    const silent = await Promise.all([1, 2, 3].map(silentNode));
    await using pubsub = await connect(rabbitmq({ url: [...silent, broker!.url] }));
    expect(pubsub.health().status).toBe("up");
    await pubsub.publish(topic, 6);
  },
);

// Without shares it would take three times 10 s.
test(
  "when all nodes say nothing, the first connection has one bound for all of them",
  { timeout: 25_000 },
  async () => {
    const url = await Promise.all([1, 2, 3].map(silentNode));
    await expect(connect(rabbitmq({ url }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/no connection within \d+ ms/) as string,
    });
  },
);

async function silentNode(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `amqp://guest:guest@127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
