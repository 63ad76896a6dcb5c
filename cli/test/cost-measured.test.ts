import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSubscription, defineTopic } from "@anytopic/core";
import { expect, test, vi } from "vitest";
import { onNats } from "./on-nats.ts";
import { start, temporaryFolder, TOPICS } from "./program.ts";

const nats = onNats();
const Notes = defineTopic<string>("notes", { codec: "text" });

test("--measured counts messages, bytes and attributes on the broker, and leaves nothing behind", async () => {
  await nats.cli(["apply"]);
  const state = await temporaryFolder();
  const journal = join(state, "anytopic/tails");
  const args = ["cost", "notes", "--measured", "3s", "--json", "--url", nats.broker.url, "--declarations", TOPICS];
  const running = start(args, { environment: { XDG_STATE_HOME: state } });
  let published = 0;
  const timer = setInterval(() => {
    void nats.pubsub.publish(Notes, "x".repeat(500), { attributes: { region: "eu" } }).then(() => (published += 1));
  }, 20);
  const note = await vi.waitFor(
    async () => JSON.parse(await readFile(join(journal, (await readdir(journal))[0] ?? ""), "utf8")) as Noted,
    { timeout: 20_000, interval: 20 },
  );
  const temporary = defineSubscription(Notes, note.subscription);
  await vi.waitFor(async () => expect(await nats.pubsub.plan([temporary])).toEqual([]), { timeout: 10_000 });

  const { code, stdout } = await running.finished.finally(() => clearInterval(timer));
  expect(code).toBe(0);
  const { measured, load } = JSON.parse(stdout) as {
    readonly measured: { readonly measuredMs: number; readonly topics: readonly { readonly messages: number }[] };
    readonly load: { readonly topics: readonly { readonly messagesPerMonth: number }[] };
  };
  expect(measured.topics).toEqual([
    { topic: "notes", messages: expect.any(Number) as number, bytes: 500, attributes: 1, attributeBytes: 8 },
  ]);
  const messages = measured.topics[0]?.messages ?? 0;
  expect(messages).toBeGreaterThan(10);
  expect(messages).toBeLessThanOrEqual(published);
  expect(load.topics[0]?.messagesPerMonth).toBeCloseTo((messages / measured.measuredMs) * 1000 * 2_592_000, 3);
  const changes = await nats.pubsub.plan([temporary]);
  expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(["create"]));
  expect(await readdir(journal)).toEqual([]);
});

test("Ctrl-C ends it without a result, and removes the subscription", async () => {
  const state = await temporaryFolder();
  const journal = join(state, "anytopic/tails");
  const args = ["cost", "notes", "--measured", "1h", "--url", nats.broker.url, "--declarations", TOPICS];
  const running = start(args, { environment: { XDG_STATE_HOME: state } });
  await vi.waitFor(async () => expect(await readdir(journal)).toHaveLength(1), { timeout: 20_000, interval: 20 });
  running.child.kill("SIGINT");
  expect(await running.finished).toMatchObject({ code: 130, stdout: "" });
  expect(await readdir(journal)).toEqual([]);
});

test("a topic that does not exist is not created", async () => {
  await nats.cli(["destroy", "orders", "--yes"]);
  const { code, stderr } = await nats.cli(["cost", "orders", "--measured", "1s"]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining("topic orders does not exist") as string,
  });
  expect(await nats.json(["plan", "orders"], 1)).toMatchObject({ upToDate: false });
});

interface Noted {
  readonly subscription: string;
}
