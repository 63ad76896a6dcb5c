import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { startBrokerOrSkip, type BrokerKind } from "@anytopic/brokers";
import { expect, test } from "vitest";

import { runExample } from "./run-example.ts";

/** The story gives up by itself after 90 s; the rest is for starting the broker and for cleaning up. */
const PATIENCE_MS = 240_000;

const folder = fileURLToPath(new URL("../shop/", import.meta.url));
const report = readFileSync(`${folder}report.txt`, "utf8");

/** Runs the shop; nothing but the file that is named here says on which broker. */
async function expectTheReport(configuration: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const run = await runExample("shop/main.ts", [], { ...env, ANYTOPIC_CONFIG: `${folder}${configuration}` });
  expect(run).toEqual({ exitCode: 0, output: report, errors: "" });
}

test(
  "the shop reports its day in memory",
  async () => {
    await expectTheReport("memory.config.json");
  },
  PATIENCE_MS,
);

test.for<BrokerKind>(["nats", "rabbitmq", "redis", "aws", "gcp"])(
  "the shop reports the same on %s, byte for byte, with another configuration file",
  { timeout: PATIENCE_MS },
  async (kind, context) => {
    const broker = await startBrokerOrSkip(kind);
    if (broker === undefined) return context.skip(`no broker for ${kind}`);
    try {
      await expectTheReport(`${kind}.config.json`, { SHOP_BROKER_URL: broker.url });
    } finally {
      await broker.close();
    }
  },
);
