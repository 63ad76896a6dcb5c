import { describe, expect, test } from "vitest";
import { checkedPrices, LIST_PRICES } from "../../src/cost/index.ts";

test("the list has every price, and nothing else", () => {
  expect(checkedPrices(LIST_PRICES)).toEqual(LIST_PRICES);
});

test("every price has a page, and says where and how it was seen", () => {
  for (const { source, seen, verified } of Object.values(LIST_PRICES.prices)) {
    expect(source).toMatch(/^https:\/\/(aws\.amazon\.com|cloud\.google\.com)\//);
    expect(seen).toMatch(/20\d\d-\d\d/);
    expect(verified).not.toBe("not verified");
  }
});

test("a price that is given replaces that one, and is marked as not verified", () => {
  const mine = checkedPrices({ date: "2027-01-01", prices: { "sqs-standard": { price: 0.3 } } }, LIST_PRICES);
  expect(mine.prices["sqs-standard"]).toMatchObject({
    price: 0.3,
    per: 1_000_000,
    verified: "not verified",
    seen: "given by you",
  });
  expect(mine.prices["sqs-fifo"]).toEqual(LIST_PRICES.prices["sqs-fifo"]);
  expect(mine.date).toBe("2027-01-01");
});

describe("what is wrong with a list of prices is named", () => {
  test.for([
    [[], "prices: must be an object"],
    [{ price: {} }, 'prices: "price" is unknown, known are date, currency, region, prices'],
    [{ prices: { sqs: { price: 1 } } }, 'prices.prices: "sqs" is unknown, known are sns-publish'],
    [
      { prices: { "sqs-standard": 1 } },
      'prices.prices.sqs-standard: must be an object with a price, such as { "price": 0.4 }',
    ],
    [
      { prices: { "sqs-standard": { price: -1 } } },
      "prices.prices.sqs-standard.price: must be a number of 0 or more, not -1",
    ],
    [{ prices: { "sqs-standard": { per: 0 } } }, "prices.prices.sqs-standard.per: must be a number above 0, not 0"],
    [{ prices: { "sqs-standard": { unit: "calls" } } }, "must be one of requests, messages, bytes, byte-months"],
    [{ date: "today" }, 'prices.date: must be a date such as "2026-11-26", not "today"'],
    [{ currency: 5 }, "prices.currency: must be a text, not 5"],
  ] as const)("%j", ([json, message]) => {
    expect(() => checkedPrices(json, LIST_PRICES)).toThrow(message);
    expect(() => checkedPrices(json, LIST_PRICES)).toThrow(TypeError);
  });
});
