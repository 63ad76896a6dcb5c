import { Reject, type Subscription } from "@anytopic/core";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import * as declared from "./fixtures/topics.ts";
import { onNats } from "./on-nats.ts";
import { said, start, temporaryFolder, TOPICS } from "./program.ts";

const nats = onNats();
const SendMail = declared.subscriptions[0] as Subscription<declared.Signup>;

const ESCAPES = "\u001B]0;owned\u0007\u001B[2J\u009B1A\u202Eevil\u2066\r";
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const OBEYED = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/;

describe("what others wrote", () => {
  test("reaches the terminal as text, in list, peek and tail, and the key is no attribute", async () => {
    await nats.cli(["apply"]);
    const args = ["tail", "signups", "--limit", "1", "--url", nats.broker.url, "--declarations", TOPICS];
    const tail = start(args, { environment: { XDG_STATE_HOME: await temporaryFolder() } });
    await said(tail, "following signups");
    const worker = await nats.pubsub.subscribe(SendMail, () => {
      throw Object.assign(new Reject(`no\n${ESCAPES}`), { name: `Reject${ESCAPES}` });
    });
    const event = { accountId: `a1${ESCAPES}` };
    await nats.pubsub.publish(declared.Signups, event, { attributes: { key: "mine", note: ESCAPES } });
    const letters = nats.pubsub.deadLetters(SendMail);
    await vi.waitFor(async () => expect(await letters.count()).toBe(1), { timeout: 10_000 });
    await worker.close();

    const list = await nats.cli(["dlq", "list", "signups/send-mail"]);
    const peek = await nats.cli(["dlq", "peek", "signups/send-mail"]);
    const json = await nats.cli(["dlq", "peek", "signups/send-mail", "--json"]);
    const tailed = await tail.finished;
    for (const { stdout, stderr, code } of [list, peek, json, tailed]) {
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(OBEYED);
    }
    expect(peek.stdout).toContain(String.raw`ordering key  a1\x1b]0;owned`);
    expect(peek.stdout).toMatch(/^attributes {4}key=mine note=/m);
    expect(tailed.stdout).toContain(String.raw`(ordering key a1\x1b]0;owned`);
    expect(tailed.stdout).toContain(" key=mine note=");
    expect(list.stdout.split("\n").filter((line) => line.includes("owned"))).toHaveLength(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ orderingKey: event.accountId, attributes: { note: ESCAPES } });
    expect(await letters.purge()).toBe(1);
  });
});

test("a planted note does not make tail --clean-up delete a subscription", async () => {
  await nats.cli(["apply"]);
  const state = await temporaryFolder();
  const folder = join(state, "anytopic/tails");
  await mkdir(folder, { recursive: true });
  const broker = createHash("sha256").update(nats.broker.url).digest("hex").slice(0, 16);
  // A process that is gone.
  const note = { topic: "signups", broker, host: hostname(), pid: 2 ** 30 };
  const plant = (file: string, subscription: string, more: object = {}): Promise<void> =>
    writeFile(join(folder, file), JSON.stringify({ ...note, subscription, ...more }));
  await plant("send-mail.json", "send-mail");
  await plant("tail-0123456789ab.json", "send-mail");
  await plant("tail-0123456789ac.json", "tail-0123456789ac", { pid: -1 });
  await writeFile(join(folder, "tail-0123456789ad.json"), "null");
  const { code, stderr } = await nats.cli(["tail", "--clean-up"], { environment: { XDG_STATE_HOME: state } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "removed what earlier tails left behind: 0\n" });
  expect(await nats.pubsub.plan([SendMail])).toEqual([]);
  expect(await readdir(folder)).toHaveLength(4);
});
