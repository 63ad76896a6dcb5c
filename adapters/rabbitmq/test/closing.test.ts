import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { afterAll, expect, onTestFinished, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

const TIMEOUT_MS = 500;
/** How much longer a close may take on a loaded machine. Without a limit it would wait for the heartbeat, which is an hour here. */
const SLACK_MS = 3000;

interface Closing {
  readonly process: ChildProcess;
  /** Its next line. */
  line(): Promise<string>;
  readonly exited: Promise<number | null>;
}

function closing(url: string): Closing {
  const script = new URL("closing-process.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, url, String(TIMEOUT_MS)], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => String((await lines.next()).value),
    exited: new Promise((resolve) => void child.once("exit", resolve)),
  };
}

async function closes(child: Closing): Promise<void> {
  child.process.stdin!.write("close\n");
  const took = JSON.parse(await child.line()) as Record<string, number>;
  expect(Object.keys(took)).toEqual(["stop", "subscriber", "letters", "publisher", "driver"]);
  for (const ms of Object.values(took)) expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  expect(await child.exited).toBe(0);
}

test.skipIf(broker === undefined)(
  "on a line that swallows everything every close keeps its time, and the process ends by itself",
  { timeout: 40_000 },
  async () => {
    const proxy = await createTcpProxy({ targetHost: broker!.host, targetPort: broker!.port });
    onTestFinished(() => proxy.close());
    const url = new URL(broker!.url);
    url.host = `${proxy.host}:${proxy.port}`;
    const child = closing(url.href);
    expect(await child.line()).toBe("open");
    proxy.blackhole();
    await closes(child);
  },
);

test.skipIf(broker?.freeze === undefined)("so it is with a broker that is frozen", { timeout: 40_000 }, async () => {
  const child = closing(broker!.url);
  expect(await child.line()).toBe("open");
  await broker!.freeze!();
  onTestFinished(() => broker!.thaw!());
  await closes(child);
});

test.skipIf(broker === undefined)(
  "and while it dials a line that accepts and says nothing",
  { timeout: 40_000 },
  async () => {
    const proxy = await createTcpProxy({ targetHost: broker!.host, targetPort: broker!.port });
    onTestFinished(() => proxy.close());
    const url = new URL(broker!.url);
    url.host = `${proxy.host}:${proxy.port}`;
    const child = closing(url.href);
    expect(await child.line()).toBe("open");
    const before = proxy.accepted;
    proxy.blackhole();
    proxy.resetPeers();
    await expect.poll(() => proxy.accepted).toBeGreaterThanOrEqual(before + 2);
    await closes(child);
  },
);
