import { request as nodeRequest } from "node:http";
import { connect, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Route } from "../src/http/route.ts";
import { dashboard, type Dashboard } from "../src/index.ts";
import { BASE, MOUNTS, type Mounted } from "./mounts.ts";

const { streams, routes } = vi.hoisted(() => {
  /** What the route `test-events` has opened. */
  const opened: { sent: number; readonly signal: AbortSignal; send: (text: string) => void }[] = [];
  const echo: Route = { method: "POST", path: "test-echo", run: async ({ body }) => ({ body }) };
  const events: Route = {
    method: "GET",
    path: "test-events",
    async run({ query, signal }) {
      const isEndless = query.get("endless") !== null;
      const chunk = new Uint8Array(65_536);
      const stream = { sent: 0, signal, send: (_text: string): void => {} };
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          stream.send = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
        async pull(controller) {
          if (!isEndless) return;
          stream.sent += chunk.byteLength;
          controller.enqueue(chunk);
        },
      });
      opened.push(stream);
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  };
  return { streams: opened, routes: [echo, events] };
});

vi.mock("../src/routes/index.ts", () => ({ ROUTES: routes }));

let pubsub: PubSub;
beforeAll(async () => {
  pubsub = await connect(memory());
});
afterAll(async () => await pubsub.close());

describe.each(Object.keys(MOUNTS))("mounted in %s", (name) => {
  let handle: Dashboard;
  let mounted: Mounted;
  beforeEach(async () => {
    streams.length = 0;
    const declarations = [defineTopic("signups")];
    handle = dashboard({ pubsub, declarations, authorize: () => ({ user: "test" }), basePath: BASE });
    mounted = await MOUNTS[name]!(handle);
  });
  afterEach(async () => {
    await handle.close();
    await mounted.close();
  });

  test("it serves the page and its files below its base, and leaves the rest to the application", async () => {
    const page = await fetch(`${mounted.origin}${BASE}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(`src="${BASE}/app.js"`)]);
    expect((await fetch(`${mounted.origin}${BASE}/app.js`)).headers.get("content-type")).toContain("javascript");
    expect((await fetch(`${mounted.origin}${BASE}/letters?of=a/b`)).status).toBe(200);
    const bare = await fetch(`${mounted.origin}${BASE}`, { redirect: "manual" });
    expect([bare.status, bare.headers.get("location")]).toEqual([308, `${BASE}/`]);
    expect(await (await fetch(`${mounted.origin}/own`)).text()).toBe("own");
  });

  test("it takes the write of its page, as many bytes as it may have, and no other site's", async () => {
    const text = "ä€😀\u0000".repeat(100_000);
    const write = async (headers: Readonly<Record<string, string>>): Promise<Response> =>
      await fetch(`${mounted.origin}${BASE}/api/test-echo`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-anytopic": "1", ...headers },
        body: JSON.stringify({ text }),
      });
    const written = await write({ origin: mounted.origin });
    expect(written.status).toBe(200);
    expect(((await written.json()) as { readonly body: { readonly text: string } }).body.text === text).toBe(true);
    expect((await write({ origin: "http://evil.example" })).status).toBe(403);
    expect((await write({})).status).toBe(403);
  });

  test("another name for the host is refused", async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const options = { headers: { host: "evil.example" } };
    nodeRequest(`${mounted.origin}${BASE}/`, options, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
    expect(await promise).toBe(421);
  });

  test("events arrive one by one, and the route hears that the visitor left", async () => {
    const ended = new AbortController();
    const response = await fetch(`${mounted.origin}${BASE}/api/test-events`, { signal: ended.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
      streams[0]!.send(text);
      expect((await reader.read()).value).toBe(text);
    }
    expect(streams[0]!.signal.aborted).toBe(false);
    ended.abort();
    await expect.poll(() => streams[0]!.signal.aborted).toBe(true);
    await reader.read().catch(() => {});
  });

  test("a reader that does not read stops the source", async () => {
    const response = await fetch(`${mounted.origin}${BASE}/api/test-events?endless=1`);
    const reader = response.body!.getReader();
    await reader.read();
    let before = -1;
    await vi.waitUntil(
      () => {
        const isStill = streams[0]!.sent === before;
        before = streams[0]!.sent;
        return isStill;
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(before).toBeLessThan(32 * 1024 * 1024);
    while (streams[0]!.sent <= before) await reader.read();
    await reader.cancel();
    await expect.poll(() => streams[0]!.signal.aborted).toBe(true);
  });

  test("closing the dashboard tells the streams", async () => {
    await fetch(`${mounted.origin}${BASE}/api/test-events`);
    await handle.close();
    expect(streams[0]!.signal.aborted).toBe(true);
  });
});
