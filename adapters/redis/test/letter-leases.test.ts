import type { OutgoingMessage } from "@anytopic/core/driver";
import { afterAll, describe, expect, test } from "vitest";
import { RedisDeadLetters } from "../src/dead-letters.ts";
import { ScriptKit } from "./script-kit.ts";

const started = await ScriptKit.startOrSkip();

const LETTER: OutgoingMessage = {
  id: "1",
  body: Buffer.from("{}"),
  attributes: {},
  orderingKey: undefined,
  publishTimeMs: 1,
};

describe.skipIf(started === undefined)("the lease of a dead letter", () => {
  const kit = started as ScriptKit;
  afterAll(async () => started?.close());

  test("keeps the letter from others until it ends; then the letter is theirs", async () => {
    const { setup } = await kit.subscription("letter-leases");
    const { connection, names } = setup;
    const [first, second] = [new RedisDeadLetters(connection, names), new RedisDeadLetters(connection, names)];
    await first.store(LETTER);
    const [mine] = await first.take(10);
    expect(await second.take(10)).toEqual([]);

    const [[id] = []] = (await kit.client.send("XRANGE", names.dead, "-", "+")) as string[][];
    const lease = String(await kit.client.send("HGET", names.taken, String(id)));
    expect(Number(lease.split(" ")[0])).toBeGreaterThan(Date.now());
    // As if it had ended in 1970.
    await kit.client.send("HSET", names.taken, String(id), lease.replace(/^\d+/, "1"));
    const [theirs] = await second.take(10);
    expect(theirs?.id).toBe("1");
    await expect(mine?.remove()).rejects.toMatchObject({ code: "LEASE_LOST" });
    // It does not end the other's lease either.
    await mine?.putBack();
    expect(await first.take(10)).toEqual([]);
    await theirs?.remove();
    expect(await first.count()).toBe(0);
  });
});
