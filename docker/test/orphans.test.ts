import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { BrokerProvider } from "../src/index.ts";
import { containersWith } from "./containers-with.ts";
import { entriesOf, processesOf } from "./leftovers.ts";

const index = import.meta.resolve("../src/index.ts");

/** Longer than the 90 s, or 180 s in a container, that a broker may take to start: what kept it is then in the script's error. */
const TIMEOUT_MS = 240_000;

/** A script that starts brokers in a TMPDIR of its own and ends in the way under test. */
const SCRIPT = `
const { startBroker } = await import(${JSON.stringify(index)});
const provider = process.env.BROKERS;
const kinds = process.argv.slice(1, -1);
const brokers = await Promise.all(kinds.map((kind) => startBroker(kind, { provider })));
console.log(brokers.map(({ port }) => port).join());
const endings = {
  waits: () => setInterval(() => {}, 1000),
  exits: () => process.exit(3),
  throws: () => { throw new Error("a crash on purpose"); },
  forgets: () => {},
  closes: () => Promise.all(brokers.map((broker) => broker.close())),
};
await endings[process.argv.at(-1)]();
`;

interface Ended {
  /** How many processes it had; 0 unless a signal ended it. */
  readonly during: number;
  readonly folder: string;
  readonly ports: readonly number[];
}

async function run(
  kinds: readonly string[],
  ending: string,
  signal?: NodeJS.Signals,
  provider: BrokerProvider = "native",
): Promise<Ended> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "orphans-")));
  const child = spawn(process.execPath, [...process.execArgv, "--input-type=module", "-e", SCRIPT, ...kinds, ending], {
    env: { ...process.env, TMPDIR: folder, BROKERS: provider },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const errors = text(child.stderr);
  const exited = once(child, "exit");
  const ports = await Promise.race([
    once(child.stdout, "data").then(String),
    exited.then(async ([code]) => {
      throw new Error(`the script ended with ${String(code)} before its brokers answered:\n${await errors}`);
    }),
  ]);
  const during = signal === undefined ? 0 : processesOf(folder).length;
  if (signal !== undefined) child.kill(signal);
  await exited;
  return { during, folder, ports: ports.trim().split(",").map(Number) };
}

async function expectNothingLeft(folder: string): Promise<void> {
  await expect.poll(() => processesOf(folder)).toEqual([]);
  await expect.poll(() => entriesOf(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
}

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "%s to the test process takes its brokers along",
  { timeout: TIMEOUT_MS },
  async (signal) => {
    const { during, folder } = await run(["nats"], "waits", signal);
    // The server and the watchdog: the search itself must be able to find something.
    expect(during).toBeGreaterThanOrEqual(2);
    await expectNothingLeft(folder);
  },
);

test.each(["exits", "throws", "forgets", "closes"])(
  "a process that %s leaves nothing",
  { timeout: TIMEOUT_MS },
  async (ending) => {
    const { folder } = await run(["nats"], ending);
    await expect.poll(() => processesOf(folder)).toEqual([]);
    await expect.poll(() => entriesOf(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  },
);

test("SIGKILL takes every kind along, port mapper and Java included", { timeout: TIMEOUT_MS }, async () => {
  const { during, folder } = await run(["nats", "rabbitmq", "aws", "gcp"], "waits", "SIGKILL");
  expect(during).toBeGreaterThanOrEqual(6);
  await expectNothingLeft(folder);
});

test.runIf(process.env["BROKERS"] === "docker")("SIGKILL takes containers along", { timeout: TIMEOUT_MS }, async () => {
  const { folder, ports } = await run(["nats"], "waits", "SIGKILL", "docker");
  expect(ports).toHaveLength(1);
  await expect.poll(() => containersWith(ports[0]!)).toBe("");
  // Testcontainers keeps a lock file of its own there.
  await expect.poll(() => entriesOf(folder).filter((name) => name.startsWith("anytopic-"))).toEqual([]);
  rmSync(folder, { recursive: true });
});
