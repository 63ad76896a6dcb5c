import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, MemoryInbox, type PubSub } from "@anytopic/core";
import { loadConfig, type LoadedConfig } from "@anytopic/core/config";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

/** The files of the guide, by name. */
const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/moving-between-brokers.md"), "utf8");
const files = new Map(
  [...guide.matchAll(/^```json ([\w-]+\.json)\n([^]*?)^```$/gm)].map(([, name = "", text = ""]) => [name, text]),
);
const STEPS = ["before.json", "workers-on-both.json", "mirrored.json", "publishers-moved.json", "after.json"] as const;

const Signups = defineTopic<{ readonly user: number }>("signups");
const SendMail = defineSubscription(Signups, "send-mail", {
  retryPolicy: { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 20 },
});

/** Long enough that events are under way on both sides of every change. */
const PER_STEP = 60;

/** Processes of the old and of the new configuration, side by side for a while, as in a rolling deployment. */
interface Generation {
  readonly pubsub: PubSub;
  readonly stopPublishing: () => Promise<void>;
  /** Stops publishing, and closes with handlers running and messages fetched. */
  readonly stop: () => Promise<void>;
}

async function start(config: LoadedConfig, inbox: MemoryInbox, shared: Shared): Promise<Generation> {
  const pubsub = await connect({ config, inbox, declarations: [Signups, SendMail] });
  await pubsub.subscribe(SendMail, ({ user }) => {
    // Every seventh fails once: retries go through the move too.
    if (user % 7 === 0 && !shared.failed.has(user)) {
      shared.failed.add(user);
      throw new Error("once");
    }
    shared.handled.set(user, (shared.handled.get(user) ?? 0) + 1);
  });
  const stopping = new AbortController();
  const publishing = publishUntil(pubsub, stopping.signal, shared);
  // Awaited when it is stopped; until then a failure must wait.
  publishing.catch(() => {});
  const stopPublishing = async (): Promise<void> => {
    stopping.abort();
    await publishing;
  };
  return {
    pubsub,
    stopPublishing,
    async stop(): Promise<void> {
      await stopPublishing();
      await pubsub.close();
    },
  };
}

interface Shared {
  next: number;
  readonly published: Set<number>;
  readonly failed: Set<number>;
  readonly handled: Map<number, number>;
}

async function publishUntil(pubsub: PubSub, signal: AbortSignal, shared: Shared): Promise<void> {
  while (!signal.aborted) {
    const user = (shared.next += 1);
    await pubsub.publish(Signups, { user });
    shared.published.add(user);
  }
}

let rabbitmq: Broker | undefined;
beforeAll(async () => {
  rabbitmq = await startBrokerOrSkip("rabbitmq");
});
afterAll(async () => {
  await rabbitmq?.close();
});

/** The steps are the same for any two brokers: in the files only the variable for the second one changes. */
const TARGETS = [
  { kind: "gcp", name: "Pub/Sub", urlOf: ({ url }: Broker) => `gcp://moving-between-brokers?emulatorHost=${url}` },
  { kind: "redis", name: "Redis", urlOf: ({ url }: Broker) => url },
] as const;

test.each(TARGETS)(
  "signups move from RabbitMQ to $name as the guide says, under load: each is handled once",
  async ({ kind, urlOf }) => {
    const target = await startBrokerOrSkip(kind);
    if (rabbitmq === undefined || target === undefined) return;
    onTestFinished(async () => target.close());
    const environment = { RABBITMQ_URL: rabbitmq.url, GCP_URL: urlOf(target) };
    const load = async (file: string): Promise<LoadedConfig> => {
      const config = JSON.parse(files.get(file) ?? "null") as object;
      return (await loadConfig({ config, environment })).config;
    };
    expect([...files.keys()]).toEqual([...STEPS]);
    const inbox = new MemoryInbox();
    const shared: Shared = { next: 0, published: new Set(), failed: new Set(), handled: new Map() };
    let running: Generation | undefined;
    for (const step of STEPS) {
      const next = await start(await load(step), inbox, shared);
      await running?.stop();
      running = next;
      const goal = shared.published.size + PER_STEP;
      await expect.poll(() => shared.published.size, { timeout: 60_000 }).toBeGreaterThan(goal);
      if (step !== "publishers-moved.json") continue;
      // The guide: the old broker has nothing left.
      expect(await next.pubsub.deadLetters(SendMail).count()).toBe(0);
      await expect.poll(() => messagesLeft(), { timeout: 60_000 }).toBe(0);
    }
    await running?.stopPublishing();
    await expect
      .poll(() => [...shared.published].filter((user) => !shared.handled.has(user)), { timeout: 60_000 })
      .toHaveLength(0);
    await running?.stop();
    expect([...shared.handled].filter(([, times]) => times !== 1)).toEqual([]);
    expect(shared.failed.size).toBeGreaterThan(20);

    await using old = await connect({ config: await load("before.json") });
    expect(await old.destroy([Signups])).not.toEqual([]);
    await using moved = await connect({
      config: await load("after.json"),
      provisioning: "verify",
      declarations: [SendMail],
    });
    expect(await moved.plan([Signups, SendMail])).toEqual([]);
  },
  240_000,
);

/** Messages in all queues of RabbitMQ, ready or with a worker. */
async function messagesLeft(): Promise<number> {
  const output = (await rabbitmq?.admin?.(["-q", "list_queues", "--no-table-headers", "messages"])) ?? "";
  return output.split("\n").reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0), 0);
}
