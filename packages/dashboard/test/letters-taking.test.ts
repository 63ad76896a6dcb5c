import { type Adapter, connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { forwardDeadLetters, forwardDriver, intercept } from "@anytopic/core/intercept";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";

import { lettersApi } from "./letters-api.ts";

const LETTERS = 10_300;
const CHOSEN = 103;

/** A broker that cannot show letters without taking them, as SQS and Pub/Sub. */
function taking(adapter: Adapter): Adapter {
  return intercept(adapter, (driver) =>
    forwardDriver(driver, {
      async openDeadLetters(subscription) {
        const letters = forwardDeadLetters(await driver.openDeadLetters(subscription), {});
        delete letters.scan;
        return letters;
      },
    }),
  );
}

test(
  "where letters must be taken to be read, the first 10,000 are shown, and actions concern all",
  { timeout: 120_000 },
  async () => {
    const Orders = defineTopic<{ n: number }>("orders");
    const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });
    await using pubsub = await connect(taking(memory()), { declarations: [Mail] });
    const state = { repaired: false, handled: 0 };
    await pubsub.subscribe(Mail, ({ n }) => {
      if (!state.repaired) throw new Reject(n % 100 === 0 ? `no account ${n}` : `timeout after ${n} ms`);
      state.handled += 1;
    });
    const letters = pubsub.deadLetters(Mail);
    await Promise.all(Array.from({ length: LETTERS }, (_, n) => pubsub.publish(Orders, { n })));
    await expect.poll(() => letters.count(), { timeout: 60_000 }).toBe(LETTERS);
    const api = lettersApi(pubsub, Mail);
    const list = await api.list();
    expect(list).toMatchObject({ read: 10_000, total: LETTERS });
    expect(list.groups.map(({ count }) => count)).toEqual([9900, 100]);
    expect(await letters.count()).toBe(LETTERS);

    state.repaired = true;
    const group = list.groups[1]?.key ?? "";
    expect(await api.act("redrive", { kind: "group", group })).toMatchObject({
      state: "done",
      done: CHOSEN,
      expected: 100,
    });
    await expect.poll(() => state.handled).toBe(CHOSEN);
    expect(await letters.count()).toBe(LETTERS - CHOSEN);
    const exported = await api.refusal("letters/export", { of: api.of, choice: { kind: "all" } });
    expect(exported).toContain("413 these are more letters than one file takes");
  },
);
