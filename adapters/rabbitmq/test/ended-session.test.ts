import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "@anytopic/core";
import type { Channel, Message } from "amqplib";
import { expect, test } from "vitest";
import { Session } from "../src/receive/session.ts";

interface Delivery {
  readonly native: Message;
}

const delivery = (deliveryTag: number): Delivery => ({ native: { fields: { deliveryTag } } as unknown as Message });

test("after the loss of its channel a session sends nothing more, and its messages belong to it no longer", async () => {
  const sent: string[] = [];
  const note = (what: string) => (): void => void sent.push(what);
  const channel = { ack: note("ack"), nack: note("nack"), reject: note("reject") } as unknown as Channel;
  const session = new Session<Delivery>(channel, "events.mail", 10, new VirtualClock());
  const [first, second, third] = [delivery(1), delivery(2), delivery(3)];
  for (const one of [first, second, third]) session.track(one);
  expect(session.ack(first)).toBeUndefined();
  await nextTurn();
  expect(sent).toEqual(["ack"]);

  expect(session.ack(second)).toBeUndefined();
  session.end();
  await nextTurn();
  session.flush();
  expect(sent).toEqual(["ack"]);
  expect([session.isOpen, session.isUnsettled(third)]).toEqual([false, false]);
  for (const settle of [session.ack(third), session.giveBack(third, "reject"), session.giveBack(third, "nack")]) {
    await expect(settle).rejects.toMatchObject({ code: "LEASE_LOST" });
  }
  await session.passOn();
  await session.close();
  expect(sent).toEqual(["ack"]);
});
