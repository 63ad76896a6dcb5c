import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@anytopic/brokers";
import { connect, defineTopic } from "@anytopic/core";
import { redis, type RedisOptions } from "@anytopic/redis";
import { afterAll, describe, expect, test } from "vitest";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const folder = mkdtempSync(join(tmpdir(), "anytopic-redis-tls-"));
const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
writeFileSync(certFile, CERTIFICATE);
writeFileSync(keyFile, PRIVATE_KEY);

const all = new RedisServers();
afterAll(async () => {
  await all.close();
  rmSync(folder, { recursive: true, force: true });
});

const [tlsPort = 0, mutualPort = 0] = await freePorts(2);
const config = (port: number, clients: string): string =>
  `tls-port ${port}\ntls-cert-file ${certFile}\ntls-key-file ${keyFile}\ntls-ca-cert-file ${certFile}\ntls-auth-clients ${clients}`;
const server = await all.startOrSkip(config(tlsPort, "no"));
if (server !== undefined) await all.start(config(mutualPort, "yes"));

async function publishes(target: RedisOptions | string): Promise<string> {
  await using pubsub = await connect(typeof target === "string" ? target : redis(target));
  return pubsub.publish(defineTopic<object>("tls"), {});
}
const failure = async (target: RedisOptions | string): Promise<unknown> =>
  publishes(target).catch((error: unknown) => error);

describe.skipIf(server === undefined)("TLS", () => {
  test("by URL and by options, with the server's authority from a file or as text", async () => {
    expect(await publishes(`rediss://127.0.0.1:${tlsPort}?tlsCaFile=${certFile}`)).toBeTypeOf("string");
    expect(await publishes({ servers: `localhost:${tlsPort}`, tls: { ca: CERTIFICATE } })).toBeTypeOf("string");
  });

  test("an authority that is not trusted is named, and what to do", async () => {
    expect(await failure(`rediss://127.0.0.1:${tlsPort}`)).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(/TLS failed: DEPTH_ZERO_SELF_SIGNED_CERT; see the tls option/),
    });
  });

  test("a missing client certificate is named; with it the connection opens", async () => {
    const servers = `127.0.0.1:${mutualPort}`;
    expect(await publishes({ servers, tls: { caFile: certFile, certFile, keyFile } })).toBeTypeOf("string");
    expect(await failure({ servers, tls: { caFile: certFile } })).toMatchObject({
      message: expect.stringMatching(/certFile and keyFile/),
    });
  });

  test(
    "TLS to a server without, and without TLS to a server with: both fail with a hint, and soon",
    { timeout: 20_000 },
    async () => {
      expect(await failure({ servers: `127.0.0.1:${tlsPort}` })).toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("rediss:"),
      });
      expect(await failure({ servers: addressOf(server as never), tls: { caFile: certFile } })).toMatchObject({
        message: expect.stringMatching(/TLS/),
      });
    },
  );

  test("a file that is missing is named", async () => {
    expect(await failure({ servers: `127.0.0.1:${tlsPort}`, tls: { caFile: "/no/such/file" } })).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("caFile /no/such/file"),
    });
  });
});
