import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBrokerOrSkip } from "@anytopic/brokers";
import { type AnyTopic, connect, defineSubscription, defineTopic, type PubSub, type Topic } from "@anytopic/core";
import { loadConfig } from "@anytopic/core/config";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import type { TailAnswer, TailBatch, TailMessage } from "../src/api/tail.ts";
import { dashboard, type DashboardOptions } from "../src/index.ts";
import { ask } from "./ask.ts";
import { readBatches, type BatchReader } from "./event-reader.ts";

const nats = await startBrokerOrSkip("nats");
const rabbitmq = await startBrokerOrSkip("rabbitmq");
const brokers = [
  { name: "memory", url: "memory:" },
  { name: "nats", url: nats?.url },
  { name: "rabbitmq", url: rabbitmq?.url },
] as const;

let count = 0;
const names = (): string => `tailed-${process.pid}-${(count += 1)}`;

interface Opened {
  readonly pubsub: PubSub;
  readonly handle: ReturnType<typeof dashboard>;
  readonly post: (path: string, body: object) => Promise<{ readonly status: number; readonly answer: unknown }>;
  readonly follow: (tail: string, after?: string) => Promise<BatchReader<TailBatch>>;
}

async function opened(
  url: string,
  topics: readonly AnyTopic[],
  options: Partial<DashboardOptions> = {},
): Promise<Opened> {
  const pubsub = await connect(url, { declarations: topics });
  const handle = dashboard({
    pubsub,
    declarations: topics,
    authorize: () => ({ user: "test", can: ["tail"] }),
    ...options,
  });
  onTestFinished(async () => {
    await handle.close();
    await pubsub.close();
  });
  return {
    pubsub,
    handle,
    async post(path, body) {
      const response = await ask(handle, "POST", `/api/${path}`, { body });
      return { status: response.status, answer: await response.json() };
    },
    async follow(tail, after) {
      const headers = after === undefined ? {} : { "last-event-id": after };
      return readBatches<TailBatch>(await ask(handle, "GET", `/api/tail-events?tail=${tail}`, { headers }));
    },
  };
}

async function exists(pubsub: PubSub, topic: Topic, subscription: string): Promise<boolean> {
  const changes = await pubsub.plan([defineSubscription(topic, subscription)]);
  return changes.every(({ action }) => action !== "create");
}

const messagesOf = (reader: BatchReader<TailBatch>): readonly TailMessage[] =>
  reader.batches.flatMap(({ messages }) => messages);

describe.each(brokers)("on $name", ({ url }) => {
  test.skipIf(url === undefined)(
    "messages are shown as they come, others still get them, and nothing is left behind",
    async () => {
      const topic = defineTopic(names());
      const { pubsub, post, follow } = await opened(url ?? "", [topic]);
      const others: unknown[] = [];
      await pubsub.subscribe(defineSubscription(topic, "others"), (event) => void others.push(event));
      const { tail, subscription } = (await post("tail", { topic: topic.name })).answer as TailAnswer;
      expect(await exists(pubsub, topic, subscription)).toBe(true);
      await using reader = await follow(tail);
      const id = await pubsub.publish(topic, { to: "ä" }, { attributes: { tenant: "acme" } });
      await expect
        .poll(() => messagesOf(reader))
        .toEqual([
          {
            position: 0,
            id,
            publishTime: expect.stringMatching(/^\d{4}-.*Z$/),
            orderingKey: null,
            attributes: { tenant: "acme" },
            bytes: 11,
            form: "json",
            body: '{"to":"ä"}',
            isCut: false,
          },
        ]);
      await expect.poll(() => others).toEqual([{ to: "ä" }]);
      expect((await post("tail-end", { tail })).status).toBe(200);
      await reader.ended;
      expect(reader.batches.at(-1)?.ended).toBe("you have ended it");
      expect(await exists(pubsub, topic, subscription)).toBe(false);
      expect((await post("tail-end", { tail })).status).toBe(404);
    },
  );

  test.skipIf(url === undefined)("it ends when the dashboard closes, and nothing is left behind", async () => {
    const topic = defineTopic(names());
    const { pubsub, handle, post, follow } = await opened(url ?? "", [topic]);
    const { tail, subscription } = (await post("tail", { topic: topic.name })).answer as TailAnswer;
    await using reader = await follow(tail);
    await handle.close();
    await reader.ended;
    expect(await exists(pubsub, topic, subscription)).toBe(false);
  });

  // In memory, a topic that was named exists.
  test.skipIf(url === undefined || url === "memory:")("of a topic that does not exist creates nothing", async () => {
    const topic = defineTopic(names());
    const { pubsub, post } = await opened(url ?? "", []);
    const handle = dashboard({ pubsub, declarations: [topic], authorize: () => ({ user: "test", can: ["tail"] }) });
    const response = await ask(handle, "POST", "/api/tail", { body: { topic: topic.name } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining("does not exist") as string },
    });
    expect((await pubsub.plan([topic])).map(({ action }) => action)).toContain("create");
    expect((await post("tail", { topic: topic.name })).status).toBe(404);
    await handle.close();
  });
});

describe("a visitor", () => {
  test("that leaves ends the tail after 10 s, and one that comes back before goes on where it was", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const topic = defineTopic(names());
    const { pubsub, post, follow } = await opened("memory:", [topic]);
    const { tail, subscription } = (await post("tail", { topic: topic.name })).answer as TailAnswer;
    const first = await follow(tail);
    await pubsub.publish(topic, 1);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(100);
      expect(messagesOf(first).map(({ body }) => body)).toEqual(["1"]);
    });
    await first.stop();
    await pubsub.publish(topic, 2);
    await vi.advanceTimersByTimeAsync(9000);
    const second = await follow(tail, first.lastId);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(100);
      expect(messagesOf(second).map(({ body }) => body)).toEqual(["2"]);
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await exists(pubsub, topic, subscription)).toBe(true);
    await second.stop();
    await vi.advanceTimersByTimeAsync(11_000);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(100);
      expect(await exists(pubsub, topic, subscription)).toBe(false);
    });
  });

  test("that never looks gets no tail for long; there are at most ten, and their end makes room", async () => {
    const topic = defineTopic(names());
    const { post } = await opened("memory:", [topic]);
    const tails: TailAnswer[] = [];
    for (let each = 0; each < 10; each += 1)
      tails.push((await post("tail", { topic: topic.name })).answer as TailAnswer);
    const refused = await post("tail", { topic: topic.name });
    expect(refused).toMatchObject({
      status: 429,
      answer: { error: { message: expect.stringContaining("10 tails already") as string } },
    });
    await post("tail-end", { tail: tails[0]?.tail });
    expect((await post("tail", { topic: topic.name })).status).toBe(200);
  });

  test("who may not tail cannot; and neither bodies nor attributes are logged", async () => {
    const topic = defineTopic(names());
    const lines: unknown[] = [];
    const log = (...line: unknown[]): void => void lines.push(line);
    const logger = { debug: log, info: log, warn: log, error: log };
    const refusing = await opened("memory:", [topic], {
      authorize: () => ({ user: "test", can: ["publish"] }),
      logger,
    });
    expect((await refusing.post("tail", { topic: topic.name })).status).toBe(403);
    const { post, follow, pubsub } = await opened("memory:", [topic], { logger });
    const { tail, subscription } = (await post("tail", { topic: topic.name, attributes: { tenant: "acme" } }))
      .answer as TailAnswer;
    await using reader = await follow(tail);
    await pubsub.publish(topic, "hunter2", { attributes: { tenant: "acme" } });
    await expect.poll(() => messagesOf(reader).length).toBe(1);
    await post("tail-end", { tail });
    expect(JSON.stringify(lines)).toContain(`"action":"tail","topic":"${topic.name}","subscription":"${subscription}"`);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|acme/);
  });
});

describe("what comes", () => {
  test("only messages with the attributes", async () => {
    const topic = defineTopic(names());
    const { pubsub, post, follow } = await opened("memory:", [topic]);
    const { tail } = (await post("tail", { topic: topic.name, attributes: { tenant: "acme" } })).answer as TailAnswer;
    await using reader = await follow(tail);
    await pubsub.publish(topic, 1, { attributes: { tenant: "other" } });
    await pubsub.publish(topic, 2, { attributes: { tenant: "acme", more: "x" } });
    await expect.poll(() => messagesOf(reader).map(({ body }) => body)).toEqual(["2"]);
  });

  test("text, bytes and what the codec cannot read are shown, a long body is cut, and a flood is bounded and counted", async () => {
    const topic = defineTopic<Uint8Array>(names(), { codec: "bytes" });
    const { pubsub, post, follow } = await opened("memory:", [topic]);
    const { tail } = (await post("tail", { topic: topic.name })).answer as TailAnswer;
    await using reader = await follow(tail);
    await pubsub.publish(topic, Buffer.from("grüße"));
    await pubsub.publish(topic, Buffer.from([0, 255]));
    await pubsub.publish(topic, Buffer.from("€".repeat(100_000)));
    await expect.poll(() => messagesOf(reader).length).toBe(3);
    const [text, bytes, long] = messagesOf(reader);
    expect(text).toMatchObject({ form: "text", body: "grüße", isCut: false });
    expect(bytes).toMatchObject({ form: "hex", body: "00 ff", bytes: 2 });
    expect(long).toMatchObject({ form: "text", isCut: true, bytes: 300_000 });
    expect(long?.body).toMatch(/^€{20000,}$/);

    const sent = 30_000;
    for (let from = 0; from < sent; from += 1000) {
      await Promise.all(Array.from({ length: 1000 }, async () => await pubsub.publish(topic, new Uint8Array(100))));
    }
    await expect.poll(() => messagesOf(reader).at(-1)?.position).toBe(sent + 2);
    const missed = reader.batches.reduce((sum, batch) => sum + batch.missed, 0);
    expect(missed + messagesOf(reader).length).toBe(sent + 3);
  });
});

test.skipIf(nats === undefined)("the subscription of a killed dashboard is removed by the next one", async () => {
  const state = await mkdtemp(join(tmpdir(), "anytopic-tails-"));
  vi.stubEnv("XDG_STATE_HOME", state);
  const url = nats?.url ?? "";
  const topic = defineTopic(names());
  const path = fileURLToPath(new URL("fixtures/tailing.ts", import.meta.url));
  const child = spawn(process.execPath, [path, url, topic.name], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { subscription } = JSON.parse(line.toString()) as TailAnswer;
  const { config } = await loadConfig({ url });
  const { pubsub, post } = await opened(url, [topic], { config });
  expect(await exists(pubsub, topic, subscription)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  await post("tail", { topic: topic.name });
  expect(await exists(pubsub, topic, subscription)).toBe(false);
});
