import { defineSubscription, defineTopic, type HandlerContext, Reject, RetryAfter } from "@anytopic/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { testHandler } from "@anytopic/testing";

const Signup = z.object({ at: z.string().transform((text) => new Date(text)) });
const Signups = defineTopic("signups", { schema: Signup });
const Send = defineSubscription(Signups, "send", { retryPolicy: { minBackoffMs: 1000, maxRetries: 2 } });
const event = { at: new Date(0) };

describe("testHandler", () => {
  it("gives the handler the event itself, and a real context", async () => {
    let seen: HandlerContext | undefined;
    const now = new Date("2026-05-05T00:00:00Z");
    const setting = { attempt: 2, id: "mine", attributes: { source: "web" }, orderingKey: "a1", now };
    const ended = await testHandler(
      Send,
      (given, context) => {
        expect(given).toBe(event);
        context.extend(60_000);
        seen = context;
        expect(context.deadline).toEqual(new Date(now.getTime() + 60_000));
        expect(context.signal.aborted).toBe(false);
      },
      event,
      setting,
    );
    expect(ended).toMatchObject({ outcome: "acked", attempt: 2, id: "mine", event });
    expect(seen).toMatchObject({
      id: "mine",
      attempt: 2,
      attributes: { source: "web" },
      orderingKey: "a1",
      publishTime: now,
    });
    expect(Buffer.from(seen?.body ?? []).toString()).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it("applies the retry policy", async () => {
    const fail = (): never => {
      throw new Error("no");
    };
    expect(await testHandler(Send, fail, event)).toMatchObject({ outcome: "retried", delayMs: 1000 });
    expect(await testHandler(Send, fail, event, { attempt: 2 })).toMatchObject({ outcome: "retried", delayMs: 2000 });
    expect(await testHandler(Send, fail, event, { attempt: 3 })).toMatchObject({
      outcome: "dead-lettered",
      because: "retries-exhausted",
    });
    const later = (): never => {
      throw new RetryAfter(77);
    };
    expect(await testHandler(Send, later, event)).toMatchObject({ outcome: "retried", delayMs: 77 });
    const reject = async (): Promise<never> => {
      await Promise.resolve();
      throw new Reject("never");
    };
    expect(await testHandler(Send, reject, event)).toMatchObject({ outcome: "dead-lettered", because: "rejected" });
  });

  it("refuses an attempt that the policy does not permit", async () => {
    await expect(testHandler(Send, () => {}, event, { attempt: 4 })).rejects.toThrow(
      "attempt is 4: must be a whole number from 1 to 3, as maxRetries is 2",
    );
  });
});
