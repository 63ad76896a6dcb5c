import { randomUUID } from "node:crypto";
import { aws } from "@anytopic/aws";
import { type BrokerKind, startBrokerOrSkip } from "@anytopic/brokers";
import { type Adapter, connect, defineSubscription, defineTopic, Reject, silentLogger } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { nats } from "@anytopic/nats";
import { rabbitmq } from "@anytopic/rabbitmq";
import { redis } from "@anytopic/redis";
import { describe, expect, onTestFinished, test } from "vitest";

import type { LetterDetail } from "../src/api/letters.ts";
import { lettersApi } from "./letters-api.ts";

const ADAPTERS: Readonly<Partial<Record<BrokerKind, (url: string) => Adapter>>> = {
  nats: (url) => nats({ servers: url }),
  rabbitmq: (url) => rabbitmq({ url }),
  redis: (url) => redis({ servers: new URL(url).host }),
  aws: (endpoint) => aws({ region: "eu-west-1", endpoint }),
  gcp: (emulatorHost) => gcp({ projectId: "letters", emulatorHost }),
};

describe.each(Object.keys(ADAPTERS) as BrokerKind[])("dead letters on %s", async (kind) => {
  const broker = await startBrokerOrSkip(kind);

  test.skipIf(broker === undefined)(
    "are listed in groups, edited and redriven one by one, redriven and purged by group, and the others stay",
    { timeout: 120_000 },
    async () => {
      const url = broker?.url ?? "";
      onTestFinished(async () => await broker?.close());
      const Orders = defineTopic<{ n: number }>(`letters-${randomUUID().slice(0, 8)}`);
      const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });
      await using pubsub = await connect((ADAPTERS[kind] as (of: string) => Adapter)(url), {
        declarations: [Mail],
        logger: silentLogger,
      });
      const state = { repaired: false, handled: [] as number[] };
      const worker = await pubsub.subscribe(Mail, ({ n }, { attributes }) => {
        if (!state.repaired) throw new Reject(n < 31 ? `no account ${n}` : n < 60 ? `timeout after ${n} ms` : "closed");
        state.handled.push(attributes["kind"] === "edited" ? -n : n);
      });
      for (let n = 0; n < 61; n += 1) await pubsub.publish(Orders, { n }, { attributes: { kind: "a" } });
      const api = lettersApi(pubsub, Mail);
      const read = async () => {
        const { groups, found, total } = await api.list();
        return { found, total, groups: groups.map(({ message, count }) => `${count} ${message}`) };
      };
      // Numbers that differ: the largest group comes first.
      const groups = ["31 no account #", "29 timeout after # ms", "1 closed"];
      await expect.poll(read, { timeout: 60_000, interval: 3100 }).toEqual({ found: 61, total: null, groups });
      // Looking takes nothing away.
      await expect.poll(read, { timeout: 60_000, interval: 3100 }).toEqual({ found: 61, total: null, groups });
      state.repaired = true;

      const list = await api.list({ text: "closed" });
      const ref = list.rows[0]?.ref ?? "";
      const detail = await api.get<LetterDetail>("letters/letter", { ref });
      expect(detail).toMatchObject({ form: "json", raw: '{"n":60}', attributes: [["kind", "a"]] });
      const edit = { body: { form: "json", text: '{ "n": 77 }' }, attributes: [["kind", "edited"]] };
      expect(await api.act("redrive", { kind: "letters", refs: [ref] }, { edit })).toMatchObject({
        state: "done",
        done: 1,
      });
      await expect.poll(() => state.handled, { timeout: 20_000 }).toEqual([-77]);

      const keyOf = (message: string): string => list.groups.find((group) => group.message === message)?.key ?? "";
      const purged = await api.act("purge", { kind: "group", group: keyOf("no account #") });
      expect(purged).toMatchObject({ state: "done", done: 31, expected: 31 });
      await expect.poll(read, { timeout: 30_000, interval: 3100 }).toMatchObject({ found: 29, groups: [groups[1]] });
      const redriven = await api.act(
        "redrive",
        { kind: "group", group: keyOf("timeout after # ms") },
        { perSecond: 100 },
      );
      expect(redriven).toMatchObject({ state: "done", done: 29, heldBack: 0 });
      await expect.poll(() => state.handled.length, { timeout: 20_000 }).toBe(30);
      expect(new Set(state.handled).size).toBe(30);
      await expect.poll(read, { timeout: 30_000, interval: 3100 }).toMatchObject({ found: 0, groups: [] });
      await worker.close();
      await pubsub.destroy([Orders, Mail]);
    },
  );
});
