import { DEAD_LETTER_ATTRIBUTE } from "@anytopic/core/driver";
import { describe, expect, it } from "vitest";

import { dateOf } from "../src/contract/received.ts";
import { readLetter } from "../src/dead-letters/dead-letter-record.ts";

function read(record: unknown, publishTimeMs = 5) {
  const text = typeof record === "string" ? record : JSON.stringify(record);
  const body = Buffer.from("{}");
  const attributes = { [DEAD_LETTER_ATTRIBUTE]: text, tenant: "a" };
  return readLetter({ id: "a", body, attributes, orderingKey: undefined, publishTimeMs, native: undefined }, "t/s");
}

describe("a letter that somebody else wrote", () => {
  it.each([1e300, -1e300, Number.NaN, Infinity, 8.64e15, -1])("has times at %d", (ms) => {
    for (const letter of [read({ reason: "rejected", last: ms, first: ms }, ms), read("{", ms)]) {
      for (const time of [letter.publishTime, letter.lastFailureTime, letter.firstFailureTime ?? dateOf(ms)]) {
        expect(time.toISOString()).toMatch(/^(1970|9999)-/);
      }
    }
  });

  it("has parts of their types, and bounded", () => {
    const long = "x".repeat(10_000);
    const letter = read({ reason: "rejected", last: 7, first: "a", error: 5, message: {}, attempts: "3", sub: long });
    expect(letter).toMatchObject({ errorName: "", errorMessage: "", attempts: 0, firstFailureTime: undefined });
    expect(letter.subscription).toHaveLength(127);
    const other = read({ reason: "rejected", last: 7, error: long, message: long, attempts: -1, sub: null });
    expect(other).toMatchObject({ attempts: 0, subscription: "t/s" });
    expect([other.errorName.length, other.errorMessage.length]).toEqual([100, 500]);
  });

  it.each(["", "{", "null", "5", "[]", '"rejected"', { reason: "bought", last: 5 }, { reason: "rejected" }])(
    "has no record when that is %j",
    (record) => {
      expect(read(record)).toMatchObject({ reason: "backstop", attempts: 0, attributes: { tenant: "a" } });
    },
  );
});
