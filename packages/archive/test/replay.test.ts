import { type ArchivedMessage, fileArchive, replay, type ReplayResult, startArchive } from "@anytopic/archive";
import { connect, defineSubscription, defineTopic, MemoryInbox } from "@anytopic/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { byKey, onBroker, publishSteps, type Step } from "./archive-story.ts";
import { all, ownFolder } from "./messages.ts";

const WAIT = { timeout: 60_000 };
const KINDS = ["memory", "nats", "rabbitmq", "redis", "aws", "gcp"] as const;

describe.for(KINDS)("%s", (kind) => {
  test(
    "500 messages are archived; a range is replayed to one subscription, in order",
    { timeout: 120_000 },
    async () => {
      const story = await onBroker(kind);
      if (story === undefined) return;
      const { pubsub, topic, archive, repair, others } = story;
      const store = fileArchive(await ownFolder());
      onTestFinished(async () => await store.close());
      let archived = 0;
      const worker = await startArchive(pubsub, archive, store, { onArchived: (count) => void (archived += count) });
      const seen: Record<"repair" | "others", (Step & { readonly id: string })[]> = { repair: [], others: [] };
      await pubsub.subscribe(repair, (event, { id }) => void seen.repair.push({ ...event, id }));
      await pubsub.subscribe(others, (event, { id }) => void seen.others.push({ ...event, id }));
      await publishSteps(story, 0, 250, 20);
      await publishSteps(story, 250, 500, 20);
      await expect
        .poll(() => Math.min(archived, seen.repair.length, seen.others.length), WAIT)
        .toBeGreaterThanOrEqual(500);
      await worker.close();

      const kept = await all(store, { topic: topic.name });
      expect(kept).toHaveLength(500);
      expect(new Set(kept.map(({ id }) => id)).size).toBe(500);
      const events = kept.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Step);
      for (const numbers of byKey(events).values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(kept.map(({ orderingKey, attributes }) => [orderingKey, attributes["parity"]])).toEqual(
        events.map(({ key, number }) => [key, String(number % 2)]),
      );

      seen.repair.length = 0;
      seen.others.length = 0;
      const from = new Date((kept[100] as ArchivedMessage).publishTimeMs);
      const to = new Date((kept[400] as ArchivedMessage).publishTimeMs + 1);
      const chosen = kept.filter(
        ({ publishTimeMs }) => publishTimeMs >= from.getTime() && publishTimeMs < to.getTime(),
      );
      const result = await replay(pubsub, repair, store, { from, to });
      expect(result).toMatchObject({ sent: chosen.length, left: 0 });
      await expect.poll(() => seen.repair.length, WAIT).toBeGreaterThanOrEqual(chosen.length);
      expect(seen.repair.map(({ id }) => id).toSorted()).toEqual(chosen.map(({ id }) => id).toSorted());
      for (const numbers of byKey(seen.repair).values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(seen.others).toEqual([]);
    },
  );
});

async function twenty(): Promise<{
  readonly store: ReturnType<typeof fileArchive>;
  readonly ids: readonly string[];
}> {
  const store = fileArchive(await ownFolder());
  const ids = Array.from({ length: 20 }, (_, n) => `o${n}`);
  await store.append(
    ids.map((id, n) => ({
      topic: "orders",
      id,
      body: Buffer.from(String(n)),
      attributes: { parity: String(n % 2), "anytopic-expires": "1" },
      orderingKey: undefined,
      publishTimeMs: 1000 + n,
    })),
  );
  onTestFinished(async () => await store.close());
  return { store, ids };
}

const Orders = defineTopic<number>("orders", { deliveryGuarantee: "exactly-once" });
const Bill = defineSubscription(Orders, "bill");

describe("replay", () => {
  const opened = async (): Promise<{
    readonly pubsub: Awaited<ReturnType<typeof connect>>;
    readonly seen: string[];
  }> => {
    const pubsub = await connect("memory:", { inbox: new MemoryInbox(), declarations: [Bill] });
    onTestFinished(async () => await pubsub.close());
    const seen: string[] = [];
    await pubsub.subscribe(Bill, (_event, { id }) => void seen.push(id));
    return { pubsub, seen };
  };

  test("a dry run counts and sends nothing; filter, limit and what is past its expiry", async () => {
    const { store, ids } = await twenty();
    const { pubsub, seen } = await opened();
    const filter = ({ attributes }: ArchivedMessage): boolean => attributes["parity"] === "1";
    expect(await replay(pubsub, Bill, store, { filter, dryRun: true })).toMatchObject({ sent: 10, left: 10 });
    expect(await replay(pubsub, Bill, store, { filter, limit: 3 })).toEqual({
      sent: 3,
      left: 3,
      position: new Date(1005),
    });
    await expect.poll(() => seen).toEqual([ids[1], ids[3], ids[5]]);
  });

  test("an id that was handled is not handled again, unless it is made new; the same label makes the same ids", async () => {
    const { store } = await twenty();
    const { pubsub, seen } = await opened();
    await replay(pubsub, Bill, store, { limit: 5 });
    await expect.poll(() => seen.length).toBe(5);
    await replay(pubsub, Bill, store);
    await expect.poll(() => seen.length).toBe(20);
    expect(new Set(seen).size).toBe(20);
    await replay(pubsub, Bill, store, { asNew: "fix 7" });
    await expect.poll(() => seen.length).toBe(40);
    await replay(pubsub, Bill, store, { asNew: "fix 7" });
    await replay(pubsub, Bill, store, { asNew: "fix 8", limit: 1 });
    await expect.poll(() => seen.length).toBe(41);
    expect(new Set(seen).size).toBe(41);
  });

  test("after a failure nothing more is sent, and the position says where to go on", async () => {
    const { store } = await twenty();
    const { pubsub, seen } = await opened();
    const broken = {
      ...store,
      append: async () => {},
      prune: async () => {},
      close: async () => {},
      async *read(selection: Parameters<typeof store.read>[0]) {
        for await (const one of store.read(selection)) yield one.id === "o7" ? { ...one, topic: "others" } : one;
      },
    };
    let last: ReplayResult | undefined;
    const replaying = replay(pubsub, Bill, broken, { maxPending: 4, onProgress: (progress) => void (last = progress) });
    await expect(replaying).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    expect(last?.position?.getTime()).toBeLessThanOrEqual(1007);
    await replay(pubsub, Bill, store, { from: last?.position });
    await expect.poll(() => new Set(seen).size).toBe(20);
  });

  test("a signal stops it, and the rate is kept", async () => {
    const { store } = await twenty();
    const { pubsub, seen } = await opened();
    const stopping = new AbortController();
    const startMs = performance.now();
    const onProgress = ({ sent }: ReplayResult): void => {
      if (sent === 6) stopping.abort(new Error("stop"));
    };
    const replaying = replay(pubsub, Bill, store, { ratePerSecond: 20, onProgress, signal: stopping.signal });
    await expect(replaying).rejects.toThrow("stop");
    expect(performance.now() - startMs).toBeGreaterThan(190);
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(6);
    expect(seen.length).toBeLessThan(9);
  });

  test.for<readonly [options: object, says: string]>([
    [{ limit: 0 }, "limit is 0"],
    [{ ratePerSecond: 0.5 }, "ratePerSecond is 0.5"],
    [{ asNew: "" }, "asNew is ''"],
    [{ maxPending: 0 }, "maxPending"],
    [{ until: 1 }, "no option until"],
    [{ from: "yesterday" }, "from is 'yesterday'"],
  ])("%o is a mistake of the caller", async ([options, says]) => {
    const { store } = await twenty();
    const { pubsub } = await opened();
    const replaying = replay(pubsub, Bill, store, options);
    await expect(replaying).rejects.toThrow(TypeError);
    await expect(replaying).rejects.toThrow(says);
  });
});
