import { connect, PubSubError } from "@anytopic/core";
import { loadConfig } from "@anytopic/core/config";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Connections } from "../src/api/connections.ts";
import type { Overview } from "../src/api/overview.ts";
import type { Plan } from "../src/api/plan.ts";
import { dashboard, type Dashboard, type DashboardOptions } from "../src/index.ts";
import { read, shop } from "./shop.ts";

function opened(options: Omit<DashboardOptions, "authorize">): Dashboard {
  const handler = dashboard({ ...options, authorize: () => ({ user: "test" }) });
  onTestFinished(async () => await handler.close());
  return handler;
}

describe("the connections", () => {
  test("are shown with their address and what they can do, without secrets", async () => {
    const { Orders, declarations } = shop();
    const { config } = await loadConfig({
      config: {
        default: "main",
        connections: {
          main: { url: "memory:" },
          broken: { url: "nats://someone:hunter2@127.0.0.1:1?user=hunter2", options: { password: "hunter2" } },
        },
        topics: { [Orders.name]: { connection: "main" } },
      },
    });
    await using pubsub = await connect({ config, declarations });
    const handler = opened({ pubsub, declarations, config });
    const text = JSON.stringify(await read<object>(handler, "connections"));
    expect(text).not.toContain("hunter2");
    const { connections, health } = JSON.parse(text) as Connections;
    expect(health).toBe("up");
    expect(connections).toMatchObject([
      {
        name: "main",
        isDefault: true,
        url: "memory:",
        state: "up",
        adapter: "memory",
        capabilities: { statistics: { waiting: "exact" } },
        topics: [Orders.name],
        subscriptions: [`${Orders.name}/mail`, `${Orders.name}/stock`],
      },
      {
        name: "broken",
        isDefault: false,
        url: "nats://***@127.0.0.1:1?user=***",
        options: ["password"],
        state: "not-open",
        capabilities: null,
        topics: [],
      },
    ]);
    expect(connections[1]?.error).not.toBeNull();
  });

  test("are shown while the broker is away", async () => {
    const { declarations } = shop();
    const { config } = await loadConfig({ config: { connections: { main: { url: "nats://127.0.0.1:1" } } } });
    const pubsub = async (): Promise<never> => {
      throw new PubSubError("UNAVAILABLE", "127.0.0.1:1 does not answer");
    };
    expect(await read<Connections>(opened({ pubsub, declarations, config }), "connections")).toMatchObject({
      unavailable: { message: expect.stringContaining("127.0.0.1:1 does not answer. See https://") },
      health: null,
      connections: [{ name: "main", url: "nats://127.0.0.1:1", state: "not-open", error: { code: "UNAVAILABLE" } }],
    });
    expect((await read<Connections>(opened({ pubsub, declarations }), "connections")).connections).toEqual([]);
  });
});

describe("the plan", () => {
  test("names each declaration that differs, once, until it is applied", async () => {
    const { Orders, declarations } = shop();
    await using pubsub = await connect("memory:", { provisioning: "off" });
    const handler = opened({ pubsub, declarations });
    const plan = await read<Plan>(handler, "plan");
    expect(plan).toMatchObject({ state: "compared", count: 3, error: null, failures: [] });
    expect(plan.declarations.map(({ declaration, kind, state }) => [declaration, kind, state])).toEqual([
      [Orders.name, "topic", "missing"],
      [`${Orders.name}/mail`, "subscription", "missing"],
      [`${Orders.name}/stock`, "subscription", "missing"],
    ]);
    const resources = plan.declarations.flatMap(({ changes }) => changes.map(({ resource }) => resource));
    expect(resources).toHaveLength(new Set(resources).size);
    const { topics, drift } = await read<Overview>(handler, "overview");
    expect(drift.count).toBe(3);
    expect(topics[0]).toMatchObject({
      drift: "missing",
      subscriptions: [{ drift: "missing", state: "warning", problems: [{ kind: "drift" }] }, { drift: "missing" }],
    });
    await pubsub.apply(declarations);
    expect(await read<Plan>(handler, "plan?fresh=1")).toMatchObject({ state: "compared", count: 0, declarations: [] });
    expect((await read<Overview>(handler, "overview")).topics[0]?.drift).toBeNull();
  });

  test("compares the other connections when one does not answer", async () => {
    const first = shop();
    const second = shop();
    const { config } = await loadConfig({
      config: {
        default: "main",
        connections: { main: { url: "memory:" }, away: { url: "nats://127.0.0.1:1" } },
        topics: { [second.Orders.name]: { connection: "away" } },
      },
    });
    await using pubsub = await connect({ config, provisioning: "off" });
    const handler = opened({ pubsub, declarations: [...first.declarations, ...second.declarations] });
    const plan = await read<Plan>(handler, "plan");
    expect(plan.state).toBe("failed");
    expect(plan.failures).toMatchObject([{ connections: ["away"], code: "UNAVAILABLE" }]);
    expect(plan.declarations.map(({ declaration }) => declaration)).toContain(first.Orders.name);
  });
});
