import { EventEmitter } from "node:events";
import { PubSubError } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { DeadLetters, type DeadLettersContext } from "../src/dead-letters.ts";

/** A broker without letters; its channels close when told. */
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
  const names = { queue: "orders.mail", deadLetters: "orders.mail.dead-letters" };
  const context = { names, reading: async () => ({ openChannel }) } as unknown as DeadLettersContext;
  const letters = new DeadLetters(context);
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
