import { connect, Reject, RetryAfter } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { outcomeOf } from "../src/consume/outcome.ts";
import { Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

describe("what a handler threw, as an outcome", () => {
  it("is a retry by policy, unless it asks for something else", () => {
    const error = new Error("no");
    expect(outcomeOf(error)).toEqual({ kind: "retry", delayMs: undefined, error });
    expect(outcomeOf(null)).toEqual({ kind: "retry", delayMs: undefined, error: null });
    const never = new Reject("never");
    expect(outcomeOf(never)).toEqual({ kind: "reject", reason: "rejected", error: never });
    const later = new RetryAfter(5);
    expect(outcomeOf(later)).toEqual({ kind: "retry", delayMs: 5, error: later });
  });

  it("is a retry with an error in its place when it cannot be looked at", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(outcomeOf(proxy)).toMatchObject({
      kind: "retry",
      error: new TypeError("what the handler threw cannot be looked at"),
    });
  });
});

describe("retry of the pull form", () => {
  it("records the error that it was given, also with a delay of its own", async () => {
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter);
    await using deliveries = pubsub.deliveries(Sub);
    const next = deliveries.next();
    await expect.poll(() => adapter.maxOutstanding).toBeGreaterThan(0);
    adapter.deliver({ id: "a" }, 3);
    const { value: delivery } = await next;
    await delivery?.retry({ delayMs: 5, error: new RangeError("too far") });
    expect(JSON.parse(adapter.letters[0]?.attributes["anytopic-dead-letter"] ?? "")).toMatchObject({
      reason: "retries-exhausted",
      error: "RangeError",
      message: "too far",
    });
  });

  it("obeys the error of a handler's body, and refuses a wrong delay", async () => {
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter);
    await using deliveries = pubsub.deliveries(Sub);
    const next = deliveries.next();
    await expect.poll(() => adapter.maxOutstanding).toBeGreaterThan(0);
    adapter.deliver({ id: "a" });
    const { value: delivery } = await next;
    expect(() => delivery?.retry({ delayMs: -1 })).toThrow(TypeError);
    await delivery?.retry({ error: new Reject("never") });
    await turn();
    expect(adapter.letters.map(({ id }) => id)).toEqual(["a"]);
  });
});
