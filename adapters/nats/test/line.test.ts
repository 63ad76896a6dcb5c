import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { createTcpProxy, type TcpProxy } from "@anytopic/conformance";
import { connect } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { afterEach, describe, expect, test } from "vitest";
import type { Answer, Command } from "./line-worker.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats", { provider: "native" });

/** The time limit of `close`, the time that core adds for the rest, and how late a busy machine may be. */
const TIMEOUT_MS = 2000;
const GRACE_MS = 5000;
const SLACK_MS = 2000;

class Worker {
  readonly states: string[] = [];
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #closedMs: Promise<number>;
  readonly #ready: Promise<void>;

  constructor(url: string, name: string, ordered = "") {
    this.#child = fork(`${import.meta.dirname}/line-worker.ts`, [url, name, ordered]);
    this.exited = once(this.#child, "exit");
    const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
    const { promise: closed, resolve: isClosed } = Promise.withResolvers<number>();
    this.#ready = ready;
    this.#closedMs = closed;
    this.#child.on("message", (answer: Answer) => {
      if ("state" in answer) this.states.push(answer.state);
      else if ("closedMs" in answer) isClosed(answer.closedMs);
      else isReady();
    });
  }

  async ready(): Promise<void> {
    const ended = this.exited.then(() => Promise.reject(new Error("the process ended before it was ready")));
    ended.catch(() => {});
    await Promise.race([this.#ready, ended]);
  }

  tell(command: Command): void {
    this.#child.send(command);
  }

  /** How long `close` took; the process must then end by itself. */
  async close(): Promise<number> {
    this.tell({ close: TIMEOUT_MS });
    const tookMs = await this.#closedMs;
    const late = new Promise((resolve) => setTimeout(resolve, SLACK_MS, "still running"));
    if ((await Promise.race([this.exited, late])) === "still running") throw new Error("something keeps the process");
    return tookMs;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

describe.skipIf(broker === undefined)("a line that does not answer", { timeout: 60_000 }, () => {
  const server = broker as Broker;
  const endings: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  async function proxied(): Promise<TcpProxy> {
    const proxy = await createTcpProxy({ targetHost: server.host, targetPort: server.port });
    endings.push(() => proxy.close());
    return proxy;
  }

  async function worker(url: string, name: string, ordered = ""): Promise<Worker> {
    const started = new Worker(url, name, ordered);
    endings.push(() => started.kill());
    await started.ready();
    return started;
  }

  test.each(["", "ordered"])(
    "close keeps its time on a half-open line, and nothing keeps the process %s",
    async (ordered) => {
      const proxy = await proxied();
      const line = await worker(`${proxy.host}:${proxy.port}`, `line-half-open${ordered}`, ordered);
      proxy.blackhole();
      expect(await line.close()).toBeLessThan(TIMEOUT_MS + GRACE_MS + SLACK_MS);
    },
  );

  test("close keeps its time while a dial waits for a server that says nothing", async () => {
    const proxy = await proxied();
    const line = await worker(`${proxy.host}:${proxy.port}`, "line-redial");
    proxy.blackhole();
    await expect.poll(() => line.states, { timeout: 20_000 }).toContain("reconnecting");
    expect(await line.close()).toBeLessThan(TIMEOUT_MS + GRACE_MS + SLACK_MS);
  });

  test("a server that does not answer is not up; the line is given up and made anew when it answers", async () => {
    const proxy = await proxied();
    const line = await worker(`${proxy.host}:${proxy.port}`, "line-silent");
    proxy.blackhole();
    await expect.poll(() => line.states, { timeout: 20_000 }).toEqual(["degraded", "reconnecting"]);
    await proxy.heal();
    await expect.poll(() => line.states, { timeout: 20_000 }).toEqual(["degraded", "reconnecting", "up"]);
    await line.close();
  });

  test("a wall clock that is set back does not stop the reconnecting, nor closing", async () => {
    const proxy = await proxied();
    const line = await worker(`${proxy.host}:${proxy.port}`, "line-clock");
    await proxy.cut();
    await expect.poll(() => line.states).toContain("reconnecting");
    line.tell({ clockMs: -120_000 });
    await proxy.heal();
    await expect.poll(() => line.states.at(-1), { timeout: 15_000 }).toBe("up");
    await proxy.cut();
    await expect.poll(() => line.states.at(-1)).toBe("reconnecting");
    line.tell({ clockMs: -240_000 });
    await line.close();
  });

  test("a first connection to a server that says nothing fails, and leaves nothing open", async () => {
    const { port, sockets } = await silentServer(endings);
    const dialing = connect(nats({ servers: [`127.0.0.1:${port}`, `localhost:${port}`] }));
    await expect(dialing).rejects.toMatchObject({ code: expect.stringMatching(/^(?:TIMEOUT|UNAVAILABLE)$/) });
    await expect.poll(() => [...sockets].filter((socket) => !socket.destroyed).length).toBe(0);
  });

  test("an aborted first connection leaves nothing open", async () => {
    const { port, sockets } = await silentServer(endings);
    const controller = new AbortController();
    const dialing = connect(nats({ servers: `127.0.0.1:${port}` }), { signal: controller.signal });
    await expect.poll(() => sockets.size).toBe(1);
    controller.abort(new Error("enough"));
    await expect(dialing).rejects.toThrow("enough");
    await expect.poll(() => [...sockets].filter((socket) => !socket.destroyed).length).toBe(0);
  });
});

async function silentServer(
  endings: (() => unknown)[],
): Promise<{ readonly port: number; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}
