import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startBroker } from "@anytopic/brokers";
import { expect, onTestFinished, test, vi } from "vitest";
import { importPackage } from "../src/import-package.ts";
import { onNats } from "./on-nats.ts";
import { type ProgramOptions, type Running, runHere, start, TOPICS } from "./program.ts";

const nats = onNats();

interface Announced {
  readonly url: string;
  readonly link: string;
  readonly reports: string | null;
  readonly can: readonly string[];
}

interface Opened extends Announced {
  readonly running: Running;
}

/** Starts it, and waits until it has said where it is. */
async function open(args: readonly string[] = [], options: ProgramOptions = {}): Promise<Opened> {
  const where = args.includes("--url") ? [] : ["--url", nats.broker.url];
  const running = start(["dashboard", "--json", "--declarations", TOPICS, ...where, ...args], options);
  onTestFinished(() => void running.child.kill("SIGKILL"));
  await vi.waitUntil(() => running.stdout().includes("\n") || running.child.exitCode !== null, { timeout: 30_000 });
  return { ...(JSON.parse(running.stdout()) as Announced), running };
}

/** Signs in as the page does, and asks for what the page asks. */
async function signIn({ url, link }: Announced): Promise<(path: string) => Promise<Response>> {
  const origin = new URL(url).origin;
  const response = await fetch(`${origin}/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-anytopic": "1", origin },
    body: JSON.stringify({ token: new URL(link).hash.replace("#token=", "") }),
  });
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  return async (path) => await fetch(`${origin}/api/${path}`, { headers: { cookie } });
}

test("it prints an address that signs in, shows the broker, creates nothing, and ends at once at Ctrl-C", async () => {
  const opened = await open(["--port", "0"]);
  expect(opened).toMatchObject({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) as string,
    link: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/) as string,
    can: ["publish", "redrive", "purge", "pause", "tail"],
  });
  const ask = await signIn(opened);
  // On a busy machine the connection may take longer than a request waits for it.
  await expect
    .poll(async () => (await (await ask("session")).json()) as object, { timeout: 20_000, interval: 100 })
    .toMatchObject({ server: nats.pubsub.server, unavailable: null });
  expect((await ask("overview")).status).toBe(200);
  const { code, stdout } = await nats.cli(["plan", "--json"]);
  expect([code, stdout.includes('"missing"'), stdout.includes('"exists"')]).toEqual([1, true, false]);

  const stream = await ask("events");
  expect(stream.headers.get("content-type")).toContain("text/event-stream");
  const interruptedMs = performance.now();
  opened.running.child.kill("SIGINT");
  expect(await opened.running.finished).toMatchObject({ code: 0 });
  expect(performance.now() - interruptedMs).toBeLessThan(3000);
  await stream.text().catch(() => {});
});

test("without --json it is one line for people, and services are told how to report", async () => {
  const running = start(["dashboard", "--port", "0", "--url", nats.broker.url, "--declarations", TOPICS]);
  await vi.waitUntil(() => running.stderr().includes("ANYTOPIC_DASHBOARD="), { timeout: 30_000 });
  running.child.kill("SIGTERM");
  const { code, stdout, stderr } = await running.finished;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+ shows the dashboard; Ctrl-C ends it\n$/);
  expect(stderr).toMatch(/^services report to it with ANYTOPIC_DASHBOARD=http:\/\/127\.0\.0\.1:\d+\/#[\w-]{24}\n$/);
});

test("it opens while the broker is away, says why, and connects when it is back", async () => {
  const broker = await startBroker("nats");
  onTestFinished(async () => await broker.close());
  await broker.kill?.();
  const opened = await open(["--url", broker.url, "--port", "0"]);
  const ask = await signIn(opened);
  expect(await (await ask("session")).json()).toMatchObject({
    server: null,
    unavailable: { code: "UNAVAILABLE", advice: expect.stringContaining("Check that the broker runs") as string },
  });
  await broker.start?.();
  await expect
    .poll(async () => (await (await ask("session")).json()) as object, { timeout: 20_000, interval: 300 })
    .toMatchObject({ server: expect.stringContaining("nats-server") as string, unavailable: null });
  opened.running.child.kill("SIGINT");
  expect((await opened.running.finished).stderr).toContain("cannot reach the broker and tries again");
});

test("Ctrl-C also ends it while it connects", async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const opened = await open(["--url", `nats://127.0.0.1:${port}`, "--port", "0"]);
  const ask = await signIn(opened);
  expect(await (await ask("session")).json()).toMatchObject({ unavailable: { message: expect.any(String) as string } });
  const interruptedMs = performance.now();
  opened.running.child.kill("SIGINT");
  expect(await opened.running.finished).toMatchObject({ code: 0 });
  expect(performance.now() - interruptedMs).toBeLessThan(3000);
});

test("a port in use is an error when it was asked for", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await nats.cli(["dashboard", "--port", String(port)]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`127.0.0.1, port ${port} is in use`) as string]);
});

test("without a port, another free one is used when the usual one is in use, and that is said", async () => {
  // Another run on this machine may have it for a while.
  let taken = createServer();
  await vi.waitFor(
    async () => {
      taken = createServer();
      await once(taken.listen(9401, "127.0.0.1"), "listening");
    },
    { timeout: 30_000, interval: 100 },
  );
  onTestFinished(() => void taken.close());
  const opened = await open();
  expect(new URL(opened.url).port).not.toBe("9401");
  expect(opened.running.stderr()).toContain("port 9401 is in use: this is another one");
});

test.for<readonly [args: readonly string[], can: readonly string[]]>([
  [["--allow", "none"], []],
  [
    ["--allow", "purge, redrive"],
    ["redrive", "purge"],
  ],
  [["--allowed-host", "ops.example.com"], []],
  [["--allowed-host", "ops.example.com", "--allow", "pause"], ["pause"]],
])("with %j one can %j", async ([args, can]) => {
  expect(await open([...args, "--port", "0"])).toMatchObject({ can });
});

test("others can reach it only with a token, which may be in the environment, and may then only look", async () => {
  const token = "a-token-of-the-operators";
  const environment = { ANYTOPIC_DASHBOARD_LOGIN: token };
  const opened = await open(["--host", "0.0.0.0", "--port", "0"], { environment });
  expect(opened).toMatchObject({ can: [], reports: null, link: expect.stringMatching(`/#token=${token}$`) as string });
  expect(opened.running.stderr()).toContain("unless a proxy adds TLS");
  for (let time = 0; time < 2; time += 1) {
    expect(await (await (await signIn(opened))("session")).json()).toMatchObject({ can: [] });
  }
});

test.for<readonly [args: readonly string[], says: string]>([
  [["--host", "0.0.0.0"], "--host 0.0.0.0 lets others reach the dashboard, and there is no token"],
  [["--host", "::"], "ssh -L 9401:127.0.0.1:9401"],
  [["--host", "192.0.2.1", "--token", "a-token-that-is-long"], "--host 192.0.2.1 is no address of this machine"],
  [["--token", "short"], "the token is too short: it must have at least 16 characters"],
  [["--port", "70000"], "--port is"],
  [["--allow", "purge,delete"], '--allow has "delete": it must be none, or some of publish,redrive,purge,pause,tail'],
  [["--allowed-host", "https://ops.example.com"], "must be a host name"],
  [["extra"], "one argument too many"],
])("%j is wrong usage", async ([args, says]) => {
  const { code, stdout, stderr } = await nats.cli(["dashboard", "--port", "0", ...args]);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(says) as string });
});

test("declarations that cannot be imported are the usual error", async () => {
  const missing = join(import.meta.dirname, "nowhere.ts");
  const { code, stderr } = await runHere(["dashboard", "--url", "memory:", "--declarations", missing]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("there is no such file") as string]);
});

test("a package that is not installed is named without the part of it that is used", async () => {
  await expect(importPackage("@anytopic/nothing/node")).rejects.toMatchObject({
    message: "the package @anytopic/nothing is not installed",
    hint: "npm install @anytopic/nothing",
  });
});
