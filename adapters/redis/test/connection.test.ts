import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { toPubSubError } from "../src/errors.ts";
import { script } from "../src/scripts/script.ts";
import { opened } from "./opened.ts";

const broker: Broker | undefined = await startBrokerOrSkip("redis", { provider: "native" });
afterAll(async () => await broker?.close());

const servers = (): string => `127.0.0.1:${(broker as Broker).port}`;
const code = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => {
      const { code } = toPubSubError(error, "test");
      return code === "UNKNOWN" ? error : code;
    },
  );

/** A server that answers what `answer` says. */
async function fakeServer(
  answer: (command: string) => string,
): Promise<{ readonly address: string; readonly sockets: Socket[]; close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => socket.write(answer(chunk.toString("latin1"))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, close };
}

const HELLO =
  "*8\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n";
const plainAnswer = (command: string): string => {
  if (command.includes("HELLO")) return HELLO;
  return command.includes("PING")
    ? "+PONG\r\n"
    : "-ERR unknown\r\n".repeat(command.split("$4\r\nINFO").length - 1 || 1);
};

describe.skipIf(broker === undefined)("a connection to Redis", () => {
  test("names the server, and gives replies in the order of the commands, as bytes", async () => {
    await using one = await opened({ servers: servers() });
    const { connection } = one;
    expect(connection.server).toBe(`redis-server ${(broker as Broker).version}`);
    const value = Buffer.from([0, 255, 13, 10]);
    const [set, got, kind] = await Promise.all([
      connection.send(["SET", "bytes", value]),
      connection.send(["GET", "bytes"]),
      connection.send(["TYPE", "bytes"]),
    ]);
    expect([set, got, kind]).toEqual(["OK", value, "string"]);
    expect(one.states).toEqual(["up"]);
    await expect(connection.send(["NO-SUCH"])).rejects.toThrow(/unknown command/);
  });

  test("is up again after the server was killed, and sends nothing twice or late", async () => {
    await using one = await opened({ servers: servers() });
    const { connection, states } = one;
    await connection.send(["SET", "counted", "0"]);
    const ends: string[] = [];
    connection.onLost((error) => ends.push(`lost ${error.code}`));
    connection.onReconnected(() => ends.push("up"));
    await broker?.kill?.();
    await expect.poll(() => connection.connected).toBe(false);
    expect(await code(connection.send(["INCR", "counted"]))).toBe("UNAVAILABLE");
    await broker?.start?.();
    await connection.waitUntilConnected();
    expect(String(await connection.send(["GET", "counted"]))).toBe("0");
    expect(ends).toEqual(["lost UNAVAILABLE", "up"]);
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual(["up", "reconnecting UNAVAILABLE", "up"]);
  });

  test("a server that is frozen is noticed: first as degraded, then as lost, with an end for every command", async () => {
    await using one = await opened({ servers: servers(), pingIntervalMs: 200 });
    const { connection, states } = one;
    await broker?.freeze?.();
    try {
      const asked = code(connection.send(["PING"]));
      await expect.poll(() => states).toContain("degraded UNAVAILABLE");
      expect(await asked).toBe("UNAVAILABLE");
      expect(states.at(-1)).toBe("reconnecting UNAVAILABLE");
    } finally {
      await broker?.thaw?.();
    }
    await connection.waitUntilConnected();
    expect(states.at(-1)).toBe("up");
  });

  test("a line that no longer carries anything is noticed", async () => {
    const proxy = await createTcpProxy({ targetHost: "127.0.0.1", targetPort: (broker as Broker).port });
    try {
      await using one = await opened({ servers: `${proxy.host}:${proxy.port}`, pingIntervalMs: 200 });
      proxy.blackhole();
      await expect.poll(() => one.states).toContain("reconnecting UNAVAILABLE");
      await proxy.heal();
      await one.connection.waitUntilConnected();
    } finally {
      await proxy.close();
    }
  });

  test("closes in its time while the server is frozen, and leaves no socket", async () => {
    const one = await opened({ servers: servers(), pingIntervalMs: 60_000 });
    const reader = await one.connection.openReader();
    await broker?.freeze?.();
    try {
      const read = code(reader.read(["XREAD", "BLOCK", "1000", "STREAMS", "nothing", "$"], 1000));
      const asked = code(one.connection.send(["PING"]));
      const began = performance.now();
      await one.connection.close(200);
      expect(performance.now() - began).toBeLessThan(1500);
      expect([await read, await asked]).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
      expect(await code(one.connection.send(["PING"]))).toBe("CLOSED");
      expect(await code(one.connection.waitUntilConnected())).toBe("CLOSED");
    } finally {
      await broker?.thaw?.();
    }
  });

  test("what was sent before close is still answered", async () => {
    const one = await opened({ servers: servers() });
    const late = one.connection.send(["SET", "last", "yes"]);
    await one.connection.close(1000);
    expect(await late).toBe("OK");
  });

  test("a script is loaded by itself, also after the server has forgotten it", async () => {
    await using one = await opened({ servers: servers() });
    const { connection } = one;
    const doubled = script("double", "return ARGV[1] * 2");
    expect(await Promise.all([connection.script(doubled, [], ["2"]), connection.script(doubled, [], ["3"])])).toEqual([
      4, 6,
    ]);
    await connection.send(["SCRIPT", "FLUSH"]);
    expect(await connection.script(doubled, [], ["4"])).toBe(8);
    const broken = script("broken", "return nonsense(");
    await expect(connection.script(broken, [], [])).rejects.toThrow(/NOSCRIPT|compiling|Error/);
  });

  test("a read that waits ends with a message, by unblock, or with its time", async () => {
    await using one = await opened({ servers: servers() });
    const { connection } = one;
    const reader = await connection.openReader();
    const wait = ["XREAD", "BLOCK", "1000", "STREAMS", "waited", "$"];
    const first = reader.read(wait, 1000);
    await expect.poll(async () => String(await connection.send(["CLIENT", "LIST"]))).toContain("cmd=xread");
    await connection.send(["XADD", "waited", "*", "a", "b"]);
    expect(await first).toHaveLength(1);
    const second = reader.read(wait, 1000);
    reader.unblock();
    expect(await second).toBe(null);
    const began = performance.now();
    expect(await reader.read(wait, 1000)).toBe(null);
    expect(performance.now() - began).toBeGreaterThan(900);
    reader.close();
    expect(await code(reader.read(wait, 1000))).toBe("UNAVAILABLE");
  });

  test("a reader that was closed is forgotten", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    await using one = await opened({ servers: servers() });
    const closed = await (async () => {
      const reader = await one.connection.openReader();
      await reader.read(["XREAD", "STREAMS", "nothing", "$"], 0);
      reader.close();
      return new WeakRef(reader);
    })();
    const isForgotten = (): boolean => {
      collectGarbage();
      return closed.deref() === undefined;
    };
    await expect.poll(isForgotten, { timeout: 10_000 }).toBe(true);
  });

  test("a read from a frozen server rejects soon", { timeout: 20_000 }, async () => {
    await using one = await opened({ servers: servers() });
    const reader = await one.connection.openReader();
    await broker?.freeze?.();
    try {
      expect(await code(reader.read(["XREAD", "BLOCK", "500", "STREAMS", "nothing", "$"], 500))).toBe("UNAVAILABLE");
    } finally {
      await broker?.thaw?.();
    }
  });

  test("the name of the connection is shown by the server", async () => {
    await using one = await opened({ servers: servers(), name: "shop-1" });
    expect(String(await one.connection.send(["CLIENT", "LIST"]))).toContain("name=shop-1");
  });
});

describe("a server that is not what it should be", () => {
  test("nobody listens", async () => {
    await expect(opened({ servers: "127.0.0.1:1" })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("127.0.0.1:1"),
    });
  });

  test("one that accepts and says nothing: abort ends it at once and leaves no socket", async () => {
    const server = await fakeServer(() => "");
    const gone = new AbortController();
    const opening = code(opened({ servers: server.address }, gone.signal));
    await expect.poll(() => server.sockets.length).toBe(1);
    gone.abort(new Error("enough"));
    expect(await opening).toEqual(new Error("enough"));
    server.close();
  });

  test("bytes that are not RESP end the connection, and it is made anew", async () => {
    const server = await fakeServer(plainAnswer);
    await using one = await opened({ servers: server.address, durability: "process" });
    server.sockets[0]?.write("NONSENSE\r\n");
    await expect
      .poll(() => one.states.filter((state, at) => state !== one.states[at - 1]))
      .toEqual(["up", expect.stringContaining("reconnecting"), "up"]);
    server.close();
  });

  test("one that still loads its data is waited for", async () => {
    let loading = true;
    const server = await fakeServer((command) =>
      loading && command.includes("PING")
        ? "-LOADING Redis is loading the dataset in memory\r\n"
        : plainAnswer(command),
    );
    expect(await code(opened({ servers: server.address, durability: "process" }))).toBe("UNAVAILABLE");
    loading = false;
    await using one = await opened({ servers: server.address, durability: "process" });
    expect(one.connection.connected).toBe(true);
    server.close();
  });

  test("one that is too old is refused with what is needed", async () => {
    const server = await fakeServer((command) => plainAnswer(command).replace("7.0.0", "6.2.7"));
    await expect(opened({ servers: server.address })).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("redis-server 6.2.7: Redis 7.0 or Valkey 7.2 is needed"),
    });
    server.close();
  });
});
