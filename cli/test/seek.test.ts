import { join } from "node:path";
import { startBroker } from "@anytopic/brokers";
import { connect, type PubSub } from "@anytopic/core";
import { expect, onTestFinished, test, vi } from "vitest";
import { Prices, ShowPrices } from "./fixtures/replayed.ts";
import { onNats } from "./on-nats.ts";
import { type Finished, runHere } from "./program.ts";

const nats = onNats();
const REPLAYED = join(import.meta.dirname, "fixtures/replayed.ts");
const WAIT = { timeout: 20_000, interval: 50 };

const cli = (...args: readonly string[]): Promise<Finished> =>
  runHere([...args, "--url", nats.broker.url, "--declarations", REPLAYED]);

test("seek makes a running worker handle messages again, and says so", async () => {
  expect(await cli("apply")).toMatchObject({ code: 0 });
  const seen: string[] = [];
  const worker = await nats.pubsub.subscribe(ShowPrices, (event) => void seen.push(event));
  await nats.pubsub.publish(Prices, "1");
  await vi.waitUntil(() => seen.length === 1, WAIT);
  const { code, stdout } = await cli("seek", "prices/show", "--to", "beginning", "--yes", "--json");
  expect({ code, result: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    result: { subscription: "prices/show", to: "beginning" },
  });
  await vi.waitUntil(() => seen.length === 2, WAIT);
  expect((await cli("seek", "prices/show", "--to", "1h", "--yes")).stdout).toMatch(
    /^prices\/show goes on from 20\d\d-.*Z\.\n$/,
  );
  await vi.waitUntil(() => seen.length === 3, WAIT);
  expect(await cli("seek", "prices/show", "--to", "end", "--yes")).toMatchObject({
    code: 0,
    stdout: "prices/show goes on from the end.\n",
  });
  await worker.close();
  expect(seen).toEqual(["1", "1", "1"]);
});

test("without a terminal it asks for --yes, and changes nothing", async () => {
  expect(await cli("seek", "prices/show", "--to", "end")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      "this makes a subscription drop or repeat messages and there is no terminal",
    ) as string,
  });
});

test.for<readonly [to: readonly string[], says: string]>([
  [[], "--to is missing"],
  [["--to", "yesterday"], '--to is "yesterday"'],
  [["--to", "2026-11-26T14:00:00"], "a time with its zone"],
  [["--to", "2199-01-01T00:00:00Z"], "in the future"],
  [["--to", "2x"], "--to is"],
])("%j is wrong usage", async ([to, says]) => {
  expect(await cli("seek", "prices/show", ...to, "--yes")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(says) as string,
  });
});

test("a topic without replay is refused", async () => {
  expect(await cli("seek", "plain/show", "--to", "beginning", "--yes")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('topic "plain" is not declared with replay: true') as string,
  });
});

/** A worker and an operator, each with the exported permissions of its role alone. */
async function expectSeekWith(admin: PubSub, as: (role: "subscriber" | "operator") => Promise<PubSub>): Promise<void> {
  await admin.apply([ShowPrices]);
  await using subscriber = await as("subscriber");
  await using operator = await as("operator");
  const seen: string[] = [];
  await subscriber.subscribe(ShowPrices, (event) => void seen.push(event));
  await admin.publish(Prices, "1");
  await vi.waitUntil(() => seen.length === 1, WAIT);
  await operator.seek(ShowPrices, { to: "beginning" });
  await vi.waitUntil(() => seen.length === 2, WAIT);
  await operator.seek(ShowPrices, { to: new Date(Date.now() - 60_000) });
  await vi.waitUntil(() => seen.length === 3, WAIT);
  await operator.seek(ShowPrices, { to: "end" });
  await expect(subscriber.seek(ShowPrices, { to: "end" })).rejects.toMatchObject({ name: "PubSubError" });
}

async function policy(provider: string, role: string): Promise<unknown> {
  const args = ["export", "policies", "--provider", provider, "--url", `${provider}://x`, "--declarations", REPLAYED];
  const { stdout } = await runHere(args);
  const { policies } = JSON.parse(stdout) as { policies: { role: string; of: string; document: unknown }[] };
  return policies.find((one) => one.role === role && one.of === "prices/show")?.document;
}

test("on NATS, the exported permissions are enough", { timeout: 120_000 }, async () => {
  const users = await Promise.all(
    ["subscriber", "operator"].map(
      async (role) => `{ user: ${role}, password: "pw", permissions: ${JSON.stringify(await policy("nats", role))} }`,
    ),
  );
  const config = `authorization { users: [\n{ user: admin, password: "pw" }\n${users.join("\n")}\n] }`;
  const broker = await startBroker("nats", { provider: "native", config });
  onTestFinished(async () => await broker.close());
  const as = async (user: string, inbox = `_INBOX_${user}.prices.show`): Promise<PubSub> =>
    await connect(`${broker.url.replace("//", `//${user}:pw@`)}?inboxPrefix=${inbox}`, { provisioning: "off" });
  await using admin = await as("admin", "_INBOX");
  await expectSeekWith(admin, as);
});

test("on Redis, the exported permissions are enough", { timeout: 120_000 }, async () => {
  const broker = await startBroker("redis", { provider: "native" });
  onTestFinished(async () => await broker.close());
  await using admin = await connect(`${broker.url}?unsafeServer=warn`, { provisioning: "off" });
  const native = admin.native as { sendCommand(args: readonly string[]): Promise<unknown> };
  for (const role of ["subscriber", "operator"]) {
    const rules = String(await policy("redis", role));
    // Selectors contain spaces.
    const parts = rules.match(/\([^)]*\)|\S+/g) ?? [];
    await native.sendCommand(["ACL", "SETUSER", role, "on", ">pw", ...parts]);
  }
  const as = async (user: string): Promise<PubSub> => {
    const url = new URL(broker.url);
    [url.username, url.password] = [user, "pw"];
    return await connect(`${url.href}?unsafeServer=warn`, { provisioning: "off" });
  };
  await expectSeekWith(admin, as);
});
