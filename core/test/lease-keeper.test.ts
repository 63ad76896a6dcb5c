import { expect, test } from "vitest";
import type { Clock } from "../src/base/clock.ts";
import type { DriverDelivery } from "../src/driver.ts";
import { HeldItems } from "../src/base/held-items.ts";
import { InFlight } from "../src/consume/in-flight.ts";
import { LeaseKeeper } from "../src/consume/lease-keeper.ts";
import { VirtualClock } from "../src/base/virtual-clock.ts";

const HOUR_MS = 3_600_000;

interface Kept {
  readonly clock: VirtualClock;
  readonly extendedAtMs: readonly number[];
  readonly setBack: (ms: number) => void;
}

/** One held item with a lease of 30 s, under a wall clock that can be set back; times as timers see them, from the start. */
function keepOne(): Kept {
  const virtual = new VirtualClock();
  const startMs = virtual.now();
  let backMs = 0;
  const clock: Clock = {
    monotonicNow: () => virtual.monotonicNow(),
    now: () => virtual.now() - backMs,
    setTimer: (callback, delayMs) => virtual.setTimer(callback, delayMs),
    clearTimer: (handle) => virtual.clearTimer(handle),
  };
  const held = new HeldItems<InFlight>();
  held.add(
    new InFlight({} as DriverDelivery, {
      now: () => clock.now(),
      monotonicNow: () => clock.monotonicNow(),
      maxLeaseMs: HOUR_MS,
    }),
  );
  const extendedAtMs: number[] = [];
  const keeper = new LeaseKeeper({
    clock,
    ackDeadlineMs: 30_000,
    held,
    lost: new Set(),
    extend: () => void extendedAtMs.push(virtual.now() - startMs),
    expire: () => {},
    blocked: () => {},
  });
  keeper.watch();
  return { clock: virtual, extendedAtMs, setBack: (ms) => void (backMs += ms) };
}

test("leases are renewed every third of the ack deadline", async () => {
  const { clock, extendedAtMs } = keepOne();
  await clock.advance(30_000);
  expect(extendedAtMs).toEqual([10_000, 20_000, 30_000]);
});

test("leases are renewed in time when the wall clock was set back", async () => {
  const { clock, extendedAtMs, setBack } = keepOne();
  await clock.advance(15_000);
  setBack(HOUR_MS);
  await clock.advance(15_000);
  expect(extendedAtMs).toEqual([10_000, 20_000, 30_000]);
});
