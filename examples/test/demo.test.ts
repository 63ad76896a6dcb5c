import { startBroker, type Broker, type BrokerKind } from "@anytopic/brokers";
import { describe, expect, it } from "vitest";

import { runExample, type Run } from "./run-example.ts";

const PATIENCE_MS = 120_000;

/** What `npm run demo -- <args>` does. */
const runDemo = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> =>
  runExample("demo/main.ts", args, env);

function expectTheStory({ exitCode, output, errors }: Run): void {
  expect(errors).toBe("");
  expect(output).toContain("grace@example.com: attempt 1 failed, 503 service unavailable");
  expect(output).toMatch(/grace@example\.com: sent at attempt [2-9]/);
  expect(output).toContain('reason "rejected": Reject: edsger(at)example.com is not an e-mail address');
  expect(output).toContain("edsger@example.com: sent at attempt 1");
  expect(output).toContain("Done: 4 signups, 4 e-mails, 4 counted, nothing lost");
  expect(exitCode).toBe(0);
}

/** As somebody with an emulator would give it. */
function addressOf({ kind, url }: Broker): { readonly url: string; readonly env: NodeJS.ProcessEnv } {
  if (kind === "aws") return { url: `aws://eu-west-1?endpoint=${encodeURIComponent(url)}`, env: {} };
  if (kind === "gcp") return { url: "gcp://demo-project", env: { PUBSUB_EMULATOR_HOST: url } };
  return { url, env: {} };
}

describe("the demo", () => {
  it(
    "tells its story in memory",
    async () => {
      expectTheStory(await runDemo([]));
    },
    PATIENCE_MS,
  );

  it.each<BrokerKind>(["nats", "rabbitmq", "redis", "aws", "gcp"])(
    "tells the same story on %s, with no other change",
    async (kind) => {
      const broker = await startBroker(kind);
      try {
        const { url, env } = addressOf(broker);
        expectTheStory(await runDemo(["--url", url], env));
        // Leaves nothing that disturbs a second run.
        expectTheStory(await runDemo([], { ...env, ANYTOPIC_URL: url }));
      } finally {
        await broker.close();
      }
    },
    PATIENCE_MS,
  );
});

describe("wrong input", () => {
  it.each([
    [
      "an unknown scheme",
      "kafka://127.0.0.1",
      2,
      /no adapter for URLs that begin with kafka:.*known are memory:, nats:/,
    ],
    ["no scheme", "127.0.0.1:4222", 2, /has no scheme: begin it with one of/],
    ["an unreachable server", "nats://127.0.0.1:1", 3, /UNAVAILABLE/],
    ["an unknown option of the URL", "memory:x?color=blue", 2, /color/],
  ])(
    "%s: one sentence and an exit code",
    async (_what, url, exitCode, message) => {
      const run = await runDemo(["--url", url]);
      expect(run.errors).toMatch(message);
      expect(run.errors).not.toMatch(/\n\s+at /);
      expect(run.exitCode).toBe(exitCode);
    },
    PATIENCE_MS,
  );

  it(
    "keeps the password of a URL to itself",
    async () => {
      const run = await runDemo(["--url", "nats://user:geheim@127.0.0.1:1"]);
      expect(run.errors + run.output).not.toContain("geheim");
    },
    PATIENCE_MS,
  );
});
