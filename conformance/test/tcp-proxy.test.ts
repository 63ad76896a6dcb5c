import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createTcpProxy, type TcpProxy } from "../src/tcp-proxy.ts";

let proxy: TcpProxy;
let target: Server;
const sockets = new Set<Socket>();

afterEach(async () => {
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => target.close(resolve));
});

/** A target that does to each connection what `serve` says, and the proxy in front of it. */
async function proxyTo(serve: (socket: Socket) => void): Promise<void> {
  target = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await once(target.listen(0, "127.0.0.1"), "listening");
  proxy = await createTcpProxy({ targetHost: "127.0.0.1", targetPort: (target.address() as AddressInfo).port });
}

const echo = (socket: Socket): void => void socket.pipe(socket);

interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  /** `end`, or the code of the error it ended with. */
  readonly ended: () => string | undefined;
}

async function client(): Promise<Client> {
  const socket = connect({ host: proxy.host, port: proxy.port });
  sockets.add(socket);
  let received = "";
  let ended: string | undefined;
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  socket.on("end", () => (ended ??= "end"));
  socket.on("error", (error: NodeJS.ErrnoException) => (ended ??= error.code));
  await once(socket, "connect");
  return { socket, received: () => received, ended: () => ended };
}

async function roundTrip(to: Client, text: string): Promise<void> {
  const before = to.received();
  to.socket.write(text);
  await expect.poll(() => to.received()).toBe(before + text);
}

test("forwards bytes both ways, counts them, and passes the half-close on", async () => {
  await proxyTo((socket) => {
    let asked = "";
    socket.on("data", (chunk) => (asked += chunk.toString()));
    socket.on("end", () => socket.end(`you said ${asked}`));
  });
  const one = await client();
  one.socket.end("hello");
  await expect.poll(() => one.received()).toBe("you said hello");
  await expect.poll(() => one.ended()).toBe("end");
  expect([proxy.bytesToTarget, proxy.bytesToClient, proxy.accepted]).toEqual([5, 14, 1]);
  await expect.poll(() => proxy.connections).toBe(0);
});

test("keeps 32 MiB in order through a slow reader", async () => {
  await proxyTo(echo);
  const { socket } = await client();
  socket.removeAllListeners("data").pause();
  const block = Buffer.alloc(1024 * 1024, 0).map((_, index) => index % 251);
  let writable = true;
  for (let sent = 0; sent < 32; sent++) writable = socket.write(block);
  expect(writable).toBe(false);
  // It all waits for the reader: in the buffers of the sockets, not in the proxy.
  let seen = -1;
  await expect.poll(() => seen === (seen = proxy.bytesToClient) && seen > 0, { interval: 200 }).toBe(true);
  expect(seen).toBeLessThan(24 * 1024 * 1024);
  let at = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const start = at % block.length;
    const expected = Buffer.concat([block, block]).subarray(start, start + chunk.length);
    if (!expected.equals(chunk)) throw new Error(`byte order lost near byte ${at}`);
    at += chunk.length;
    if (at === 32 * block.length) break;
  }
  expect(at).toBe(32 * block.length);
});

test("cut ends every connection and refuses new ones, on a port that stays ours, until it heals", async () => {
  await proxyTo(echo);
  const one = await client();
  const two = await client();
  await roundTrip(one, "a");
  await proxy.cut();
  await expect.poll(() => [one.ended(), two.ended()].filter(Boolean)).toHaveLength(2);
  await expect(client()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(proxy.connections).toBe(0);
  const { port } = proxy;
  await proxy.heal();
  expect(proxy.port).toBe(port);
  await roundTrip(await client(), "back");
});

test("a blackhole swallows both directions and keeps connections open; healing resets what lost bytes", async () => {
  let fromTarget: Socket | undefined;
  const heard: string[] = [];
  await proxyTo((socket) => {
    fromTarget = socket;
    socket.on("data", (chunk) => heard.push(chunk.toString()));
  });
  const one = await client();
  one.socket.write("before");
  await expect.poll(() => heard).toEqual(["before"]);

  proxy.blackhole();
  // Far more than socket buffers hold: the writer must not notice.
  for (let written = 0; written < 32; written++) one.socket.write(Buffer.alloc(1024 * 1024));
  await once(one.socket, "drain");
  fromTarget?.write("nobody hears this");
  const late = await client();
  late.socket.write("nor this");
  fromTarget?.end();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(heard).toEqual(["before"]);
  expect([one.received(), one.ended(), late.received(), late.ended()]).toEqual(["", undefined, "", undefined]);
  expect(proxy.connections).toBe(2);

  await proxy.heal();
  await expect.poll(() => [one.ended(), late.ended()]).toEqual(["ECONNRESET", "ECONNRESET"]);
  const after = await client();
  after.socket.write("after");
  await expect.poll(() => heard).toEqual(["before", "after"]);
});

test("delay adds latency each way and keeps the order when it is taken back", async () => {
  await proxyTo(echo);
  const one = await client();
  await roundTrip(one, "warm");
  proxy.delay(150);
  const began = performance.now();
  one.socket.write("1");
  await new Promise((resolve) => setTimeout(resolve, 20));
  proxy.delay(0);
  one.socket.write("2");
  await expect.poll(() => one.received()).toBe("warm12");
  expect(performance.now() - began).toBeGreaterThanOrEqual(149);

  proxy.delay(100);
  const again = performance.now();
  await roundTrip(one, "3");
  expect(performance.now() - again).toBeGreaterThanOrEqual(199);
  expect(() => proxy.delay(-1)).toThrow(/delayMs is -1/);
});

test("delay holds the end back behind the bytes", async () => {
  await proxyTo((socket) => socket.end("goodbye"));
  proxy.delay(50);
  const one = await client();
  await expect.poll(() => one.ended()).toBe("end");
  expect(one.received()).toBe("goodbye");
});

test("resetPeers resets both sides and accepts the next connection", async () => {
  const errors: (string | undefined)[] = [];
  await proxyTo((socket) => {
    echo(socket);
    socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
  });
  const one = await client();
  await roundTrip(one, "a");
  proxy.resetPeers();
  await expect.poll(() => one.ended()).toBe("ECONNRESET");
  await expect.poll(() => errors).toEqual(["ECONNRESET"]);
  await roundTrip(await client(), "b");
});

test("a target that refuses or resets gives the client a reset", async () => {
  await proxyTo((socket) => socket.resetAndDestroy());
  const one = await client();
  await expect.poll(() => one.ended()).toBe("ECONNRESET");
  await new Promise((resolve) => target.close(resolve));
  const two = await client();
  await expect.poll(() => two.ended()).toBe("ECONNRESET");
  await expect.poll(() => proxy.connections).toBe(0);
});

test("close is idempotent, works in a blackhole, frees the port, and ends healing", async () => {
  await proxyTo(echo);
  const one = await client();
  proxy.blackhole();
  await Promise.all([proxy.close(), proxy.close()]);
  await expect.poll(() => one.ended()).toBeDefined();
  await expect(client()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(proxy.heal()).rejects.toThrow(/closed/);
});

test("a slow line lets so many bytes per second pass, in order, until it heals", async () => {
  await proxyTo(echo);
  const one = await client();
  await roundTrip(one, "warm");
  proxy.slow(1000);
  const startMs = performance.now();
  await roundTrip(one, "a".repeat(150) + "b".repeat(150));
  // 300 bytes there and 300 back.
  expect(performance.now() - startMs).toBeGreaterThan(580);
  await proxy.heal();
  const healedMs = performance.now();
  await roundTrip(one, "c".repeat(1000));
  expect(performance.now() - healedMs).toBeLessThan(900);
});

test("a truncated line passes so many bytes more, in each direction, and resets; new connections too, until it heals", async () => {
  await proxyTo(echo);
  const old = await client();
  await roundTrip(old, "whole");
  proxy.truncate(3);
  old.socket.write("partial");
  await expect.poll(old.ended).toBe("ECONNRESET");
  expect("wholepar").toContain(old.received());
  const fresh = await client();
  fresh.socket.write("partial");
  await expect.poll(fresh.ended).toBe("ECONNRESET");
  expect("par").toContain(fresh.received());
  await proxy.heal();
  await roundTrip(await client(), "whole again");
});

test("bad amounts are refused with their name", async () => {
  await proxyTo(echo);
  expect(() => proxy.slow(-1)).toThrow("bytesPerSecond is -1; it must be a number of bytes per second, 0 or more");
  expect(() => proxy.truncate(Number.NaN)).toThrow("bytes is NaN");
});
