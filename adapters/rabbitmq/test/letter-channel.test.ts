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
    letters: async () => ({ openChannel: async () => open() }),
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
  override async get(): Promise<GetMessage> {
    const fields = { deliveryTag: 1, redelivered: false, exchange: "", routingKey: "", messageCount: 0 };
    const letter = { content: Buffer.from("{}"), fields, properties: { headers: {}, messageId: "1" } };
    return letter as unknown as GetMessage;
  }
  ack(): void {}
  nack(): void {}
  async checkQueue(): Promise<never> {
    throw this.failure;
  }
}

test("a letter whose channel is lost is in its queue again, and the error says why", async () => {
  const channel = new LosingChannel();
  const [letter] = await lettersOf(() => channel).take(1);
  channel.failure = new Error("Channel closed");
  await expect(letter?.remove()).rejects.toMatchObject({ code: "LEASE_LOST", cause: channel.failure });
});
