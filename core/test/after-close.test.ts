import { expect, test } from "vitest";

import { opened, Sub, turn } from "./opened-worker.ts";

test("the success of a lost message that comes after closing is told to nobody", async () => {
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  const { adapter, worker } = await opened(Sub, () => end);
  const delivery = adapter.deliver({ id: "a" });
  await turn();
  adapter.sink.revoke(delivery);
  await worker.close({ timeoutMs: 0 });
  finish();
  await turn();
  expect(adapter.settles).toEqual([]);
  expect(worker.health()).toMatchObject({ running: 0, abandoned: 0 });
});

test("a letter that is stored only after closing is not settled: the message may be another worker's", async () => {
  const { adapter, clock, worker } = await opened(Sub, () => {
    throw new Error("once more");
  });
  const { promise: stored, resolve: store } = Promise.withResolvers<void>();
  adapter.storing = stored;
  adapter.deliver({ id: "a" }, 3);
  await turn();
  const closing = worker.close({ timeoutMs: 0 });
  await clock.advance(10_000);
  await closing;
  store();
  await turn();
  expect(adapter.letters).toHaveLength(1);
  expect(adapter.settles).toEqual([]);
});

test("a retry that came early leaves no timer behind", async () => {
  const { adapter, clock, worker } = await opened(Sub, (_event, { id, attempt }) => {
    if (attempt === 1) throw new Error(`${id} once more`);
  });
  adapter.deliver({ id: "a" }, 1);
  await turn();
  adapter.sink.receiving(true);
  adapter.deliver({ id: "a" }, 2);
  await worker.close();
  // Rejects while a timer is pending.
  await expect(clock.runUntilIdle(0)).resolves.toBeUndefined();
});
