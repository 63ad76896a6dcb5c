import { VirtualClock } from "@anytopic/core";
import type { NatsConnection } from "@nats-io/nats-core";
import { expect, test } from "vitest";
import { KeptSettles } from "../src/settle/kept-settles.ts";

const ACK = "$JS.ACK.events.mail.1.";

/** The settles of one connection, and what was written: `ack <last part of the subject>`. */
function keptOf({ cluster, hasLeader = true }: { readonly cluster?: string; readonly hasLeader?: boolean } = {}) {
  const clock = new VirtualClock();
  const leader = { isThere: hasLeader };
  const written: string[] = [];
  const client = {
    info: { cluster },
    publish: (subject: string, payload: Uint8Array) =>
      void written.push(`${Buffer.from(payload).toString()} ${subject}`),
    flush: async () => {},
    async request(): Promise<void> {
      if (!leader.isThere) throw new Error("no responders");
    },
    protocol: {
      sendCommand(frames: Uint8Array): void {
        for (const [, place] of Buffer.from(frames)
          .toString()
          .matchAll(/PUB \S+\.(\S+) 4/g))
          written.push(`ack ${place}`);
      },
    },
  };
  return { settles: new KeptSettles(client as unknown as NatsConnection, clock), clock, leader, written };
}

test("acks that no leader of the consumer has read are written again until one has", async () => {
  const { settles, clock, leader, written } = keptOf({ cluster: "c", hasLeader: false });
  settles.ack(`${ACK}1`);
  settles.ack(`${ACK}2`);
  await clock.advance(200);
  expect(written).toEqual(["ack 1", "ack 2"]);
  await clock.advance(1000);
  expect(written).toEqual(["ack 1", "ack 2", "ack 1", "ack 2"]);
  leader.isThere = true;
  await clock.advance(1000);
  const count = written.length;
  await clock.advance(10_000);
  expect(written).toHaveLength(count);
  expect(clock.pending).toBe(0);
});

test("a consumer that is silent for a minute was deleted: its acks are given up", async () => {
  const { settles, clock, written } = keptOf({ cluster: "c", hasLeader: false });
  settles.ack(`${ACK}1`);
  await clock.advance(70_000);
  expect(written.length).toBeGreaterThan(30);
  expect(clock.pending).toBe(0);
});

test("an ack is written once on one server, and again after a reconnect when nothing has proven that it arrived", async () => {
  const { settles, clock, written } = keptOf();
  settles.ack(`${ACK}1`);
  await clock.advance(10_000);
  expect(written).toEqual(["ack 1"]);
  expect(clock.pending).toBe(0);
  settles.ack(`${ACK}2`);
  await Promise.resolve();
  settles.disconnected();
  settles.ack(`${ACK}3`);
  settles.reconnected();
  await clock.advance(10_000);
  expect(written).toEqual(["ack 1", "ack 2", "ack 2", "ack 3"]);
});

test("a message is given back after a reconnect only while it certainly is this worker's", async () => {
  const { settles, clock, written } = keptOf();
  settles.disconnected();
  settles.send("early", Buffer.from("-NAK"), 500);
  settles.send("late", Buffer.from("-NAK"), 499);
  await clock.advance(499);
  settles.reconnected();
  expect(written).toEqual(["-NAK early"]);
});
