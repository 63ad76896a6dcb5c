import { defineSubscription, defineTopic, jsonCodec, RetryAfter, textCodec } from "@anytopic/core";
import { describe, expect, it } from "vitest";

describe("defineTopic", () => {
  it("gives a frozen value with Encore's defaults", () => {
    const topic = defineTopic("signups");
    expect(Object.isFrozen(topic)).toBe(true);
    expect(topic).toMatchObject({
      kind: "topic",
      name: "signups",
      deliveryGuarantee: "at-least-once",
      retentionMs: 604_800_000,
    });
    expect(topic.codec).toBe(jsonCodec);
  });

  it.each(["", "A", "1a", "a_b", "a.b", "a-", "-a", "ä", "a".repeat(64), 7, undefined])(
    "refuses the name %j",
    (name) => {
      expect(() => defineTopic(name as string)).toThrow(/topic name .*1 to 63 characters, lower-case letters/);
    },
  );

  it.each(["a", "a-b", "a1", "a".repeat(63)])("allows the name %j", (name) => {
    expect(defineTopic(name).name).toBe(name);
  });

  it.each([
    [{ codec: "xml" }, /codec is 'xml': must be one of "json", "text", "bytes"/],
    [{ deliveryGuarantee: "at-most-once" }, /deliveryGuarantee is 'at-most-once': must be one of/],
    [{ retentionMs: 1 }, /retentionMs is 1: must be a whole number from 60000 to 1209600000 ms/],
    [{ orderingKey: "accountId" }, /orderingKey is 'accountId': must be a function/],
    [{ schema: {} }, /must implement Standard Schema/],
    [{ orderBy: 1 }, /has no option "orderBy": known are schema, codec/],
  ])("refuses the options %j and says what is allowed", (options, message) => {
    expect(() => defineTopic("t", options as object)).toThrow(message);
    expect(() => defineTopic("t", options as object)).toThrow(TypeError);
  });
});

describe("defineSubscription", () => {
  const topic = defineTopic("t");

  it("gives a frozen value with Encore's defaults", () => {
    const subscription = defineSubscription(topic, "s");
    expect(Object.isFrozen(subscription)).toBe(true);
    expect(subscription).toMatchObject({
      ackDeadlineMs: 30_000,
      maxConcurrency: 100,
      retryPolicy: { minBackoffMs: 10_000, maxBackoffMs: 600_000, maxRetries: 100, jitter: 0.1 },
    });
  });

  it.each([
    [{ ackDeadlineMs: 999 }, /ackDeadlineMs is 999: must be a whole number from 1000 to 600000 ms/],
    [{ maxConcurrency: 0 }, /maxConcurrency is 0: must be a whole number from 1 to 100000/],
    [{ maxHandlingMs: 1000 }, /maxHandlingMs is 1000: must be a whole number from 30000/],
    [
      { retryPolicy: { minBackoffMs: 5000, maxBackoffMs: 4000 } },
      /maxBackoffMs is 4000: must be a whole number from 5000/,
    ],
    [{ retryPolicy: { maxRetries: -1 } }, /maxRetries is -1: must be a whole number from 0 to 1000000, or Infinity/],
    [{ retryPolicy: { jitter: 2 } }, /jitter is 2: must be a number from 0 to 1/],
    [{ retryPolicy: { retries: 2 } }, /no option "retries"/],
    [{ concurrency: 2 }, /no option "concurrency"/],
  ])("refuses the options %j and says what is allowed", (options, message) => {
    expect(() => defineSubscription(topic, "s", options as object)).toThrow(message);
  });

  it("allows no retries and retries without end", () => {
    expect(defineSubscription(topic, "s", { retryPolicy: { maxRetries: 0 } }).retryPolicy.maxRetries).toBe(0);
    expect(
      defineSubscription(topic, "s", { retryPolicy: { maxRetries: Number.POSITIVE_INFINITY } }).retryPolicy.maxRetries,
    ).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses what is no topic", () => {
    expect(() => defineSubscription("t" as never, "s")).toThrow(/must be made by defineTopic/);
  });
});

describe("codecs", () => {
  it("refuse what they cannot represent", () => {
    expect(() => jsonCodec.encode(undefined)).toThrow(/JSON cannot represent a undefined/);
    expect(() => textCodec.encode("\uD800")).toThrow(/lone surrogate/);
    expect(() => textCodec.decode(Uint8Array.of(0xff))).toThrow(TypeError);
  });

  it("keep a byte order mark and empty text", () => {
    expect(textCodec.decode(textCodec.encode("\uFEFFx"))).toBe("\uFEFFx");
    expect(textCodec.decode(textCodec.encode(""))).toBe("");
  });
});

it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("RetryAfter refuses %d ms", (delayMs) => {
  expect(() => new RetryAfter(delayMs)).toThrow(/must be a finite number of milliseconds/);
});
