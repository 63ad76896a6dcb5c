import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, systemClock } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { wsconnect } from "@nats-io/nats-core";
import { afterAll, describe, expect, test, vi } from "vitest";
import { AnswerWatch } from "../src/connection/answer-watch.ts";
import { Client } from "../src/connection/client.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats");

afterAll(async () => broker?.close());

const INFO = { server_id: "x", version: "2.9.10", proto: 1, headers: true, max_payload: 1_048_576 };

/** Enough of a server to connect to. */
async function fakeServer(): Promise<{ readonly port: number; readonly sockets: Socket[]; close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      if (chunk.toString("latin1").includes("PING")) socket.write("PONG\r\n");
    });
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, sockets, close };
}

describe("the client is held to more than it promises", () => {
  test("this version of it has all that is reached into", async () => {
    const server = await fakeServer();
    const client = Client.create(
      { servers: `127.0.0.1:${server.port}` },
      { clock: systemClock, random: () => 0, logger: { debug() {}, info() {}, warn() {}, error() {} } },
    );
    await client.dial(10_000);
    const { protocol } = client.nc as unknown as { readonly protocol: Record<string, unknown> };
    for (const method of ["prepare", "processMsg", "dialLoop"]) expect(protocol[method]).toBeTypeOf("function");
    const { transport, parser, heartbeats } = protocol as Record<string, Record<string, unknown>>;
    const { servers, server: dialled } = protocol as {
      readonly servers: { getServers(): readonly object[] };
      readonly server: object;
    };
    for (const method of ["dial", "tlsFirst", "closed", "discard"]) expect(transport?.[method]).toBeTypeOf("function");
    expect(transport?.["socket"]).toBeDefined();
    expect(parser?.["parse"]).toBeTypeOf("function");
    expect(servers.getServers()[0]).toHaveProperty("lastConnect");
    expect(servers.getServers()).toContain(dialled);
    expect(dialled).toHaveProperty("listen");
    expect(protocol["options"]).toHaveProperty("timeout");
    expect(heartbeats?.["cancel"]).toBeTypeOf("function");
    expect(protocol).toHaveProperty("abortReconnect");
    expect(protocol).toHaveProperty("raceTimer");
    expect(protocol).toHaveProperty("dialDelay");
    await client.close(1000);
    await expect.poll(() => server.sockets.every(({ destroyed }) => destroyed)).toBe(true);
    server.close();
  });

  test("bytes that are no NATS protocol end the connection, and it is made anew", async () => {
    const server = await fakeServer();
    const printed = vi.spyOn(console, "log");
    const states: string[] = [];
    await using pubsub = await connect(nats({ servers: `127.0.0.1:${server.port}` }), {
      observer: (event) => void (event.type === "connection" && states.push(event.state)),
    });
    server.sockets[0]?.write("NONSENSE\r\n");
    await expect.poll(() => states).toEqual(["reconnecting", "up"]);
    server.sockets[1]?.write('INFO {"broken\r\n');
    await expect.poll(() => states).toEqual(["reconnecting", "up", "reconnecting", "up"]);
    expect(pubsub.health().status).toBe("up");
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    server.close();
  });

  test("a server that closes instead of answering is not waited for", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.destroy());
      socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expect(connect(nats({ servers: `127.0.0.1:${port}` }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("closed the connection"),
    });
    server.close();
  });

  test.skipIf(broker === undefined)("a callback of the application that throws ends nothing", async () => {
    await using pubsub = await connect(nats({ servers: (broker as Broker).url }));
    const nc = pubsub.native;
    nc.subscribe("client-throws", {
      callback: () => {
        throw new Error("a mistake");
      },
    });
    const topic = defineTopic<{ n: number }>("client-throws");
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([topic, subscription]);
    const seen: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async ({ n }) => void seen.push(n));
    for (let n = 0; n < 10; n++) await pubsub.publish(topic, { n });
    await expect.poll(() => seen).toHaveLength(10);
    expect(worker.health().state).toBe("receiving");
  });

  test.skipIf(broker === undefined)("a WebSocket client in the same process does not take our redials", async () => {
    const states: string[] = [];
    await using pubsub = await connect(nats({ servers: (broker as Broker).url }), {
      observer: (event) => void (event.type === "connection" && states.push(event.state)),
    });
    // It sets the kind of transport for the whole module.
    await wsconnect({ servers: "ws://127.0.0.1:1" }).catch(() => {});
    const { protocol } = pubsub.native as unknown as {
      readonly protocol: { readonly transport: { readonly socket: Socket } };
    };
    protocol.transport.socket.destroy();
    await expect.poll(() => states).toEqual(["reconnecting", "up"]);
  });
});

describe("AnswerWatch", () => {
  test("tells of silence once for each question, and of the answer after it", async () => {
    const told: string[] = [];
    let answers = true;
    let received = 0;
    const watch = new AnswerWatch(systemClock, 20, {
      ask: async () => (answers ? Promise.resolve() : new Promise(() => {})),
      received: () => received,
      answering: () => told.push("answers"),
      silent: (unanswered) => told.push(`silent ${unanswered}`),
    });
    watch.start();
    answers = false;
    await expect.poll(() => told).toEqual(["silent 1", "silent 2", "silent 3"]);
    answers = true;
    await expect.poll(() => told.at(-1)).toBe("answers");
    answers = false;
    await expect.poll(() => told.at(-1)).toBe("silent 1");
    // A server that sends messages is alive.
    const sending = setInterval(() => (received += 1), 1);
    await expect.poll(() => told.at(-1)).toBe("answers");
    clearInterval(sending);
    watch.stop();
  });
});
