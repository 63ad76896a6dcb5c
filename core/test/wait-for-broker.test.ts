import { getEventListeners } from "node:events";
import { connect, PubSubError, VirtualClock, type PubSubErrorCode } from "@anytopic/core";
import type { Driver, DriverContext } from "@anytopic/core/driver";
import { describe, expect, it } from "vitest";

import { Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

/** Cannot be reached until `up`. */
class LateAdapter extends ScriptedAdapter {
  up = false;
  attempts = 0;
  code: PubSubErrorCode = "UNAVAILABLE";
  hangs = false;

  override async open(context: DriverContext, signal?: AbortSignal): Promise<Driver> {
    this.attempts += 1;
    if (this.hangs) {
      await new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
      );
    }
    if (!this.up) throw new PubSubError(this.code, "nobody there");
    return await super.open(context);
  }
}

describe("waitForBrokerMs", () => {
  it("waits for a broker that comes later, and says so", async () => {
    const adapter = new LateAdapter();
    const clock = new VirtualClock();
    const warnings: object[] = [];
    const quiet = (): void => {};
    const logger = { debug: quiet, info: quiet, error: quiet, warn: (fields: object) => void warnings.push(fields) };
    const connecting = connect(adapter, { clock, logger, waitForBrokerMs: Infinity });
    await turn();
    await clock.advance(60_000);
    adapter.up = true;
    await clock.advance(10_000);
    const pubsub = await connecting;
    expect(pubsub.health().status).toBe("up");
    // 0.1 to 10 s between attempts.
    expect(adapter.attempts).toBeGreaterThan(8);
    expect(adapter.attempts).toBeLessThan(25);
    expect(warnings).toHaveLength(adapter.attempts - 1);
    expect(warnings[0]).toMatchObject({ code: "UNAVAILABLE", failures: 1 });
    await pubsub.close();
  });

  it("waits as well while what is declared cannot be looked at", async () => {
    const adapter = new LateAdapter();
    adapter.up = true;
    adapter.opening = Promise.reject(new PubSubError("UNAVAILABLE", "still starting"));
    adapter.opening.catch(() => {});
    const clock = new VirtualClock();
    const connecting = connect(adapter, { clock, waitForBrokerMs: 60_000, declarations: [Sub] });
    await turn();
    await clock.advance(1000);
    adapter.opening = undefined;
    await clock.advance(2000);
    await (await connecting).close();
    expect(adapter.applied.length).toBeGreaterThan(0);
  });

  it.each([false, true])("gives up in time, with the reason (an attempt that hangs: %s)", async (hangs) => {
    const adapter = new LateAdapter();
    const clock = new VirtualClock();
    const failed = connect(adapter, { clock, waitForBrokerMs: 5000 }).catch((error: unknown) => error);
    await turn();
    await clock.advance(2000);
    adapter.hangs = hangs;
    await clock.advance(3000);
    expect(await failed).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/^no connection within 5000 ms: nobody there\. See \S+$/),
      retryable: true,
    });
    const { attempts } = adapter;
    await clock.advance(60_000);
    expect(adapter.attempts).toBe(attempts);
  });

  it.each(["UNAUTHENTICATED", "INVALID_CONFIG", "NOT_FOUND"] as const)(
    "does not wait for what stays (%s)",
    async (code) => {
      const adapter = new LateAdapter();
      adapter.code = code;
      await expect(connect(adapter, { waitForBrokerMs: Infinity })).rejects.toMatchObject({ code });
      expect(adapter.attempts).toBe(1);
    },
  );

  it("ends at once when the signal aborts, and leaves nothing on it", async () => {
    const abort = new AbortController();
    const adapter = new LateAdapter();
    const connecting = connect(adapter, { waitForBrokerMs: Infinity, signal: abort.signal });
    const failed = connecting.catch((error: unknown) => error);
    await expect.poll(() => adapter.attempts).toBeGreaterThan(1);
    const reason = new Error("no more patience");
    abort.abort(reason);
    expect(await failed).toBe(reason);
    await turn();
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  it.each([0, 5000])(
    "ends at once also while what is declared is made, and the broker answers nothing (%s)",
    async (waitMs) => {
      const adapter = new LateAdapter();
      adapter.up = true;
      adapter.opening = new Promise(() => {});
      adapter.closing = () => new Promise(() => {});
      const abort = new AbortController();
      const { signal } = abort;
      const failed = connect(adapter, { waitForBrokerMs: waitMs, signal, declarations: [Sub] }).catch(
        (error: unknown) => error,
      );
      await turn();
      const reason = new Error("no more patience");
      abort.abort(reason);
      expect(await Promise.race([failed, turn().then(turn)])).toBe(reason);
    },
  );

  it("rejects at the first failure by default, and refuses what is no time", async () => {
    const adapter = new LateAdapter();
    await expect(connect(adapter)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/^nobody there\. See /),
    });
    await expect(connect(adapter, { waitForBrokerMs: -1 })).rejects.toThrow(TypeError);
    await expect(connect(adapter, { waitForBrokerMs: Number.NaN })).rejects.toThrow(/waitForBrokerMs/);
  });
});
