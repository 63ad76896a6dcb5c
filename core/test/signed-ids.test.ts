import { inspect } from "node:util";

import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { loadConfig } from "@anytopic/core/config";
import { memory } from "@anytopic/memory";
import { describe, expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

const idSecret = "correct horse battery staple, 2026";
const Orders = defineTopic<{ n: number }>("orders", { deliveryGuarantee: "exactly-once" });
const Refunds = defineTopic<{ n: number }>("refunds", { deliveryGuarantee: "exactly-once" });
const Mail = defineSubscription(Orders, "mail");

describe("publish.idSecret", () => {
  it("adds a signature to every id, and leaves those alone that have it", async () => {
    await using pubsub = await connect(memory(), { publish: { idSecret } });
    const id = await pubsub.publish(Orders, { n: 1 }, { id: "order-1" });
    expect(id).toMatch(/^order-1\.[\w-]{22}$/);
    expect(await pubsub.publish(Orders, { n: 1 }, { id })).toBe(id);
    expect(await pubsub.publish(Orders, { n: 1 }, { id: "order-1" })).toBe(id);
    expect(await pubsub.publish(Orders, { n: 2 })).toMatch(/^[0-9a-f-]{36}\.[\w-]{22}$/);
    const [result] = await pubsub.publishBatch(Orders, [{ event: { n: 1 }, id: "order-1" }]);
    expect(result).toEqual({ ok: true, id });
    const shortest = await pubsub.publish(Orders, { n: 3 }, { id: "a" });
    expect(await pubsub.publish(Orders, { n: 3 }, { id: shortest })).toBe(shortest);
  });

  it("depends on topic and secret, and does not take another signature for its own", async () => {
    await using pubsub = await connect(memory(), { publish: { idSecret } });
    await using other = await connect(memory(), { publish: { idSecret: `${idSecret}!` } });
    const id = await pubsub.publish(Orders, { n: 1 }, { id: "order-1" });
    const ids = [
      id,
      await pubsub.publish(Refunds, { n: 1 }, { id: "order-1" }),
      await other.publish(Orders, { n: 1 }, { id: "order-1" }),
    ];
    expect(new Set(ids).size).toBe(3);
    const last = id.at(-1) === "A" ? "Q" : "A";
    for (const forged of [`${id.slice(0, -1)}${last}`, `order-2${id.slice(7)}`, `${id}=`, `.${id.slice(-22)}`]) {
      const sent = await pubsub.publish(Orders, { n: 1 }, { id: forged });
      expect([sent.slice(0, forged.length), sent.length]).toEqual([forged, forged.length + 23]);
    }
  });

  it("keeps a stranger from taking an id before its owner, and deduplicates the owner's own", async () => {
    const name = "signed-ids";
    await using owner = await connect(memory({ name }), { publish: { idSecret }, declarations: [Orders, Mail] });
    await using again = await connect(memory({ name }), { publish: { idSecret } });
    await using stranger = await connect(memory({ name }));
    const got: [number, string][] = [];
    await owner.subscribe(Mail, ({ n }, { id }) => void got.push([n, id]));
    await stranger.publish(Orders, { n: -1 }, { id: "order-1" });
    const id = await owner.publish(Orders, { n: 1 }, { id: "order-1" });
    expect(await again.publish(Orders, { n: 1 }, { id: "order-1" })).toBe(id);
    await again.publish(Orders, { n: 2 }, { id: "order-2" });
    await expect.poll(() => got.length).toBe(3);
    expect(got.map(([n]) => n)).toEqual([-1, 1, 2]);
    expect(got[1]?.[1]).toBe(id);
  });

  it("leaves room for the signature", async () => {
    await using pubsub = await connect(memory(), { publish: { idSecret } });
    expect(await pubsub.publish(Orders, { n: 1 }, { id: "x".repeat(105) })).toHaveLength(128);
    await expect(pubsub.publish(Orders, { n: 1 }, { id: "x".repeat(106) })).rejects.toThrow(/106 characters.*105/);
  });

  it.each([["short"], [""], [7], [null], ["x".repeat(257)], [{ secret: idSecret }]])(
    "refuses %j without showing it",
    async (wrong) => {
      const refused = connect(new ScriptedAdapter(), { publish: { idSecret: wrong as string } });
      await expect(refused).rejects.toThrow(TypeError);
      await expect(refused).rejects.toThrow(/publish\.idSecret .*: must be text of 32 to 256 characters/);
      await expect(refused).rejects.not.toThrow(/short|battery|xxxx/);
    },
  );

  it("comes from the configuration, and is shown by nobody", async () => {
    const config = { connections: { main: { url: "memory:" } }, publish: { idSecret: "${ID_SECRET}" } };
    const load = await loadConfig({ config, environment: { ID_SECRET: idSecret } });
    await using pubsub = await connect({ config: load.config });
    expect(await pubsub.publish(Orders, { n: 1 }, { id: "order-1" })).toMatch(/^order-1\.[\w-]{22}$/);
    expect(inspect(pubsub, { depth: 10, showHidden: true })).not.toContain("battery");
    for (const wrong of ["battery", [{ idSecret }], { idSecret: ["battery"] }, { idSecret: "battery" }]) {
      const publish = wrong === "battery" ? { idSecret: wrong } : wrong;
      const refused = loadConfig({ config: { ...config, publish } as never });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_CONFIG" });
      await expect(refused).rejects.not.toThrow(/battery/);
    }
  });
});
