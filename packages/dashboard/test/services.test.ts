import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

import { dashboard, dashboardEvents } from "../src/index.ts";
import { readEvents } from "./event-reader.ts";
import { serve } from "./page.ts";
import { open, servicesOf, token } from "./reported.ts";

describe("three services in processes of their own", () => {
  test(
    "are seen; one is killed; the dashboard is started again and sees those that live",
    { timeout: 120_000 },
    async () => {
      const first = open();
      const served = await serve(first);
      const port = Number(new URL(served.url).port);
      const children = ["orders", "mails", "stock"].map((name) => start(name, `${served.url}/#${token}`));
      await expect
        // Three processes start, on a machine that may be busy.
        .poll(async () => (await servicesOf(first)).map(({ service }) => String(service)).toSorted(), {
          timeout: 60_000,
        })
        .toEqual(["mails", "orders", "stock"]);
      await expect
        .poll(async () => (await servicesOf(first)).map(({ publishes, handles }) => [publishes, handles]))
        .toEqual(expect.arrayContaining([[["topic-of-orders"], ["topic-of-orders/all"]]]));
      children[0]?.kill("SIGKILL");
      await first.close();
      await served.close();

      const second = open();
      const again = await serve(second, port);
      onTestFinished(() => again.close());
      await expect
        .poll(async () => (await servicesOf(second)).map(({ service }) => String(service)).toSorted(), {
          timeout: 40_000,
        })
        .toEqual(["mails", "stock"]);
      expect((await servicesOf(second)).every(({ dropped }) => dropped === 0)).toBe(true);
    },
  );

  test("a service ends when its work is done, though the dashboard never answers", { timeout: 60_000 }, async () => {
    let knocks = 0;
    const silent = createTcpServer(() => (knocks += 1)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const child = start("job", `http://127.0.0.1:${port}/#${token}`);
    let said = "";
    child.stdout?.on("data", (part: Buffer) => (said += part.toString()));
    await expect.poll(() => knocks, { timeout: 40_000 }).toBeGreaterThan(0);
    // A report is under way.
    child.stdin?.end();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(said).toContain("closed");
    // What would have kept the process alive, and timers that would.
    expect(said).not.toMatch(/TCP|Timeout/);
  });

  test(
    "a flood of 5,000 events a second arrives whole, and a page that looks on keeps up",
    { timeout: 120_000 },
    async () => {
      const events = dashboardEvents({ capacity: 100_000 });
      const handle = dashboard({
        pubsub: () => Promise.reject(new Error("no")),
        declarations: [],
        authorize: () => ({ user: "x" }),
        ingest: { token },
        events,
      });
      onTestFinished(() => handle.close());
      const served = await serve(handle);
      onTestFinished(() => served.close());
      await using seen = readEvents(await fetch(`${served.url}/api/events?types=ack`));
      // Each message is four events: publish, published, deliver, ack.
      const child = start("flood", `${served.url}/#${token}`, "1250");
      const since = performance.now();
      const before = process.cpuUsage();
      await expect.poll(() => seen.events.length, { timeout: 60_000 }).toBeGreaterThan(6250);
      const seconds = (performance.now() - since) / 1000;
      const { user, system } = process.cpuUsage(before);
      child.stdin?.end();
      await once(child, "exit");
      const [flood] = await servicesOf(handle);
      expect(flood).toMatchObject({ service: "flood", dropped: 0 });
      expect(seen.batches.every(({ missed }) => missed === 0)).toBe(true);
      const total = seen.events.length * 4;
      process.stdout.write(
        `flood: ${Math.round(total / seconds)} events/s; ${((user + system) / total).toFixed(1)} µs of CPU for each here\n`,
      );
    },
  );
});

function start(name: string, url: string, perSecond = "20"): ChildProcess {
  const path = fileURLToPath(new URL("fixtures/service.ts", import.meta.url));
  const child = spawn(process.execPath, [path, name, perSecond], {
    env: { ...process.env, ANYTOPIC_DASHBOARD: url },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
