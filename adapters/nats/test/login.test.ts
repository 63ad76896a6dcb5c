import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, defineTopic } from "@anytopic/core";
import { nats, type NatsOptions } from "@anytopic/nats";
import { BrokerUnavailableError, startBroker, type Broker } from "@anytopic/brokers";
import { nkeys } from "@nats-io/nats-core";
import { afterAll, describe, expect, test } from "vitest";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "anytopic-nats-"));
const user = nkeys.createUser();
const seed = Buffer.from(user.getSeed()).toString();
const brokers: Broker[] = [];

/** A server that reads files of this machine and needs its own options, so it runs natively. */
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

const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
writeFileSync(certFile, CERTIFICATE);
writeFileSync(keyFile, PRIVATE_KEY);
const withToken = await server("authorization { token: s3cr3t }");
const withKey = await server(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
const withDomain = await server(`jetstream { store_dir: "${join(folder, "js")}", domain: hub }`);
const withTls = await server(`tls { cert_file: "${certFile}", key_file: "${keyFile}" }`);

afterAll(async () => {
  await Promise.all(brokers.map(async (broker) => broker.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function publishes(options: NatsOptions | string): Promise<string> {
  await using pubsub = await connect(typeof options === "string" ? options : nats(options));
  const topic = defineTopic<object>("login");
  await pubsub.apply([topic]);
  return pubsub.publish(topic, {});
}

describe.skipIf(withToken === undefined)("login", () => {
  const address = (broker: Broker | undefined): string => `${broker?.host}:${broker?.port}`;

  test("with a token, in the options and in the URL", async () => {
    expect(await publishes({ servers: address(withToken), token: "s3cr3t" })).toBeTypeOf("string");
    expect(await publishes(`nats://s3cr3t@${address(withToken)}`)).toBeTypeOf("string");
    const wrong = await publishes(`nats://wr0ng-t0ken@${address(withToken)}`).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(String(wrong)).not.toContain("wr0ng");
  });

  test("with an NKey", async () => {
    expect(await publishes({ servers: address(withKey), nkeySeed: seed })).toBeTypeOf("string");
    await expect(publishes({ servers: address(withKey) })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("with a credentials file that is not there", async () => {
    const error = await publishes({ servers: address(withKey), credentialsFile: "/nowhere.creds" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringContaining("/nowhere.creds") });
  });

  test("over TLS, with the server's certificate as authority, and not without", async () => {
    expect(await publishes({ servers: address(withTls), tls: { caFile: certFile } })).toBeTypeOf("string");
    expect(await publishes(`tls://${address(withTls)}?tlsCaFile=${certFile}`)).toBeTypeOf("string");
    await expect(publishes({ servers: address(withTls), tls: true })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("TLS failed"),
    });
  });

  test("in a domain", async () => {
    expect(await publishes(`nats://${address(withDomain)}?domain=hub`)).toBeTypeOf("string");
    const error = await publishes(`nats://${address(withDomain)}?domain=other`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("check the domain option"),
    });
  });
});
