import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { startBrokerOrSkip, type Broker, type BrokerKind, type StartBrokerOptions } from "../src/index.ts";
import { killAndStart } from "./kill-and-start.ts";
import { isListening } from "./listening.ts";

interface Subject {
  readonly name: string;
  readonly kind: BrokerKind;
  readonly options?: StartBrokerOptions;
  readonly implementation: string;
  readonly url: (port: number) => string;
}

const http = (port: number): string => `http://127.0.0.1:${port}`;

const SUBJECTS: readonly Subject[] = [
  { name: "nats-server", kind: "nats", implementation: "nats-server", url: (port) => `nats://127.0.0.1:${port}` },
  {
    name: "rabbitmq-server",
    kind: "rabbitmq",
    implementation: "rabbitmq",
    url: (port) => `amqp://guest:guest@127.0.0.1:${port}/`,
  },
  { name: "redis-server", kind: "redis", implementation: "redis", url: (port) => `redis://127.0.0.1:${port}` },
  { name: "fauxqs", kind: "aws", implementation: "fauxqs", url: http },
  { name: "fauxqs that persists", kind: "aws", options: { persistent: true }, implementation: "fauxqs", url: http },
  { name: "moto", kind: "aws", options: { implementation: "moto" }, implementation: "moto", url: http },
  {
    name: "the Pub/Sub emulator",
    kind: "gcp",
    implementation: "gcp-emulator",
    url: (port) => `127.0.0.1:${port}`,
  },
];

describe.each(SUBJECTS)("$name", ({ kind, options, ...expected }) => {
  let broker: Broker | undefined;
  beforeAll(async () => {
    broker = await startBrokerOrSkip(kind, { provider: "native", ...options });
  });
  afterAll(() => broker?.close());

  const started = (context: TestContext): Broker => broker ?? context.skip("the program is not here");

  test("says what it is and where", (context) => {
    const { host, port, url, provider, implementation, version } = started(context);
    expect({ host, url, provider, implementation }).toEqual({
      host: "127.0.0.1",
      url: expected.url(port),
      provider: "native",
      implementation: expected.implementation,
    });
    expect(version).toMatch(/^\d+\.\d+/);
  });

  test(
    "dies and comes back on the same port, with its state or without as it says",
    { timeout: 120_000 },
    async (context) => {
      const broker = started(context);
      expect(await killAndStart(broker)).toEqual({
        listenedWhileDead: false,
        kept: [false, true, broker.survivesRestart, true],
      });
    },
  );

  test("close stops it, twice, and it cannot be started again", async (context) => {
    const broker = started(context);
    await Promise.all([broker.close(), broker.close()]);
    expect(await isListening(broker.host, broker.port)).toBe(false);
    await expect(broker.start?.()).rejects.toThrow(/closed/);
  });
});
