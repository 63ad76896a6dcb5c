import { startBroker } from "@anytopic/brokers";
import { type AnyTopic, connect, defineSubscription, type Subscription, type Topic } from "@anytopic/core";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import * as declared from "./fixtures/topics.ts";
import { onNats } from "./on-nats.ts";
import { anytopic, said, start, temporaryFolder, TOPICS } from "./program.ts";

const nats = onNats();

beforeAll(async () => {
  await nats.cli(["apply"]);
});

describe("publish and tail", () => {
  test("an event with its attributes and id arrives as it was given; nothing is left behind", async () => {
    const state = await temporaryFolder();
    const environment = { XDG_STATE_HOME: state };
    const tail = start(
      ["tail", "notes", "--limit", "2", "--json", "--url", nats.broker.url, "--declarations", TOPICS],
      {
        environment,
      },
    );
    await said(tail, "following notes");
    const temporary = await temporaryName(state);
    expect(await nats.pubsub.plan([temporary])).toEqual([]);
    const published = await nats.cli(["publish", "notes", "grüße", "--attribute", "a=b=c", "--id", "note-1"]);
    expect(published).toMatchObject({ code: 0, stdout: "note-1\n" });
    await nats.cli(["publish", "notes", "-"], { input: "from stdin" });
    const { code, stdout } = await tail.finished;
    expect(code).toBe(0);
    const [first, second] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toEqual({
      id: "note-1",
      publishTime: expect.stringMatching(/^\d{4}-.*Z$/),
      orderingKey: null,
      attempt: 1,
      attributes: { a: "b=c" },
      body: "grüße",
      bodyEncoding: "utf8",
    });
    expect(second).toMatchObject({ body: "from stdin" });
    await expectGone(temporary, state);
  });

  test.for(["SIGINT", "SIGTERM"] as const)(
    "%s ends tail with exit code 0 and leaves nothing behind",
    async (signal) => {
      const state = await temporaryFolder();
      const tail = start(["tail", "signups", "--url", nats.broker.url, "--declarations", TOPICS], {
        environment: { XDG_STATE_HOME: state },
      });
      await said(tail, "following signups");
      const temporary = await temporaryName(state, declared.Signups);
      await nats.pubsub.publish(declared.Signups, { accountId: "a1" });
      await vi.waitFor(() => expect(tail.stdout()).toContain('{"accountId":"a1"}'), { timeout: 10_000 });
      tail.child.kill(signal);
      expect(await tail.finished).toMatchObject({ code: 0 });
      await expectGone(temporary, state);
    },
  );

  test("a reader that wants no more, such as head, ends tail, which leaves nothing behind", async () => {
    const state = await temporaryFolder();
    const tail = start(["tail", "signups", "--url", nats.broker.url, "--declarations", TOPICS], {
      environment: { XDG_STATE_HOME: state },
    });
    await said(tail, "following signups");
    const temporary = await temporaryName(state, declared.Signups);
    tail.child.stdout.destroy();
    await nats.pubsub.publish(declared.Signups, { accountId: "a1" });
    expect(await tail.finished).toMatchObject({ code: 0 });
    await expectGone(temporary, state);
  });

  test("what a killed tail leaves behind is removed by the next", async () => {
    const state = await temporaryFolder();
    const environment = { XDG_STATE_HOME: state };
    const tail = start(["tail", "notes", "--url", nats.broker.url, "--declarations", TOPICS], { environment });
    await said(tail, "following notes");
    const temporary = await temporaryName(state);
    tail.child.kill("SIGKILL");
    await tail.finished;
    expect(await nats.pubsub.plan([temporary])).toEqual([]);
    const cleaned = await nats.cli(["tail", "--clean-up"], { environment });
    expect(cleaned).toMatchObject({ code: 0, stderr: expect.stringContaining("left behind: 1") });
    await expectGone(temporary, state);
  });

  test("tail of a topic that does not exist creates nothing", async () => {
    const cwd = await temporaryFolder();
    const text = 'import { defineTopic } from "@anytopic/core"; export const Other = defineTopic("other");';
    const fixtures = join(import.meta.dirname, `fixtures/.other-${process.pid}.ts`);
    await writeFile(fixtures, text);
    try {
      const { code, stderr } = await anytopic(["tail", "other", "--url", nats.broker.url, "--declarations", fixtures], {
        cwd,
      });
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("topic other does not exist"),
      });
      const plan = await anytopic(["plan", "--url", nats.broker.url, "--declarations", fixtures], { cwd });
      expect(plan).toMatchObject({ code: 1, stdout: expect.stringContaining("missing: stream other") });
    } finally {
      await rm(fixtures);
    }
  });

  test("publish to a topic that does not exist says so", async () => {
    await nats.cli(["destroy", "notes", "--yes"]);
    try {
      expect(await nats.cli(["publish", "notes", "x"])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("anytopic apply"),
      });
    } finally {
      await nats.cli(["apply"]);
    }
  });
});

test("Ctrl-C while the broker is gone: says what is left, and the next tail removes it", async () => {
  const own = await startBroker("nats");
  try {
    const state = await temporaryFolder();
    const environment = { XDG_STATE_HOME: state };
    const args = ["--url", own.url, "--declarations", TOPICS];
    await anytopic(["apply", ...args]);
    const tail = start(["tail", "notes", ...args], { environment });
    await said(tail, "following notes");
    const temporary = await temporaryName(state);
    await own.kill?.();
    await said(tail, "connection reconnecting");
    tail.child.kill("SIGINT");
    expect(await tail.finished).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining("could not be removed"),
    });
    await own.start?.();
    await anytopic(["tail", "--clean-up", ...args], { environment });
    await using after = await connect(own.url, { provisioning: "off" });
    expect(await after.plan([temporary])).not.toEqual([]);
    expect(await readdir(join(state, "anytopic/tails"))).toEqual([]);
  } finally {
    await own.close();
  }
}, 60_000);

/** The subscription that a running tail has made. */
async function temporaryName(state: string, topic: AnyTopic = declared.Notes): Promise<Subscription> {
  const folder = join(state, "anytopic/tails");
  const [file = ""] = await readdir(folder);
  const { subscription } = JSON.parse(await readFile(join(folder, file), "utf8")) as { subscription: string };
  return defineSubscription(topic as Topic, subscription, { retryPolicy: { minBackoffMs: 1000 } });
}

async function expectGone(temporary: Subscription, state: string): Promise<void> {
  const changes = await nats.pubsub.plan([temporary]);
  expect(changes.length).toBeGreaterThan(0);
  expect(changes.every(({ action }) => action === "create")).toBe(true);
  expect(await readdir(join(state, "anytopic/tails"))).toEqual([]);
}
