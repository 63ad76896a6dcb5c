import { EventEmitter } from "node:events";
import { systemClock } from "@anytopic/core";
import { PubSubError, type SubscriptionSpec } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import type { Connections } from "../src/connection/connections.ts";
import { RabbitmqDeadLetters } from "../src/dead-letters.ts";

/** A channel to a broker without letters. */
class Channel extends EventEmitter {
  failure: Error | undefined;

  async get(): Promise<false> {
    if (this.failure !== undefined) throw this.failure;
    return false;
  }

  close(): Promise<never> {
    return new Promise(() => {});
  }
}

test("a channel that closes late leaves the one that came after it", async () => {
  const channels: Channel[] = [];
  const openChannel = async (): Promise<Channel> => {
    channels.push(new Channel());
    return channels.at(-1)!;
  };
  const connections = {
    options: { prefix: "" },
    context: { clock: systemClock },
    letters: async () => ({ openChannel }),
  } as unknown as Connections;
  const subscription = { physicalName: "mail", topic: { physicalName: "orders" } } as SubscriptionSpec;
  const letters = new RabbitmqDeadLetters(connections, subscription);
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
