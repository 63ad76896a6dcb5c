import { EventEmitter } from "node:events";
import { systemClock } from "@anytopic/core";
import { PubSubError, type SubscriptionSpec } from "@anytopic/core/driver";
import type { GetMessage } from "amqplib";
import { expect, test } from "vitest";
import type { Connections } from "../src/connection/connections.ts";
import { RabbitmqDeadLetters } from "../src/dead-letters.ts";

/** A channel to a broker without letters. */
class Channel extends EventEmitter {
  failure: Error | undefined;

  async get(): Promise<GetMessage | false> {
    if (this.failure !== undefined) throw this.failure;
    return false;
  }

  close(): Promise<never> {
    return new Promise(() => {});
  }
}

/** Dead letters that are read by channels of `open`. */
function lettersOf(open: () => Channel): RabbitmqDeadLetters {
  const connections = {
    options: { prefix: "" },
    context: { clock: systemClock },
    letters: async () => ({ openChannel: async () => open(), server: { takesCredit: false } }),
  } as unknown as Connections;
  const subscription = { physicalName: "mail", topic: { physicalName: "orders" } } as SubscriptionSpec;
  return new RabbitmqDeadLetters(connections, subscription);
}

test("a channel that closes late leaves the one that came after it", async () => {
  const channels: Channel[] = [];
  const letters = lettersOf(() => {
    channels.push(new Channel());
    return channels.at(-1)!;
  });
  await letters.take(1);
  channels[0]!.failure = new PubSubError("TIMEOUT", "no answer");
  await expect(letters.take(1)).rejects.toMatchObject({ code: "TIMEOUT" });
  await letters.take(1);
  channels[0]!.emit("close");
  await letters.take(1);
  expect(channels.length).toBe(2);
  channels[1]!.emit("close");
  await letters.take(1);
  expect(channels.length).toBe(3);
});

/** A channel to a broker with one letter, which fails when the letter is to be settled. */
class LosingChannel extends Channel {
  closes = 0;

  override async get(): Promise<GetMessage> {
    return letterOf({ deliveryTag: 1, messageCount: 0 });
  }
  override close(): Promise<never> {
    this.closes += 1;
    return super.close();
  }
  ack(): void {}
  nack(): void {}
  async checkQueue(): Promise<never> {
    throw this.failure;
  }
}

function letterOf(fields: { readonly deliveryTag: number; readonly messageCount?: number }): GetMessage {
  const properties = { headers: {}, messageId: `${fields.deliveryTag}` };
  return { content: Buffer.from("{}"), fields, properties } as unknown as GetMessage;
}

test("a letter whose channel is lost is in its queue again, and the error says why", async () => {
  const channel = new LosingChannel();
  const [letter] = await lettersOf(() => channel).take(1);
  channel.failure = new Error("Channel closed");
  await expect(letter?.remove()).rejects.toMatchObject({ code: "LEASE_LOST", cause: channel.failure });
  // If it is not lost, it holds a letter that nobody settles.
  expect(channel.closes).toBe(1);
});

/** A channel to a broker with two letters: the second one comes in a window. Records what settles them. */
class WindowChannel extends Channel {
  readonly asked: string[] = [];

  override async get(): Promise<GetMessage> {
    return letterOf({ deliveryTag: 1, messageCount: 1 });
  }
  async prefetch(): Promise<void> {}
  async consume(_queue: string, listener: (letter: GetMessage) => void): Promise<{ consumerTag: string }> {
    listener(letterOf({ deliveryTag: 2 }));
    return { consumerTag: "c" };
  }
  async cancel(): Promise<void> {
    this.asked.push("cancel");
  }
  ack({ fields }: GetMessage): void {
    this.asked.push(`ack ${fields.deliveryTag}`);
  }
  async checkQueue(): Promise<{ messageCount: number }> {
    this.asked.push("check");
    return { messageCount: 0 };
  }
}

test("a letter is removed after the end of its consumer, which would else get another one for it", async () => {
  const channel = new WindowChannel();
  const [first, second] = await lettersOf(() => channel).take(2);
  await second?.remove();
  await first?.remove();
  expect(channel.asked).toEqual(["cancel", "ack 2", "check", "ack 1", "check"]);
});
