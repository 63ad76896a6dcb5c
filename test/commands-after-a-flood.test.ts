import { join } from "node:path";
import { startBroker } from "@anytopic/brokers";
import { type Harness, seededRandom } from "@anytopic/conformance";
import { connect, type PubSub } from "@anytopic/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { awsBroker, createHarness as awsHarness, REGION } from "../adapters/aws/test/harness.ts";
import { createHarness as gcpHarness } from "../adapters/gcp/test/harness.ts";
import { createHarness as natsHarness } from "../adapters/nats/test/harness.ts";
import { createHarness as rabbitmqHarness } from "../adapters/rabbitmq/test/harness.ts";
import { anytopic, type Finished, said, start, temporaryFolder } from "../cli/test/program.ts";
import { Flooded, Worker } from "./fixtures/flooded.ts";

// Not in cli/test: only a test of the repository may import from the test folders of the adapters.
const DECLARATIONS = join(import.meta.dirname, "fixtures/flooded.ts");
const MESSAGES = 40;
const WAIT = { timeout: 60_000, interval: 100 };

/** Clears the screen, renames the window, turns the text's direction. */
const ESCAPES = "\u001B]0;owned\u0007\u001B[2J\u009B1A\u202E";
// oxlint-disable-next-line no-control-regex -- the test looks for them
const OBEYED = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/;
const STACK_TRACE = /^\s+at .+:\d+/m;

interface Tail {
  readonly end: (text: string) => Promise<Finished>;
}

interface Flood {
  readonly pubsub: PubSub;
  readonly harness: Harness;
  /** Runs a command in a separate process, and expects that it succeeds and prints nothing that controls the terminal. */
  readonly cli: (...args: readonly string[]) => Promise<Finished>;
  /** Starts `tail` of the topic; `end` waits for the text, interrupts it, and expects the same. */
  readonly tail: () => Promise<Tail>;
}

interface Setting {
  readonly harness: () => Promise<Harness>;
  readonly url: (harness: Harness) => string;
}

/** The arguments of a worker process, which contain the address of the broker. */
const argumentsOf = (harness: Harness): Record<string, string> => harness.process?.({}).args as Record<string, string>;

const SETTINGS: Readonly<Record<string, Setting>> = {
  nats: {
    harness: async () => await natsHarness(await startBroker("nats")),
    url: (harness) => argumentsOf(harness)["servers"] ?? "",
  },
  rabbitmq: {
    harness: async () => await rabbitmqHarness(await startBroker("rabbitmq")),
    url: (harness) => argumentsOf(harness)["url"] ?? "",
  },
  aws: {
    harness: async () => await awsHarness(await startBroker("aws", awsBroker())),
    url: (harness) => `aws://${REGION}?endpoint=${argumentsOf(harness)["endpoint"]}`,
  },
  gcp: {
    harness: async () => await gcpHarness(await startBroker("gcp")),
    url: (harness) => {
      const { projectId, emulatorHost } = argumentsOf(harness);
      return `gcp://${projectId}?emulatorHost=${emulatorHost}`;
    },
  },
};

function expectHarmless(finished: Finished): void {
  const { code, stdout, stderr } = finished;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout + stderr).not.toMatch(OBEYED);
  expect(stdout + stderr).not.toMatch(STACK_TRACE);
}

async function startFlood({ harness: starting, url }: Setting): Promise<Flood> {
  const harness = await starting();
  onTestFinished(() => harness.close());
  const pubsub = await connect(harness.adapter());
  onTestFinished(() => pubsub.close());
  await pubsub.apply([Worker]);
  const where = ["--url", url(harness), "--declarations", DECLARATIONS];
  return {
    pubsub,
    harness,
    async cli(...args) {
      const finished = await anytopic([...args, ...where]);
      expectHarmless(finished);
      return finished;
    },
    async tail() {
      const running = start(["tail", Flooded.name, ...where], {
        environment: { XDG_STATE_HOME: await temporaryFolder() },
      });
      onTestFinished(() => void running.child.kill("SIGKILL"));
      await said(running, `following ${Flooded.name}`);
      return {
        async end(text) {
          await vi.waitFor(() => expect(running.stdout()).toContain(text), WAIT);
          running.child.kill("SIGINT");
          const finished = await running.finished;
          expectHarmless(finished);
          return finished;
        },
      };
    },
  };
}

/** Publishes hostile messages and harmless ones in turn. Returns the hostile ones that the broker stored. */
async function publishAll({ pubsub, harness }: Flood): Promise<readonly string[]> {
  const random = seededRandom(12);
  const stored: string[] = [];
  for (let index = 0; index < MESSAGES; index += 1) {
    const name = `hostile ${index}.`;
    const body = Buffer.from(index % 2 === 0 ? name : `${name} ${ESCAPES}`);
    if ((await harness.hostile?.publish(Flooded.name, body, random))?.stored === true) stored.push(name);
    await pubsub.publish(Flooded, Buffer.from(`innocent ${index}.`));
  }
  return stored;
}

describe.each(Object.entries(SETTINGS))("after a flood of hostile messages on %s", (_name, setting) => {
  test("list, peek, redrive and tail do their work, and print nothing that a terminal obeys", async () => {
    const flood = await startFlood(setting);
    const { pubsub, cli } = flood;
    const meanwhile = await flood.tail();
    const worker = await pubsub.subscribe(Worker, () => {
      throw Object.assign(new Error(`no\n${ESCAPES}`), { name: `Error${ESCAPES}` });
    });
    const stored = await publishAll(flood);
    expect(stored.length).toBeGreaterThan(MESSAGES / 4);
    const all = [...stored, ...Array.from({ length: MESSAGES }, (_, index) => `innocent ${index}.`)];
    const letters = pubsub.deadLetters(Worker);
    await vi.waitFor(async () => expect(await letters.count()).toBe(all.length), WAIT);
    await worker.close();

    const tailed = await meanwhile.end(`innocent ${MESSAGES - 1}.`);
    for (let index = 0; index < MESSAGES; index += 1) expect(tailed.stdout).toContain(`innocent ${index}.`);

    const name = `${Flooded.name}/${Worker.name}`;
    const counts = await cli("dlq", "list");
    expect(counts.stdout).toMatch(new RegExp(`${name} +${all.length}\\b`));
    await cli("dlq", "list", name);
    const listed = JSON.parse((await cli("dlq", "list", name, "--json")).stdout) as { letters: unknown[] };
    expect(listed.letters).toHaveLength(all.length);
    const peeked = await cli("dlq", "peek", name, "--limit", "1000");
    for (const text of all) expect(peeked.stdout).toContain(text);
    const lines = (await cli("dlq", "peek", name, "--limit", "1000", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toHaveLength(all.length);

    const redriven = await cli("dlq", "redrive", name, "--json");
    expect(JSON.parse(redriven.stdout)).toMatchObject({ redriven: all.length, complete: true });
    const handled = new Set<string>();
    await pubsub.subscribe(Worker, (body) => void handled.add(Buffer.from(body).toString().replace(/\..*$/s, ".")));
    await vi.waitFor(() => expect([...handled].toSorted()).toEqual(all.toSorted()), WAIT);

    const later = await flood.tail();
    await pubsub.publish(Flooded, Buffer.from("innocent later."));
    await later.end("innocent later.");
  }, 180_000);
});
