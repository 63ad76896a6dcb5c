import type { ArchivedMessage, ArchiveStore } from "@anytopic/archive";
import { expect, test } from "vitest";
import { all, idsOf, message, START_MS } from "./messages.ts";

/** What every store promises. `open` opens a second store on the same place when it is called with the place of the first one. */
export interface StorePlace {
  open(): Promise<ArchiveStore>;
}

export function testsStore(newPlace: () => Promise<StorePlace>): void {
  const opened = async (): Promise<ArchiveStore> => await (await newPlace()).open();
  const at = (ms: number): Date => new Date(START_MS + ms);

  test("what was appended is read with every part", async () => {
    const store = await opened();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const hostile = JSON.parse(
      String.raw`{"__proto__":"p","":"empty","a\u0000b":"\n\"\\","anytopic-expires":"5","é":"\u2028😀"}`,
    ) as Record<string, string>;
    const kept: ArchivedMessage[] = [
      message(1, { body: bytes, attributes: hostile, orderingKey: "../../etc/passwd\n" }),
      message(2, { body: Buffer.alloc(0), id: `!${"~".repeat(127)}` }),
      message(3, { id: "../../../x" }),
    ];
    await store.append(kept);
    const read = await all(store);
    const plain = (one: ArchivedMessage): unknown => ({
      ...one,
      body: Buffer.from(one.body).toString("hex"),
      attributes: Object.entries(one.attributes),
    });
    expect(read.map(plain)).toEqual(kept.map(plain));
    await store.close();
  });

  test("reading is in the order of publishing; at one time, in that of appending", async () => {
    const place = await newPlace();
    const first = await place.open();
    await first.append([message(5), message(1), message(9, { id: "a" })]);
    await first.append([message(9, { id: "b" }), message(3)]);
    await first.close();
    const second = await place.open();
    await second.append([message(2), message(9, { id: "c" })]);
    expect(await idsOf(second)).toEqual(["m1", "m2", "m3", "m5", "a", "b", "c"]);
    await second.close();
  });

  test("a message that was appended again is read once; another message with its id is read too", async () => {
    const place = await newPlace();
    const first = await place.open();
    await first.append([message(1), message(2), message(1)]);
    await first.append([message(2)]);
    await first.close();
    const second = await place.open();
    await second.append([message(2), message(2, { body: Buffer.from("of a stranger") }), message(7, { id: "m2" })]);
    const read = await all(second);
    expect(read.map(({ id, body }) => `${id} ${Buffer.from(body).toString()}`)).toEqual([
      "m1 body 1",
      "m2 body 2",
      "m2 of a stranger",
      "m2 body 7",
    ]);
    await second.close();
  });

  test("a selection takes a range of time, ids and keys, of one topic", async () => {
    const store = await opened();
    await store.append(Array.from({ length: 10 }, (_, n) => message(n, { orderingKey: n % 2 === 0 ? "even" : "odd" })));
    await store.append([message(4, { topic: "others", id: "other" })]);
    expect(await idsOf(store, { from: at(3), to: at(6) })).toEqual(["m3", "m4", "m5"]);
    expect(await idsOf(store, { ids: ["m8", "m1", "m77"] })).toEqual(["m1", "m8"]);
    expect(await idsOf(store, { keys: ["odd"], from: at(5) })).toEqual(["m5", "m7", "m9"]);
    expect(await idsOf(store, { topic: "others" })).toEqual(["other"]);
    expect(await idsOf(store, { topic: "nothing" })).toEqual([]);
    await store.close();
  });

  test("prune deletes nothing that is younger", async () => {
    const place = await newPlace();
    const first = await place.open();
    await first.append([message(1), message(2)]);
    await first.close();
    const second = await place.open();
    await second.append([message(3), message(1, { topic: "others" })]);
    await second.prune("orders", at(3));
    expect(await idsOf(second)).toEqual(["m3"]);
    expect(await idsOf(second, { topic: "others" })).toEqual(["m1"]);
    await second.append([message(4)]);
    expect(await idsOf(second)).toEqual(["m3", "m4"]);
    await second.close();
  });

  test("several processes append at once", async () => {
    const place = await newPlace();
    const stores = await Promise.all([place.open(), place.open(), place.open()]);
    await Promise.all(
      Array.from(
        { length: 30 },
        async (_, n) => await (stores[n % 3] as ArchiveStore).append([message(n), message(n + 100)]),
      ),
    );
    const expected = Array.from({ length: 30 }, (_, n) => `m${n}`);
    expect(await idsOf(stores[0], { to: at(100) })).toEqual(expected);
    await Promise.all(stores.map(async (store) => await store.close()));
    expect(await idsOf(await place.open(), { to: at(100) })).toEqual(expected);
  });

  test("a topic that is no name, and wrong times, are refused", async () => {
    const store = await opened();
    for (const topic of ["../up", "a/b", ".", "", "A", "a\0", "x".repeat(64)]) {
      await expect(store.append([message(1, { topic })])).rejects.toThrow(TypeError);
      await expect(idsOf(store, { topic })).rejects.toThrow(TypeError);
      await expect(store.prune(topic, at(0))).rejects.toThrow(TypeError);
    }
    await expect(idsOf(store, { from: new Date(Number.NaN) })).rejects.toThrow("from is");
    await expect(idsOf(store, { to: 5 as never })).rejects.toThrow("to is");
    await expect(store.prune("orders", undefined as never)).rejects.toThrow(TypeError);
    await store.close();
  });

  test("a signal ends reading, and nothing is appended after close", async () => {
    const store = await opened();
    await store.append([message(1), message(2)]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(idsOf(store, { signal })).rejects.toThrow("enough");
    await store.close();
    await store.close();
    await expect(store.append([message(3)])).rejects.toMatchObject({ code: "CLOSED" });
  });
}
