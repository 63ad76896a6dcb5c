import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { afterAll, describe, expect, test } from "vitest";

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

describe.skipIf(broker === undefined)("sockets", () => {
  const { host, port } = broker as Broker;

  test("long polls have their own: they cannot starve other calls, however few those have", async () => {
    const polls: ServerResponse[] = [];
    // Passes everything on except polls, which it holds back.
    const server = createServer((incoming, outgoing) => {
      if (incoming.headers["x-amz-target"] === "AmazonSQS.ReceiveMessage") {
        polls.push(outgoing);
        return;
      }
      const { url, method, headers } = incoming;
      const onward = request({ host, port, path: url, method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const pubsub = await connect(aws({ region: "eu-west-1", endpoint, maxSockets: 1 }));
    const topic = defineTopic<number>(`sockets-${crypto.randomUUID().slice(0, 8)}`);
    const subscriptions = ["a", "b", "c"].map((name) => defineSubscription(topic, name));
    const workers = [];
    for (const subscription of subscriptions) workers.push(await pubsub.subscribe(subscription, () => {}));
    await expect.poll(() => polls.length).toBeGreaterThanOrEqual(3);
    await pubsub.publish(topic, 1);
    expect(await pubsub.plan(subscriptions)).toEqual([]);
    await Promise.all(workers.map((worker) => worker.close()));
    for (const poll of polls) poll.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
    await pubsub.destroy([topic, ...subscriptions]);
    await pubsub.close();
    server.close();
  });
});
