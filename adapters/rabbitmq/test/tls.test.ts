import { type Broker, BrokerUnavailableError, freePorts, startBroker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSubError } from "@anytopic/core";
import { rabbitmq, type RabbitmqOptions } from "@anytopic/rabbitmq";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeCertificate } from "./certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "anytopic-rabbitmq-"));
const certificate = makeCertificate(folder, "localhost");
const stranger = makeCertificate(folder, "stranger.example");
const client = makeCertificate(folder, "client.example", certificate);
const [port = 0, strictPort = 0] = await freePorts(2);
const broker = await node(port);
const strict = await node(strictPort, ["ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = true"]);

afterAll(async () => {
  await Promise.all([broker?.close(), strict?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A private node, since it reads files of this machine; it listens with TLS and on its plain port. */
async function node(tlsPort: number, more: readonly string[] = []): Promise<Broker | undefined> {
  if (certificate === undefined) {
    process.stderr.write("\nSKIPPED, TLS of RabbitMQ: there is no openssl on the PATH to make a certificate with\n\n");
    return undefined;
  }
  const config = [
    `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
    `ssl_options.certfile = ${certificate.certFile}`,
    `ssl_options.keyfile = ${certificate.keyFile}`,
    `ssl_options.cacertfile = ${certificate.certFile}`,
    ...more,
  ].join("\n");
  try {
    return await startBroker("rabbitmq", { provider: "native", config });
  } catch (error) {
    if (!(error instanceof BrokerUnavailableError)) throw error;
    process.stderr.write(`\nSKIPPED, TLS of RabbitMQ: ${error.message}\n\n`);
    return undefined;
  }
}

const url = (host: string): string => `amqps://guest:guest@${host}:${port}/`;

async function refused(options: RabbitmqOptions): Promise<PubSubError> {
  const pubsub = await connect(rabbitmq(options)).catch((error: unknown) => error as PubSubError);
  if (pubsub instanceof Error) return pubsub;
  await pubsub.close();
  throw new Error("it connected");
}

describe.skipIf(broker === undefined)("amqps:", () => {
  // The management command starts a virtual machine each time, which takes seconds on a busy machine.
  test(
    "publishes and consumes, trusting the authority in the options, by options and by URL",
    { timeout: 60_000 },
    async () => {
      const tls = { ca: certificate!.pem };
      for (const [name, pubsub] of [
        ["by-options", await connect(rabbitmq({ url: url("localhost"), tls }))],
        ["by-url", await connect(url("localhost"), { adapterOptions: { tls } })],
      ] as const) {
        await using _ = pubsub;
        const topic = defineTopic<number>(name);
        const got: number[] = [];
        await pubsub.subscribe(defineSubscription(topic, "worker"), (event) => void got.push(event));
        await pubsub.publish(topic, 7);
        await expect.poll(() => got).toEqual([7]);
        const connections = await broker!.admin!(["list_connections", "ssl"]);
        expect(connections).toContain("true");
        expect(connections).not.toContain("false");
      }
    },
  );

  test.each([
    ["the system's authorities, which do not know it", undefined],
    ["another authority", stranger?.pem],
  ])("refuses a certificate that is not trusted: %s", async (_what, ca) => {
    const error = await refused({ url: url("localhost"), ...(ca === undefined ? {} : { tls: { ca } }) });
    expect(error).toMatchObject({ code: "INVALID_CONFIG", retryable: false });
    expect(error.message).toMatch(/^rabbitmq: amqps:\/\/localhost:\d+.*: self-signed certificate/);
    expect(error.message).not.toContain("guest");
  });

  test("refuses a certificate of another host name, unless told which name to expect", async () => {
    const tls = { ca: certificate!.pem };
    const error = await refused({ url: url("127.0.0.1"), tls });
    expect(error).toMatchObject({ code: "INVALID_CONFIG", retryable: false });
    expect(error.message).toContain("127.0.0.1 is not in the cert's list");
    const pubsub = await connect(rabbitmq({ url: url("127.0.0.1"), tls: { ...tls, servername: "localhost" } }));
    expect(pubsub.health().connection).toBe("up");
    await pubsub.close();
  });

  describe.skipIf(strict === undefined)("a server that asks for the client's certificate", () => {
    const strictUrl = `amqps://guest:guest@localhost:${strictPort}/`;

    test.each(["TLSv1.2", "TLSv1.3"] as const)("says so to a client without one: %s", async (version) => {
      const tls = { ca: certificate!.pem, minVersion: version, maxVersion: version };
      const error = await refused({ url: strictUrl, tls });
      expect(error).toMatchObject({ code: "INVALID_CONFIG", retryable: false });
      expect(error.message).toMatch(/asks for a client certificate.*tls: \{ cert, key \}/);
    });

    test("does not take any: one of a stranger is refused, one that it trusts is let in", async () => {
      const tls = { ca: certificate!.pem };
      const cert = { cert: stranger!.pem, key: readFileSync(stranger!.keyFile) };
      const error = await refused({ url: strictUrl, tls: { ...tls, ...cert } });
      expect(error).toMatchObject({ code: "INVALID_CONFIG", retryable: false });
      expect(error.message).toContain("does not accept the client certificate");
      const known = { cert: client!.pem, key: readFileSync(client!.keyFile) };
      const pubsub = await connect(rabbitmq({ url: strictUrl, tls: { ...tls, ...known } }));
      expect(pubsub.health().connection).toBe("up");
      await pubsub.close();
    });
  });

  test("tells a port without TLS from one with it", async () => {
    const error = await refused({ url: `amqps://guest:guest@127.0.0.1:${broker!.port}/` });
    expect(error.message).toMatch(/^rabbitmq: amqps:/);
    expect(error.code).toBe("INVALID_CONFIG");
  });
});
