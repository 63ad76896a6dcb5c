import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { freePorts, startBroker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { DialBudget } from "../src/connection/dial-budget.ts";

const broker = await startBrokerOrSkip("nats");
afterAll(async () => broker?.close());

/** Accepts connections, and never writes anything. */
async function silentServer(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.skipIf(broker === undefined)(
  "the last of many servers is reached, though all before it accept and say nothing",
  { timeout: 30_000 },
  async () => {
    const silent = await Promise.all(Array.from({ length: 4 }, silentServer));
    await using pubsub = await connect(nats({ servers: [...silent, broker!.url] }));
    expect(pubsub.health().status).toBe("up");
  },
);

test("when all are silent, the first connection is given up after about 10 s", { timeout: 30_000 }, async () => {
  const silent = await Promise.all(Array.from({ length: 3 }, silentServer));
  await expect(connect(nats({ servers: silent }))).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test.skipIf(broker?.kill === undefined)(
  "a server that was down at the start is there for later connections",
  { timeout: 60_000 },
  async () => {
    const first = await startBroker("nats");
    onTestFinished(() => first.close());
    await first.kill?.();
    const states: string[] = [];
    await using pubsub = await connect(nats({ servers: [first.url, broker!.url] }), {
      observer: (event) => void (event.type === "connection" && states.push(event.state)),
    });
    const nc = pubsub.native;
    expect(nc.getServer()).toContain(String(broker!.port));
    await first.start?.();
    await broker!.kill?.();
    await expect.poll(() => states, { timeout: 30_000 }).toEqual(["reconnecting", "up"]);
    expect(nc.getServer()).toContain(String(first.port));
    await broker!.start?.();
  },
);

test.skipIf(broker === undefined)("nobody is forgotten who did not answer at first", async () => {
  const dead = (await freePorts(4)).map((port) => `127.0.0.1:${port}`);
  // Many times, because the client begins with any of them.
  for (let round = 0; round < 5; round += 1) {
    await using pubsub = await connect(nats({ servers: [...dead, broker!.url] }));
    const { protocol } = pubsub.native as unknown as { readonly protocol: { readonly servers: { length(): number } } };
    expect(protocol.servers.length()).toBe(5);
  }
});

test("what a fast failure leaves goes to the others; several addresses of one name share its turn", () => {
  let nowMs = 0;
  const [a, b, c] = [{}, {}, {}];
  const budget = new DialBudget(9000, () => nowMs);
  expect(budget.next(a, 1, 3)).toBe(3000);
  nowMs = 10;
  expect(budget.next(b, 3, 2)).toBe(2248);
  nowMs = 2258;
  expect(budget.next(b, 3, 2)).toBe(2247);
  expect(budget.next(b, 3, 2)).toBe(3371);
  nowMs = 3000;
  expect(budget.next(c, 1, 1)).toBe(5000);
  nowMs = 8900;
  expect(budget.next(a, 1, 1)).toBe(500);
});
