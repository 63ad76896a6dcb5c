import { afterAll, describe, expect, test } from "vitest";
import { readStatistics } from "../src/statistics.ts";
import type { Entry } from "../src/wire/entry.ts";
import { ScriptKit } from "./script-kit.ts";

const started = await ScriptKit.startOrSkip();

describe.skipIf(started === undefined)("statistics", () => {
  const kit = started as ScriptKit;
  afterAll(async () => started?.close());

  test("count a group that was made on a stream with messages, from its first read on", async () => {
    for (let n = 0; n < 10; n += 1) await kit.client.send("XADD", "counted", "*", "data", "before");
    const { setup, worker } = await kit.subscription("counted", { ordered: true });
    const mine = worker();
    const read = async (): Promise<object> => readStatistics(setup.connection, setup.names);
    expect(await read()).toEqual({ waiting: 0, inFlight: 0, delayed: 0, oldestAgeMs: 0, deadLetters: 0 });
    for (const key of ["a", "a", "b", "c", "d"]) await kit.add("counted", key, "{}");
    expect(await read()).toMatchObject({ waiting: 5, inFlight: 0 });
    const taken = await kit.take(mine, 2);
    // The second of its key is read, and nobody has it.
    expect(await read()).toMatchObject({ waiting: 3, inFlight: 2 });
    await kit.settle(mine, "R", taken[0] as Entry, 60_000);
    await kit.settle(mine, "B", taken[1] as Entry);
    expect(await read()).toMatchObject({ waiting: 4, inFlight: 0, delayed: 1 });
  });

  test("are not smaller than what is there when somebody has deleted single entries", async () => {
    const { setup, worker } = await kit.subscription("deleted");
    const ids = await Promise.all(["a", "b", "c", "d"].map(async (key) => kit.add("deleted", key, "{}")));
    await kit.take(worker(), 1);
    await kit.client.send("XDEL", "deleted", ids[2] ?? "");
    const { waiting = 0 } = await readStatistics(setup.connection, setup.names);
    expect(waiting).toBeGreaterThanOrEqual(2);
    expect(waiting).toBeLessThanOrEqual(3);
  });

  test("of what does not exist are NOT_FOUND, and make nothing", async () => {
    const { setup } = await kit.subscription("there");
    const names = { ...setup.names, group: "nobody" };
    await expect(readStatistics(setup.connection, names)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const missing = { ...setup.names, stream: "{there}:x" };
    await expect(readStatistics(setup.connection, missing)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await kit.client.send("EXISTS", "{there}:x")).toBe(0);
  });
});
