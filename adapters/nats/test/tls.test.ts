import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { connect } from "@anytopic/core";
import { adapterModule, nats, type NatsOptions } from "@anytopic/nats";
import { BrokerUnavailableError, startBroker, type Broker } from "@anytopic/brokers";
import { nkeys } from "@nats-io/nats-core";
import { afterAll, describe, expect, test } from "vitest";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "anytopic-nats-tls-"));
const brokers: Broker[] = [];
const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
writeFileSync(certFile, CERTIFICATE);
writeFileSync(keyFile, PRIVATE_KEY);

async function server(config: string): Promise<Broker | undefined> {
  try {
    const broker = await startBroker("nats", { provider: "native", config });
    brokers.push(broker);
    return broker;
  } catch (error) {
    if (error instanceof BrokerUnavailableError) return undefined;
    throw error;
  }
}

const user = nkeys.createUser();
const files = `cert_file: "${certFile}", key_file: "${keyFile}"`;
const plain = await server(`max_connections: 2\nauthorization { users: [ { user: u, password: s3cr3t } ] }`);
const withKey = await server(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
const mutual = await server(`tls { ${files}, ca_file: "${certFile}", verify: true }`);

afterAll(async () => {
  await Promise.all(brokers.map(async (broker) => broker.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** A server without TLS that records everything it receives. */
async function recorder(info: object): Promise<{ readonly address: string; heard(): string; close(): void }> {
  let heard = "";
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      // A TLS handshake, which it does not understand.
      if (!heard.startsWith("CONNECT")) socket.destroy();
    });
    socket.write(`INFO ${JSON.stringify({ server_id: "x", version: "2.9.10", proto: 1, headers: true, ...info })}\r\n`);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, heard: () => heard, close: () => void listener.close() };
}

async function failure(options: NatsOptions | string): Promise<unknown> {
  const connecting = connect(typeof options === "string" ? options : nats(options));
  return connecting.then(
    async (pubsub) => pubsub.close(),
    (error: unknown) => error,
  );
}

describe("what asks for TLS gets it or an error, and no password is sent without", () => {
  const login = { user: "u", password: "s3cr3t" };

  test.each<[string, (address: string) => NatsOptions | string]>([
    ["tls:// in the URL", (address) => `tls://u:s3cr3t@${address}`],
    ["tls=true in the URL", (address) => `nats://u:s3cr3t@${address}?tls=true`],
    ["a TLS file in the URL", (address) => `nats://u:s3cr3t@${address}?tlsCaFile=${certFile}`],
    ["tls:// in servers", (address) => ({ servers: `tls://${address}`, ...login })],
    ["tls:// in a list of servers", (address) => ({ servers: [address, `tls://${address}`], ...login })],
    ["tls: true", (address) => ({ servers: address, tls: true, ...login })],
    ["TLS options", (address) => ({ servers: `nats://${address}`, tls: { caFile: certFile }, ...login })],
    ["TLS first", (address) => ({ servers: address, tls: { handshakeFirst: true }, ...login })],
  ])(
    "%s",
    async (_, options) => {
      for (const info of [{}, { tls_available: true }, { tls_required: true }]) {
        const fake = await recorder(info);
        const error = await failure(options(fake.address));
        fake.close();
        expect(error).toMatchObject({ code: expect.stringMatching(/^(?:INVALID_CONFIG|UNAVAILABLE|TIMEOUT)$/) });
        expect(fake.heard()).not.toMatch(/CONNECT|s3cr3t/);
      }
    },
    60_000,
  );

  test.skipIf(plain === undefined)("a real server without TLS is said to have none", async () => {
    const error = await failure(`tls://u:s3cr3t@${plain?.host}:${plain?.port}`);
    expect(error).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("TLS is asked for, and the server does not offer it"),
    });
  });

  test.each<[string, () => unknown, RegExp]>([
    ["tls://h?tls=false", () => adapterModule.fromUrl("tls://h?tls=false"), /begins with tls: and says tls=false/],
    ["tls=false with a file", () => adapterModule.fromUrl("nats://h?tls=false&tlsCaFile=x"), /names TLS files/],
    ["tls:// and an option", () => adapterModule.fromUrl("tls://h", { tls: false }), /tls given both/],
    ["servers and tls: false", () => nats({ servers: ["h", "tls://h"], tls: false }), /tls is false/],
    ["WebSocket", () => nats({ servers: "wss://h" }), /must be host:port, nats:\/\/host:port or tls:\/\/host:port/],
  ])("what contradicts itself is refused: %s", (_, make, expected) => {
    expect(make).toThrow(expected);
  });
});

describe.skipIf(plain === undefined)("a server's own words", () => {
  const address = (broker: Broker | undefined): string => `${broker?.host}:${broker?.port}`;

  test("too many connections", async () => {
    const options = { servers: address(plain), user: "u", password: "s3cr3t" };
    // The server may still count the connection of an earlier test.
    await using first = await connect(nats(options), { waitForBrokerMs: 10_000 });
    await using second = await connect(nats(options), { waitForBrokerMs: 10_000 });
    expect(await failure(options)).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: expect.stringContaining("maximum connections exceeded"),
    });
    expect([first, second].map((pubsub) => pubsub.health().status)).toEqual(["up", "up"]);
  });

  test("a client without the certificate that the server demands", async () => {
    for (const tls of [{ caFile: certFile }, { caFile: certFile, maxVersion: "TLSv1.2" as const }]) {
      expect(await failure({ servers: address(mutual), tls })).toMatchObject({
        code: "INVALID_CONFIG",
        message: expect.stringContaining("set certFile and keyFile of the tls option"),
      });
    }
    expect(await failure({ servers: address(mutual), tls: { caFile: certFile, certFile, keyFile } })).toBeUndefined();
  });

  test("a seed with a line break logs in, what is no seed is refused", async () => {
    const seed = Buffer.from(user.getSeed()).toString();
    expect(await failure({ servers: address(withKey), nkeySeed: `${seed}\r\n` })).toBeUndefined();
    expect(() => nats({ nkeySeed: seed.slice(0, -1) })).toThrow(/nkeySeed is not the seed of an NKey/);
  });

  test.each(["\n", "\r\n"])("credentials whose lines end with %j are read, others are named", async (end) => {
    const file = join(folder, "user.creds");
    const block = (kind: string, text: string): string[] => [
      `-----BEGIN ${kind}-----`,
      text,
      `------END ${kind}------`,
    ];
    const seed = Buffer.from(user.getSeed()).toString();
    writeFileSync(file, [...block("NATS USER JWT", "e.e.e"), "", ...block("USER NKEY SEED", seed)].join(end));
    // This server wants the key and does not look at the JWT.
    const error = await failure({ servers: address(withKey), credentialsFile: file });
    expect(error === undefined || (error as { code?: string }).code === "UNAUTHENTICATED").toBe(true);
    writeFileSync(file, "-----BEGIN NOTHING-----");
    expect(await failure({ servers: address(withKey), credentialsFile: file })).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("user.creds is not a credentials file"),
    });
  });

  test("printing the connection prints no secret", async () => {
    await using byPassword = await connect(nats({ servers: address(plain), user: "u", password: "s3cr3t" }));
    const seed = Buffer.from(user.getSeed()).toString();
    await using byKey = await connect(nats({ servers: address(withKey), nkeySeed: seed }));
    for (const { native } of [byPassword, byKey]) {
      const printed = inspect(native, { depth: null });
      expect(printed).not.toContain("s3cr3t");
      expect(printed).not.toContain(seed);
      expect(inspect(native, { depth: null, showHidden: true, maxStringLength: null })).not.toMatch(/s3cr3t/);
      expect(JSON.stringify(native)).not.toContain("s3cr3t");
    }
  });
});
