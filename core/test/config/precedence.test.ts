import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { connect } from "@anytopic/core";
import { loadConfig } from "@anytopic/core/config";
import { memory } from "@anytopic/memory";
import { temporaryFolder } from "./temporary-folder.ts";

const file = JSON.stringify({
  default: "main",
  connections: { main: { url: "memory:from-file", options: { maxMessages: 7 } }, other: { url: "memory:other" } },
  closeTimeoutMs: 5,
  topics: { signups: { name: "prod-signups" } },
});

beforeEach(() => {
  vi.stubEnv("ANYTOPIC_URL", undefined);
  vi.stubEnv("ANYTOPIC_CONFIG", undefined);
});

describe("where the default connection's URL comes from", () => {
  const states = async (options: Parameters<typeof loadConfig>[0]): Promise<readonly string[]> =>
    (await loadConfig(options)).precedence.map(({ from, state }) => `${from} ${state}`);

  test("the argument, then ANYTOPIC_URL, then the file", async () => {
    const folder = temporaryFolder({ "anytopic.config.json": file });
    const environment = { ANYTOPIC_URL: "memory:from-environment" };
    const all = await loadConfig({ folder, environment, url: "memory:from-argument" });
    expect([all.source, all.config.connections["main"]?.url]).toEqual(["argument", "memory:from-argument"]);
    expect(await states({ folder, environment, url: "memory:from-argument" })).toEqual([
      "argument used",
      "ANYTOPIC_URL overridden",
      "configuration used",
    ]);
    const second = await loadConfig({ folder, environment });
    expect([second.source, second.config.connections["main"]?.url]).toEqual([
      "ANYTOPIC_URL",
      "memory:from-environment",
    ]);
    const third = await loadConfig({ folder, environment: { ANYTOPIC_URL: "" } });
    expect([third.source, third.config.connections["main"]?.url]).toEqual(["configuration", "memory:from-file"]);
    expect(await states({ folder, environment: {} })).toEqual([
      "argument absent",
      "ANYTOPIC_URL absent",
      "configuration used",
    ]);
  });

  test("everything else stays the file's, options too when the adapter is the same", async () => {
    const folder = temporaryFolder({ "anytopic.config.json": file });
    const same = await loadConfig({ folder, environment: { ANYTOPIC_URL: "memory:x" } });
    expect(same.config.connections).toEqual({
      main: { url: "memory:x", options: { maxMessages: 7 } },
      other: { url: "memory:other", options: {} },
    });
    expect(same.config.topics["signups"]?.name).toBe("prod-signups");
    const another = await loadConfig({ folder, environment: { ANYTOPIC_URL: "nats://127.0.0.1" } });
    expect(another.config.connections["main"]).toEqual({ url: "nats://127.0.0.1", options: {} });
    expect(another.precedence[1]?.detail).toContain("connections.main.options are not used");
  });

  test("a replaced URL's variables need not be set", async () => {
    const config = { connections: { main: { url: "${NOT_SET}", options: { token: "${NOT_SET}" } } } };
    const folder = temporaryFolder({ "anytopic.config.json": JSON.stringify(config) });
    const { config: loaded } = await loadConfig({ folder, environment: { ANYTOPIC_URL: "memory:" } });
    expect(loaded.connections["main"]).toEqual({ url: "memory:", options: {} });
    await expect(loadConfig({ folder, environment: {} })).rejects.toThrow("has 2 problems");
  });

  test("ANYTOPIC_URL is enough, and serves a file without connections", async () => {
    const environment = { ANYTOPIC_URL: "memory:x" };
    const alone = await loadConfig({ folder: temporaryFolder(), environment });
    expect([alone.config.default, alone.path, alone.where]).toEqual(["default", undefined, undefined]);
    const folder = temporaryFolder({ "anytopic.config.json": '{"topics":{"a":{"name":"b"}}}' });
    const { config } = await loadConfig({ folder, environment });
    expect([config.connections, config.topics["a"]?.name]).toEqual([
      { default: { url: "memory:x", options: {} } },
      "b",
    ]);
    await expect(loadConfig({ folder, environment: {} })).rejects.toThrow("connections names no broker");
  });

  test("an object is an argument: ANYTOPIC_URL does not replace its URL, a path's it does", async () => {
    const environment = { ANYTOPIC_URL: "memory:from-environment" };
    const object = await loadConfig({ config: JSON.parse(file) as object, environment });
    expect([object.source, object.config.connections["main"]?.url]).toEqual(["configuration", "memory:from-file"]);
    expect(object.precedence.map(({ state }) => state)).toEqual(["absent", "overridden", "used"]);
    const folder = temporaryFolder({ "anytopic.config.json": file });
    const path = await loadConfig({ config: join(folder, "anytopic.config.json"), environment });
    expect(path.source).toBe("ANYTOPIC_URL");
  });

  test("ANYTOPIC_CONFIG names a file, relative to the working directory", async () => {
    const folder = temporaryFolder({ "anytopic.config.json": "not read", "other.json": file });
    const { path } = await loadConfig({ folder, environment: { ANYTOPIC_CONFIG: "other.json" } });
    expect(path).toBe(join(folder, "other.json"));
    await expect(loadConfig({ folder, environment: { ANYTOPIC_CONFIG: "gone.json" } })).rejects.toThrow(
      "gone.json: there is no such file",
    );
  });

  test("nothing at all", async () => {
    await expect(loadConfig({ folder: temporaryFolder(), environment: {} })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(/^no broker is configured: .*ANYTOPIC_URL.*anytopic\.config\.json/),
    });
  });

  test("a loaded configuration is taken as it is", async () => {
    const config = { connections: { main: { url: "memory:$${X}" } } };
    const load = await loadConfig({ config, environment: { X: "x" } });
    expect(load.config.connections["main"]?.url).toBe("memory:${X}");
    expect(await loadConfig({ config: load.config, environment: { ANYTOPIC_URL: "memory:no" } })).toBe(load);
    const replaced = await loadConfig({ config: load.config, url: "memory:yes", environment: {} });
    expect(replaced.config.connections["main"]?.url).toBe("memory:yes");
  });
});

describe("connect", () => {
  test("without a target takes the file that ANYTOPIC_CONFIG names", async () => {
    vi.stubEnv("ANYTOPIC_CONFIG", join(temporaryFolder({ "a.json": file }), "a.json"));
    await using pubsub = await connect();
    expect(pubsub.connections).toEqual(["main", "other"]);
  });

  test("with a target looks for no file", async () => {
    vi.stubEnv("ANYTOPIC_CONFIG", join(temporaryFolder(), "missing.json"));
    await using pubsub = await connect("memory:");
    await using another = await connect(memory());
    expect([pubsub.connections, another.connections]).toEqual([["default"], ["default"]]);
  });

  test("with a target and a configuration replaces the default connection", async () => {
    const config = JSON.parse(file) as object;
    for (const target of ["memory:elsewhere", new URL("memory:elsewhere"), memory()]) {
      await using pubsub = await connect(target, { config });
      expect(pubsub.connections).toEqual(["main", "other"]);
    }
  });

  test("takes options alone", async () => {
    await using pubsub = await connect({ config: { connections: { only: { url: "memory:" } } } });
    expect([pubsub.connections, pubsub.adapter]).toEqual([["only"], "memory"]);
    expect(await pubsub.connection("only")).toMatchObject({ name: "only", adapter: "memory", server: pubsub.server });
  });

  test("adapterOptions take the place of the configured ones", async () => {
    const config = { connections: { main: { url: "memory:", options: { maxMessages: "wrong" } } } };
    await using pubsub = await connect({ config, adapterOptions: { maxMessages: 5 } });
    expect(pubsub.adapter).toBe("memory");
  });

  test.for([
    [
      "an adapter's refusal names the connection",
      { url: "memory:", options: { maxMessages: 0 } },
      "the configuration: connections.main: memory: maxMessages is 0",
    ],
    [
      "an unknown scheme",
      { url: "kafka://host" },
      "the configuration: connections.main: no adapter for URLs that begin with kafka:",
    ],
    ["no scheme", { url: "localhost" }, "the configuration: connections.main: the broker URL has no scheme"],
  ] as const)("%s", async ([, main, message]) => {
    await expect(connect({ config: { connections: { main } } })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(message),
    });
  });

  test("an error of the default connection says that its URL is not that of the file", async () => {
    const connections = { main: { url: "memory:" }, other: { url: "kafka://host" } };
    const config = { default: "main", connections };
    const path = `${temporaryFolder({ "anytopic.config.json": JSON.stringify(config) })}/anytopic.config.json`;
    vi.stubEnv("ANYTOPIC_URL", "kafka://host");
    await expect(connect({ config: path })).rejects.toThrow(
      "anytopic.config.json: connections.main, whose URL is that of ANYTOPIC_URL: no adapter for URLs that begin with kafka:",
    );
    vi.stubEnv("ANYTOPIC_URL", "memory:");
    await using pubsub = await connect({ config: path });
    await expect(pubsub.connection("other")).rejects.toThrow("anytopic.config.json: connections.other: no adapter");
  });

  test("an adapter's refusal does not show a variable's value", async () => {
    vi.stubEnv("LIMIT", "hunter2");
    const config = { connections: { main: { url: "memory:", options: { maxMessages: "${LIMIT}" } } } };
    const error: unknown = await connect({ config }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining("maxMessages is '${LIMIT}'") });
    expect((error as Error).cause).toBeUndefined();
    expect((error as Error).stack).not.toContain("hunter2");
  });

  test.for([5, null, { open: 1 }])("target %o is refused", async (target) => {
    await expect(connect(target as never)).rejects.toThrow(TypeError);
  });

  test("an unknown option is refused, also as the only argument", async () => {
    await expect(connect({ confg: {} } as never)).rejects.toThrow('connect has no option "confg"');
  });
});
