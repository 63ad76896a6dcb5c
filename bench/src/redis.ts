import { startBroker, type Broker } from "@anytopic/brokers";
import { connect } from "@anytopic/core";
import { redis } from "@anytopic/redis";

import { anytopicForm } from "./anytopic-form.ts";
import { compareForms, sample } from "./compare-forms.ts";
import { anytopicLatency, compareLatency } from "./latency.ts";
import { bullmqForm } from "./redis-bullmq.ts";
import { ioredisForm, nodeRedisForm } from "./redis-raw.ts";

const COUNT = Number(process.env["COUNT"] ?? 30_000);
/** Messages that wait at the server while its memory is looked at. */
const BACKLOG = Number(process.env["BACKLOG"] ?? 100_000);
/** Pending publishes: the same for every form. */
const WINDOW = 256;

/** The Redis adapter against plain clients used by an expert, and beside a queue on Redis. */
export async function benchRedis(): Promise<void> {
  const broker: Broker = await startBroker("redis");
  const { url, host, port } = broker;
  const options = { servers: `${host}:${port}` };
  try {
    const forms = [
      await nodeRedisForm(url, "node-redis: XADD; XREADGROUP, XACK", WINDOW, false),
      await nodeRedisForm(url, "the same with an id", WINDOW, true),
      await anytopicForm(await connect(redis(options)), { window: WINDOW }),
      await ioredisForm(url, "ioredis: pipelines of a turn", WINDOW),
      await bullmqForm(host, port, WINDOW),
    ];
    await compareForms(forms, { title: `Redis Streams, ${broker.implementation} ${broker.version}`, count: COUNT });
    await compareLatency([await anytopicLatency(await connect(redis(options)))]);
    await measureBacklog(broker);
  } finally {
    await broker.close();
  }
}

/** What a message that waits costs the server, and how fast many of them are worked off. */
async function measureBacklog(broker: Broker): Promise<void> {
  const form = await anytopicForm(await connect(redis({ servers: `${broker.host}:${broker.port}` })), {
    window: 1000,
  });
  const before = await usedMemory(broker);
  const publish = await sample(BACKLOG, () => form.publish(BACKLOG));
  const each = ((await usedMemory(broker)) - before) / BACKLOG;
  const consume = await sample(BACKLOG, () => form.consume(BACKLOG), true);
  const rate = ({ perSecond }: typeof publish): string => Math.round(perSecond).toLocaleString("en");
  console.log(
    `\n${BACKLOG.toLocaleString("en")} messages of 1 KiB that wait: ${Math.round(each)} bytes each at the server`,
  );
  console.log(`  published at ${rate(publish)}/s, worked off at ${rate(consume)}/s`);
  console.log(`  peak of this process while it works: ${Math.round(consume.peakBytes / 1e6)} MB`);
  await form.close();
}

async function usedMemory({ admin }: Broker): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec((await admin?.(["INFO", "memory"])) ?? "")?.[1]);
}
