import { freePorts, startBrokerOrSkip } from "@anytopic/brokers";
import { connect } from "@anytopic/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as declared from "./fixtures/topics.ts";
import { runHere, TOPICS } from "./program.ts";

const broker = await startBrokerOrSkip("rabbitmq");
const noNode = broker?.provider !== "native";
afterAll(async () => await broker?.close());
let managementUrl: string;

// What `rabbitmq-plugins enable` does, on a port of our own.
beforeAll(async () => {
  if (noNode) return;
  const [port] = await freePorts(1);
  managementUrl = `http://127.0.0.1:${port}`;
  const enable = `
    application:set_env(rabbitmq_management, tcp_config, [{port, ${port}}, {ip, "127.0.0.1"}], [{persistent, true}]),
    File = rabbit_plugins:enabled_plugins_file(),
    ok = file:write_file(File, "[rabbitmq_management].\\n"),
    rabbit_plugins:ensure(File).`;
  await broker.admin!(["eval", enable]);
});

async function doctor(url: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout } = await runHere(["doctor", "--url", url, "--declarations", TOPICS, ...args]);
  expect(code).toBe(0);
  return stdout;
}

test.skipIf(noNode)("doctor tells what policies do to the queues, or that it cannot know", async () => {
  const { url, admin } = broker!;
  expect(await doctor(url)).toMatch(/missing: queue notes.archive$/m);
  await using pubsub = await connect(url, { provisioning: "off" });
  const [sendMail, , archive] = declared.subscriptions;
  await pubsub.apply([archive!, sendMail!]);
  await admin!(["set_policy", "--apply-to", "queues", "tidy", "^notes", '{"message-ttl": 60000, "expires": 3600000}']);
  const asked = `${url}?management_url=${encodeURIComponent(managementUrl)}`;
  const harm = 'queue notes.archive.dead-letters: policy "tidy" sets message-ttl 60000, which deletes dead letters';
  await expect.poll(() => doctor(asked), { timeout: 30_000, interval: 500 }).toContain(harm);
  expect(await doctor(asked)).not.toContain("cannot be seen");
  const { topology } = JSON.parse(await doctor(asked, "--json")) as {
    topology: { changes: object[]; unseen: object[] };
  };
  expect(topology.unseen).toEqual([]);
  expect(topology.changes).toContainEqual(expect.objectContaining({ resource: "queue notes.archive.dead-letters" }));
  const unasked = await doctor(url);
  expect(unasked).toContain("policies cannot be seen without managementUrl");
  expect(unasked).not.toContain("tidy");
  // The commands that it names.
  const commands = [...unasked.matchAll(/rabbitmqctl (\w+)/g)].map(([, command]) => command!);
  const said = await Promise.all(commands.map((command) => admin!([command])));
  expect(said.map((text) => text.trim())).toEqual([expect.stringMatching(/tidy\s+\^notes/), ""]);
});
