import type { PublishRequest, TopicSpec } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import { GcpPublisher } from "../src/publisher.ts";
import type { Channel } from "../src/connection/rpc.ts";

const topic: TopicSpec = {
  name: "orders",
  physicalName: "orders",
  ordered: true,
  exactlyOnce: false,
  retentionMs: 86_400_000,
  replay: false,
};

/** A publisher whose requests are answered when the test says so. */
function createPublisher() {
  const sent: (() => void)[] = [];
  const publishing: Channel = {
    call(_method, _request, _options, done) {
      sent.push(() => done(null, { messageIds: ["1"] } as never));
      return { cancel: () => {} };
    },
    close: () => Promise.resolve(),
  };
  const connection = { projectId: "p", options: { prefix: "" }, publishing, methods: {}, metadata: () => ({}) };
  return { sent, publisher: new GcpPublisher(connection as unknown as Connection, topic) };
}

function createRequests(count: number, accepted: number[], awaited: (index: number) => boolean) {
  return Array.from({ length: count }, (_, index): PublishRequest => ({
    id: String(index),
    body: Buffer.from("x"),
    attributes: {},
    orderingKey: `key-${index}`,
    publishTimeMs: 0,
    get awaited() {
      return awaited(index);
    },
    accept: () => void accepted.push(index),
    reject() {},
  }));
}

test("however many keys are published, 100 requests are under way at most", () => {
  const { sent, publisher } = createPublisher();
  const accepted: number[] = [];
  publisher.publish(createRequests(350, accepted, () => true));
  expect(sent.length).toBe(100);
  for (let done = 1; done <= 350; done += 1) {
    sent[done - 1]?.();
    expect(sent.length).toBe(Math.min(350, 100 + done));
  }
  expect(accepted).toEqual(Array.from({ length: 350 }, (_, index) => index));
});

test("what core has given up waiting for is not sent any more", () => {
  const { sent, publisher } = createPublisher();
  const accepted: number[] = [];
  let givenUp = false;
  publisher.publish(createRequests(300, accepted, (index) => !givenUp || index >= 250));
  givenUp = true;
  for (let index = 0; index < sent.length; index += 1) sent[index]?.();
  expect(sent.length).toBe(150);
  expect(accepted.filter((index) => index >= 100)).toEqual(Array.from({ length: 50 }, (_, index) => 250 + index));
});
