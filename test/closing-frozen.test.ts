import { fork } from "node:child_process";
import { once } from "node:events";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { afterAll, describe, expect, test } from "vitest";

const aws = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
const gcp = await startBrokerOrSkip("gcp");
afterAll(async () => void (await Promise.all([aws?.close(), gcp?.close()])));

interface Setting {
  readonly broker: Broker | undefined;
  /** The adapter's options, for a broker at this address. */
  readonly options: (host: string) => object;
}

const awsOptions = (host: string): object => ({ region: "eu-west-1", endpoint: `http://${host}` });
const gcpOptions = (emulatorHost: string): object => ({ projectId: "closing", emulatorHost });
const SETTINGS: readonly (readonly [string, string, Setting])[] = [
  ["aws", "", { broker: aws, options: awsOptions }],
  ["gcp", "", { broker: gcp, options: gcpOptions }],
  ["gcp", " with waiting pulls", { broker: gcp, options: (host) => ({ ...gcpOptions(host), waitingPulls: true }) }],
];

const BOUND_MS = 1000;
/** How much longer closing may take on a loaded machine. What waits for the broker takes 10 s and more. */
const LATE_MS = 4000;

interface Closed {
  readonly longestMs: number;
  readonly unanswered: number;
  readonly rejected: number;
  readonly left: readonly string[];
}

/** The report of a process that has closed on a frozen connection. Rejects when the process does not end by itself. */
async function closedBy(name: string, options: object, frozen: () => void | Promise<void>): Promise<Closed> {
  const child = fork(new URL("fixtures/closing-process.ts", import.meta.url), [name, JSON.stringify(options)]);
  try {
    const exited = once(child, "exit", { signal: AbortSignal.timeout(30_000) });
    exited.catch(() => {});
    await once(child, "message", { signal: AbortSignal.timeout(30_000) });
    await frozen();
    child.send("frozen");
    const [closed] = (await once(child, "message", { signal: AbortSignal.timeout(30_000) })) as [Closed];
    const closedMs = performance.now();
    const [code] = (await exited) as [number];
    expect(code).toBe(0);
    expect(performance.now() - closedMs).toBeLessThan(BOUND_MS + LATE_MS);
    return closed;
  } finally {
    child.kill("SIGKILL");
  }
}

function expectAllClosed({ longestMs, unanswered, rejected, left }: Closed): void {
  expect(longestMs).toBeLessThan(BOUND_MS + LATE_MS);
  expect(rejected).toBe(unanswered);
  expect(left).toEqual([]);
}

describe.each(SETTINGS)("closing keeps its bound, and the process ends, %s%s,", (name, _variant, setting) => {
  const { broker, options } = setting;
  const { host = "", port = 0, freeze, thaw } = broker ?? {};

  test.skipIf(broker === undefined)("on a half-open line", { timeout: 150_000 }, async () => {
    const line = await createTcpProxy({ targetHost: host, targetPort: port });
    expectAllClosed(await closedBy(name, options(`${line.host}:${line.port}`), () => line.blackhole()));
    await line.close();
  });

  test.skipIf(freeze === undefined)("on a broker that is stopped", { timeout: 150_000 }, async () => {
    try {
      expectAllClosed(await closedBy(name, options(`${host}:${port}`), async () => freeze?.()));
    } finally {
      await thaw?.();
    }
  });
});
