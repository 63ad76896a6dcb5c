import { fork } from "node:child_process";
import { once } from "node:events";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { afterAll, describe, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

const BOUND_MS = 1000;
/** A loaded machine is late. */
const LATE_MS = 1000;

interface Closed {
  readonly longestMs: number;
  readonly unanswered: number;
  readonly rejected: number;
  readonly left: readonly string[];
}

/** What the process says after the line was frozen and it has closed; rejects when it does not end by itself. */
async function closedBy(endpoint: string, frozen: () => void | Promise<void>): Promise<Closed> {
  const child = fork(new URL("closing-process.ts", import.meta.url), [endpoint]);
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
    expect(performance.now() - closedMs).toBeLessThan(3000);
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

describe.skipIf(broker === undefined)("closing keeps its bound, and the process ends,", () => {
  const { host = "", port = 0, freeze, thaw } = broker ?? {};

  test("on a half-open line", { timeout: 150_000 }, async () => {
    const line = await createTcpProxy({ targetHost: host, targetPort: port });
    expectAllClosed(await closedBy(`http://${line.host}:${line.port}`, () => line.blackhole()));
    await line.close();
  });

  test.skipIf(freeze === undefined)("on a broker that is stopped", { timeout: 150_000 }, async () => {
    try {
      expectAllClosed(await closedBy(`http://${host}:${port}`, async () => freeze?.()));
    } finally {
      await thaw?.();
    }
  });
});
