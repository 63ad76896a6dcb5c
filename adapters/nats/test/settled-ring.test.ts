import { expect, test } from "vitest";
import { SettledRing } from "../src/settle/settled-ring.ts";

function arriving(streamSequence: number, timestampMs = streamSequence): Parameters<SettledRing["find"]>[0] {
  return { delivered: 1, consumerSequence: 1, streamSequence, timestampMs };
}

test("remembers what became of the latest deliveries", () => {
  const ring = new SettledRing();
  ring.add(1, 1, 1, false);
  ring.add(2, 2, 3, true);
  ring.add(1, 1, 2, true);
  expect(ring.find(arriving(1))).toEqual({ attempt: 2, acked: true });
  expect(ring.find(arriving(2))).toEqual({ attempt: 3, acked: true });
  expect(ring.find(arriving(3))).toBeUndefined();
});

test("does not take a message of a stream made anew for the old one", () => {
  const ring = new SettledRing();
  ring.add(1, 1000, 1, true);
  expect(ring.find(arriving(1, 2000))).toBeUndefined();
});

test("finds the newest entry also after it has gone round, and forgets the oldest", () => {
  const ring = new SettledRing();
  ring.add(1, 1, 1, true);
  for (let sequence = 2; sequence <= 4096; sequence++) ring.add(sequence, sequence, 1, true);
  expect(ring.find(arriving(1))).toEqual({ attempt: 1, acked: true });
  ring.add(4096, 4096, 2, false);
  expect(ring.find(arriving(1))).toBeUndefined();
  expect(ring.find(arriving(4096))).toEqual({ attempt: 2, acked: false });
});

test("remembers across every size that it grows to", () => {
  const ring = new SettledRing();
  for (let sequence = 1; sequence <= 4096; sequence++) {
    ring.add(sequence, sequence, 1, true);
    expect(ring.find(arriving(sequence))).toEqual({ attempt: 1, acked: true });
    expect(ring.find(arriving(1))).toEqual({ attempt: 1, acked: true });
  }
});

test("a worker that settles little takes little: thousands of them fit into a process", () => {
  const before = process.memoryUsage().arrayBuffers;
  const rings = Array.from({ length: 1000 }, () => new SettledRing());
  for (const ring of rings) ring.add(1, 1, 1, true);
  expect((process.memoryUsage().arrayBuffers - before) / rings.length).toBeLessThan(4000);
});
