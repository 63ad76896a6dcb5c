// What events cost a service: CPU of publish to settled handler, in memory, with the bytes codec. `node --conditions=@anytopic/source cost-per-event.ts`
import { connect, type ConnectOptions, defineSubscription, defineTopic } from "@anytopic/core";
import { setImmediate } from "node:timers/promises";
import { memory } from "@anytopic/memory";
import { dashboardEvents, sendToDashboard } from "../src/events.ts";

const MESSAGES = 100_000;
const EVENTS = 4;
const body = new Uint8Array(100);

async function cpuUs(options: ConnectOptions): Promise<number> {
  const topic = defineTopic<Uint8Array>("signups", { codec: "bytes" });
  const subscription = defineSubscription(topic, "all");
  await using pubsub = await connect(memory(), options);
  const counts = { handled: 0 };
  await pubsub.subscribe(subscription, () => void (counts.handled += 1));
  const before = process.cpuUsage();
  for (let sent = 0; sent < MESSAGES; sent += 500) {
    await Promise.all(Array.from({ length: 500 }, async () => await pubsub.publish(topic, body)));
  }
  while (counts.handled < MESSAGES) await setImmediate();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MESSAGES;
}

const events = dashboardEvents();
const watched = dashboardEvents();
watched.subscribe(() => {});
const forms: Readonly<Record<string, () => ConnectOptions>> = {
  nothing: () => ({}),
  "an empty observer": () => ({ observer: () => {} }),
  "dashboardEvents as observer": () => ({ observer: events.observe }),
  "dashboardEvents as instrumentation": () => ({ instrumentation: [events] }),
  "dashboardEvents with a listener": () => ({ instrumentation: [watched] }),
  "sendToDashboard, nobody there": () => ({
    instrumentation: [sendToDashboard({ service: "a", url: "http://127.0.0.1:9/#a-token" })],
  }),
};
const results = new Map<string, number[]>(Object.keys(forms).map((name) => [name, []]));
for (let round = 0; round < 6; round += 1) {
  for (const [name, form] of Object.entries(forms)) {
    const us = await cpuUs(form());
    if (round > 0) results.get(name)?.push(us);
  }
}
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const base = median(results.get("nothing") ?? []);
for (const [name, numbers] of results) {
  const us = median(numbers);
  process.stdout.write(
    `${name}: ${us.toFixed(2)} µs for each message, ${((us - base) / EVENTS).toFixed(3)} µs for each event\n`,
  );
}
