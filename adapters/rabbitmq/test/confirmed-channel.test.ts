import { silentLogger, systemClock } from "@anytopic/core";
import { PubSubError } from "@anytopic/core/driver";
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { Confirmable } from "../src/publish/confirmable.ts";
import { ConfirmedChannel } from "../src/publish/confirmed-channel.ts";
import type { Connection } from "../src/connection.ts";
import { MAX_WAITING_PUBLISHES } from "../src/limits.ts";

/** Like amqplib's channel for a publisher; its buffer is full after `roomFor` messages. */
class FakeChannel extends EventEmitter {
  readonly written: string[] = [];
  roomFor = Number.POSITIVE_INFINITY;

  publish(_exchange: string, _routingKey: string, body: Buffer): boolean {
    this.written.push(body.toString());
    return this.written.length < this.roomFor;
  }

  async close(): Promise<void> {
    this.emit("close");
  }
}

class Request implements Confirmable {
  readonly body: Buffer;
  readonly awaited = true;
  outcome = "open";

  constructor(body: string) {
    this.body = Buffer.from(body);
  }

  accept(): void {
    this.outcome += " accepted";
  }

  reject(error: PubSubError): void {
    this.outcome += ` ${error.code}`;
  }
}

interface Bench {
  readonly fake: FakeChannel;
  readonly connection: { isBlocked: boolean };
  readonly confirmed: ConfirmedChannel;
  readonly publish: (body: string) => Request;
}

/** A confirmed channel whose channel is open. `next` gives the channels after the first. */
async function bench(next: (first: FakeChannel) => FakeChannel = (first) => first): Promise<Bench> {
  const fake = new FakeChannel();
  let isFirst = true;
  const connection = {
    model: {},
    context: { clock: systemClock, logger: silentLogger },
    isBlocked: false,
    maxMessageBytes: Number.POSITIVE_INFINITY,
    addUser() {},
    removeUser() {},
    openConfirmChannel: async () => {
      const opened = isFirst ? fake : next(fake);
      isFirst = false;
      return opened;
    },
  };
  const again = (request: Confirmable): void => confirmed.publish("", Buffer.from(request.body), {}, request);
  const owner = { what: "publish", exchange: "exchange", returned() {}, again };
  const confirmed = new ConfirmedChannel(connection as unknown as Connection, owner);
  const publish = (body: string): Request => {
    const request = new Request(body);
    again(request);
    return request;
  };
  confirmed.up();
  publish("first");
  await expect.poll(() => fake.written).toEqual(["first"]);
  fake.emit("ack", { deliveryTag: 1, multiple: false });
  return { fake, connection, confirmed, publish };
}

test("past a full buffer nothing is written before drain, and then in order", async () => {
  const { fake, publish } = await bench();
  fake.roomFor = 2;
  const requests = ["a", "b", "c"].map(publish);
  // The message that filled the buffer is in it.
  expect(fake.written).toEqual(["first", "a"]);
  fake.roomFor = Number.POSITIVE_INFINITY;
  fake.emit("drain");
  expect(fake.written).toEqual(["first", "a", "b", "c"]);
  fake.emit("ack", { deliveryTag: 4, multiple: true });
  expect(requests.map(({ outcome }) => outcome)).toEqual(["open accepted", "open accepted", "open accepted"]);
});

test("while the broker blocks nothing is written, up to a bound", async () => {
  const { fake, connection, confirmed, publish } = await bench();
  connection.isBlocked = true;
  const requests = Array.from({ length: MAX_WAITING_PUBLISHES + 1 }, (_, index) => publish(`${index}`));
  expect(fake.written).toEqual(["first"]);
  expect(requests.at(-1)!.outcome).toBe("open RESOURCE_EXHAUSTED");
  connection.isBlocked = false;
  confirmed.blocked();
  expect(fake.written).toHaveLength(1 + MAX_WAITING_PUBLISHES);
  expect(fake.written.slice(1, 4)).toEqual(["0", "1", "2"]);
});

test("a nack rejects those it names, and a confirmation settles each once", async () => {
  const { fake, publish } = await bench();
  const [one, two, three] = ["a", "b", "c"].map(publish);
  fake.emit("ack", { deliveryTag: 3, multiple: false });
  fake.emit("nack", { deliveryTag: 2, multiple: false });
  fake.emit("ack", { deliveryTag: 4, multiple: true });
  expect([one, two, three].map((request) => request!.outcome)).toEqual([
    "open UNAVAILABLE",
    "open accepted",
    "open accepted",
  ]);
});

test("what is unconfirmed when the broker closes the channel rejects, and the next publish opens another", async () => {
  const { fake, publish } = await bench();
  const lost = publish("a");
  fake.emit("error", Object.assign(new Error("NOT_FOUND - no exchange"), { code: 404 }));
  fake.emit("close");
  expect(lost.outcome).toBe("open NOT_FOUND");
  const next = publish("b");
  await expect.poll(() => fake.written.at(-1)).toBe("b");
  fake.emit("ack", { deliveryTag: 1, multiple: false });
  expect(next.outcome).toBe("open accepted");
});

/** The broker refuses a message: it closes the channel, and confirms no more. */
function refuse(fake: FakeChannel, words: string): void {
  fake.emit(
    "error",
    Object.assign(new Error(`Channel closed by server: 406 (PRECONDITION-FAILED) ${words}`), { code: 406 }),
  );
  fake.emit("close");
}

test("a message that is too large is rejected alone, its neighbours are published again, and the next one is not even sent", async () => {
  const { fake, publish } = await bench();
  const [before, large, after] = ["a", "large", "b"].map(publish);
  refuse(fake, "message size 5 is larger than configured max size 3");
  expect(large!.outcome).toBe("open LIMIT_EXCEEDED");
  await expect.poll(() => fake.written).toEqual(["first", "a", "large", "b", "a", "b"]);
  fake.emit("ack", { deliveryTag: 2, multiple: true });
  expect([before, after].map((request) => request!.outcome)).toEqual(["open accepted", "open accepted"]);
  expect(publish("larger").outcome).toBe("open LIMIT_EXCEEDED");
  expect(fake.written).toHaveLength(6);
});

test("when nobody knows which message closed the channel, each is published alone until it is known", async () => {
  const { fake, publish } = await bench();
  const [one, bad, three] = ["a", "bad", "c"].map(publish);
  refuse(fake, "something about one of them");
  const later = publish("later");
  await expect.poll(() => fake.written).toEqual(["first", "a", "bad", "c", "a"]);
  fake.emit("ack", { deliveryTag: 1, multiple: false });
  expect(fake.written.at(-1)).toBe("bad");
  refuse(fake, "something about one of them");
  await expect.poll(() => fake.written.at(-1)).toBe("c");
  fake.emit("ack", { deliveryTag: 1, multiple: false });
  expect(fake.written.at(-1)).toBe("later");
  fake.emit("ack", { deliveryTag: 2, multiple: false });
  expect([one, bad, three, later].map((request) => request!.outcome)).toEqual([
    "open accepted",
    "open TOPOLOGY_MISMATCH",
    "open accepted",
    "open accepted",
  ]);
});

test("a connection that is lost while suspects are published one by one rejects all of them", async () => {
  const { fake, confirmed, publish } = await bench();
  const requests = ["a", "b"].map(publish);
  refuse(fake, "something about one of them");
  await expect.poll(() => fake.written).toEqual(["first", "a", "b", "a"]);
  confirmed.down(new PubSubError("UNAVAILABLE", "gone"));
  expect(requests.map(({ outcome }) => outcome)).toEqual(["open UNAVAILABLE", "open UNAVAILABLE"]);
});

test("a channel whose publishes are refused is left for another, and nothing overtakes what is still unanswered", async () => {
  const other = new FakeChannel();
  const { fake, publish } = await bench(() => other);
  const [refused, unanswered] = ["a", "b"].map(publish);
  fake.emit("nack", { deliveryTag: 2, multiple: false });
  expect(refused!.outcome).toBe("open UNAVAILABLE");
  // In its first moments it is still used.
  publish("c");
  expect(fake.written).toEqual(["first", "a", "b", "c"]);
  await expect.poll(() => isLeft(fake, publish), { timeout: 5000, interval: 100 }).toBe(true);
  expect(other.written).toEqual([]);
  fake.emit("ack", { deliveryTag: fake.written.length, multiple: true });
  expect(unanswered!.outcome).toBe("open accepted");
  const later = publish("later");
  await expect.poll(() => other.written.at(-1)).toBe("later");
  // Late answers of the channel that was left are not those of this one.
  fake.emit("nack", { deliveryTag: other.written.length, multiple: true });
  expect(later.outcome).toBe("open");
  other.emit("ack", { deliveryTag: other.written.length, multiple: true });
  expect(later.outcome).toBe("open accepted");
});

/** Whether a publish waits instead of being written. */
function isLeft(fake: FakeChannel, publish: (body: string) => unknown): boolean {
  const { length } = fake.written;
  publish("more");
  return fake.written.length === length;
}
