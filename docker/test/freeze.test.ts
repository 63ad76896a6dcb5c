import { afterAll, expect, test } from "vitest";
import { startBrokerOrSkip } from "../src/index.ts";
import { isListening } from "./listening.ts";
import { natsRequest } from "./nats-request.ts";

const broker = await startBrokerOrSkip("nats", { provider: "native" });
afterAll(() => broker?.close());

test.skipIf(broker === undefined)(
  "a frozen broker accepts connections, answers nothing, and goes on when thawed",
  async () => {
    if (broker?.freeze === undefined || broker.thaw === undefined) throw new Error("a native broker can be frozen");
    const ask = (): Promise<unknown> => natsRequest(broker, "$JS.API.INFO", undefined);
    await ask();
    await broker.freeze();
    let answered = false;
    const answer = ask().then(() => (answered = true));
    // The kernel accepts for it.
    expect(await isListening(broker.host, broker.port)).toBe(true);
    expect(answered).toBe(false);
    await broker.thaw();
    await answer;
    await broker.thaw();
  },
);

test.skipIf(broker === undefined)("a frozen broker can be killed", async () => {
  await broker?.freeze?.();
  await broker?.kill?.();
  expect(await isListening(broker?.host ?? "", broker?.port ?? 0)).toBe(false);
  await broker?.start?.();
  expect(await isListening(broker?.host ?? "", broker?.port ?? 0)).toBe(true);
});
