import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, silentLogger, VirtualClock, systemClock } from "@anytopic/core";
import { metrics } from "@anytopic/metrics";
import { afterAll, expect, test } from "vitest";
import { ofMail, parsed } from "./parsed.ts";
import { Mail, Orders } from "./story.ts";

const broker = await startBrokerOrSkip("nats", { persistent: true });
afterAll(() => broker?.close());

test.skipIf(broker?.kill === undefined)(
  "an outage of a real broker is seen, and its backlog before and after it",
  async () => {
    // The backlog is asked for again when this clock has moved on.
    const clock = new VirtualClock();
    const { observer, text } = metrics({
      clock: { ...systemClock, monotonicNow: () => clock.monotonicNow() },
      subscriptions: [Mail],
    });
    await using pubsub = await connect(broker?.url, { observer, declarations: [Mail], logger: silentLogger });
    const scrape = async (...names: readonly string[]): Promise<readonly (number | undefined)[]> => {
      await clock.advance(15_000);
      const samples = parsed(await text(pubsub));
      return names.map((name) => samples.get(name));
    };
    const waiting = ofMail("anytopic_backlog_messages", 'state="waiting"');
    const receiving = ofMail("anytopic_subscription_receiving");
    const up = 'anytopic_connection_up{connection="default"}';
    const reconnects = 'anytopic_connection_reconnects_total{connection="default"}';

    for (let message = 0; message < 3; message += 1) await pubsub.publish(Orders, { how: "fine" });
    await expect.poll(() => scrape(waiting, up, reconnects)).toEqual([3, 1, 0]);
    const hanging = Promise.withResolvers<void>();
    await pubsub.subscribe(Mail, () => hanging.promise, { maxConcurrency: 1, prefetch: 0 });
    await expect.poll(() => scrape(waiting, ofMail("anytopic_handlers_running"), receiving)).toEqual([2, 1, 1]);

    await broker?.kill?.();
    await expect.poll(() => scrape(waiting, up)).toEqual([undefined, 0]);
    await broker?.start?.();
    await expect.poll(() => scrape(waiting, up, reconnects, receiving), { timeout: 15_000 }).toEqual([2, 1, 1, 1]);
    hanging.resolve();
    await expect.poll(() => scrape(waiting, ofMail("anytopic_backlog_oldest_age_seconds"))).toEqual([0, 0]);
  },
);
