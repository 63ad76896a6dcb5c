import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import type { ClientConfig } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { afterAll, describe, expect, test, vi } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("gcp");
afterAll(() => broker?.close());

async function listening(host: string, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  await once(server.listen(0, host), "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

const hasIpv6 = await listening("::1", () => {}).then(
  (server) => Boolean(server.close()),
  () => false,
);

describe.skipIf(broker === undefined || !hasIpv6)("an emulator at an IPv6 address", () => {
  test.each(["option", "URL", "environment"])("is found by %s", async (by) => {
    const { host, port } = broker as Broker;
    const sockets = new Set<Socket>();
    const server = await listening("::1", (client) => {
      const target = connectSocket(port, host);
      for (const socket of [client, target]) sockets.add(socket.on("error", () => {}));
      client.pipe(target).pipe(client);
    });
    const emulatorHost = `[::1]:${portOf(server)}`;
    if (by === "environment") vi.stubEnv("PUBSUB_EMULATOR_HOST", emulatorHost);
    const given = by === "URL" ? `gcp://ipv6?emulatorHost=${emulatorHost}` : "gcp://ipv6";
    const pubsub = await connect(by === "option" ? gcp({ projectId: "ipv6", emulatorHost }) : given);
    expect(pubsub.server).toBe(`pubsub emulator at ${emulatorHost}`);
    const subscription = defineSubscription(defineTopic<number>("orders"), "mail");
    await pubsub.apply([subscription]);
    await pubsub.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

test.each(["nowhere.invalid:8085", "nowhere.invalid:443"])(
  "a host without an address, %s, is named as such",
  async (host) => {
    await expect(connect(gcp({ projectId: "p-1", emulatorHost: host }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("cannot connect to nowhere.invalid: this host name does not resolve") as string,
    });
  },
);

/** The first byte that a server gets: of TLS, or of HTTP/2 in plain text. */
async function firstByte(configOf: (host: string) => ClientConfig): Promise<string> {
  const got = Promise.withResolvers<string>();
  const server = await listening("localhost", (socket) => {
    socket.on("error", () => {});
    socket.once("data", ([byte]) => got.resolve(byte === 0x16 ? "TLS" : "plain text"));
  });
  const giveUp = new AbortController();
  const authClient = new googleAuthLibrary.PassThroughClient();
  const clientConfig = { ...configOf(`localhost:${portOf(server)}`), authClient };
  const connecting = connect(gcp({ projectId: "p-1", clientConfig }), { signal: giveUp.signal });
  const refused = connecting.catch((error: unknown) => error);
  const kind = await got.promise;
  giveUp.abort();
  expect(await refused).toBeInstanceOf(Error);
  server.close();
  return kind;
}

test("what is not said to be an emulator gets TLS", async () => {
  expect(await firstByte((host) => ({ apiEndpoint: `https://${host}` }))).toBe("TLS");
  expect(await firstByte((host) => ({ apiEndpoint: host }))).toBe("TLS");
  expect(await firstByte((host) => ({ apiEndpoint: `http://${host}` }))).toBe("plain text");
  expect(await firstByte((host) => ({ apiEndpoint: host, emulatorMode: true }))).toBe("plain text");
  vi.stubEnv("PUBSUB_EMULATOR_HOST", "https://127.0.0.1:1");
  await expect(connect(gcp({ projectId: "p-1" }))).rejects.toMatchObject({
    code: "INVALID_CONFIG",
    message: expect.stringContaining("PUBSUB_EMULATOR_HOST begins with https") as string,
  });
});
