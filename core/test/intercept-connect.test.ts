import { connect, PubSub } from "@anytopic/core";
import { interceptConnect } from "@anytopic/core/intercept";
import { memory } from "@anytopic/memory";
import { afterEach, describe, expect, it } from "vitest";

afterEach(() => void interceptConnect(undefined));

describe("interceptConnect", () => {
  it("puts something else in the place of a broker, by what connect was given", async () => {
    await using own = await connect(memory());
    const seen: unknown[] = [];
    const before = interceptConnect((target, options) => {
      seen.push([target, options]);
      return target === "nats://nowhere" ? Promise.resolve(own) : undefined;
    });
    expect(before).toBeUndefined();
    expect(await connect("nats://nowhere", { closeTimeoutMs: 1 })).toBe(own);
    await using other = await connect("memory:");
    expect(other).toBeInstanceOf(PubSub);
    expect(other).not.toBe(own);
    expect(seen).toMatchObject([
      ["nats://nowhere", { closeTimeoutMs: 1 }],
      ["memory:", {}],
    ]);
  });

  it("is asked after the options were checked, and no longer than it is wanted", async () => {
    const interceptor = (): Promise<unknown> => Promise.reject(new Error("intercepted"));
    interceptConnect(interceptor);
    await expect(connect("memory:", { closeTimeoutMs: -1 })).rejects.toThrow("closeTimeoutMs is -1");
    await expect(connect("memory:")).rejects.toThrow("intercepted");
    expect(interceptConnect(undefined)).toBe(interceptor);
    await using pubsub = await connect("memory:");
    expect(pubsub.adapter).toBe("memory");
  });
});
