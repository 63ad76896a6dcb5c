import { setTimeout as pause } from "node:timers/promises";
import { connect, defineTopic, shutdownOnSignal } from "@anytopic/core";
import { expect, onTestFinished, test, vi } from "vitest";

test("several connections close at one signal, and listeners go when it is disposed of", async () => {
  const [first, second] = [await connect("memory:"), await connect("memory:")];
  onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
  const before = process.listenerCount("SIGUSR2");
  const onClosed = vi.fn<() => void>();
  const shutdown = shutdownOnSignal([first, second], { signals: ["SIGUSR2"], exit: false, onClosed });
  expect(process.listenerCount("SIGUSR2")).toBe(before + 1);
  process.emit("SIGUSR2", "SIGUSR2");
  expect([first.health().closing, second.health().closing]).toEqual([true, true]);
  await vi.waitUntil(() => onClosed.mock.calls.length === 1);
  expect([first.isClosed, second.isClosed]).toEqual([true, true]);
  shutdown[Symbol.dispose]();
  expect(process.listenerCount("SIGUSR2")).toBe(before);
});

test("onClosing may publish: it ends before closing begins, and readiness has failed by then", async () => {
  const pubsub = await connect("memory:");
  onTestFinished(() => pubsub.close());
  const Orders = defineTopic<{ total: number }>("orders");
  const seen: unknown[] = [];
  using _ = shutdownOnSignal(pubsub, {
    signals: ["SIGUSR2"],
    exit: false,
    async onClosing() {
      seen.push(pubsub.health().closing, pubsub.isClosed);
      await pause(50);
      seen.push(typeof (await pubsub.publish(Orders, { total: 3 })));
    },
    onClosed: () => void seen.push(pubsub.isClosed),
  });
  process.emit("SIGUSR2", "SIGUSR2");
  await vi.waitUntil(() => seen.length === 4);
  expect(seen).toEqual([true, false, "string", true]);
});

test.for([
  ["hangs", () => new Promise<void>(() => {}), "onClosing failed: it has not ended within 30 ms, and closing goes on"],
  ["fails", () => Promise.reject(new Error("no server")), "onClosing failed: no server"],
] as const)("an onClosing that %s does not stop closing, and shows in the exit code", async ([, onClosing, text]) => {
  const pubsub = await connect("memory:");
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const { exitCode } = process;
  onTestFinished(() => void (process.exitCode = exitCode));
  const onClosed = vi.fn<() => void>();
  using _ = shutdownOnSignal(pubsub, { signals: ["SIGUSR2"], exit: false, timeoutMs: 30, onClosing, onClosed });
  process.emit("SIGUSR2", "SIGUSR2");
  await vi.waitUntil(() => onClosed.mock.calls.length === 1);
  expect([pubsub.isClosed, process.exitCode]).toEqual([true, 1]);
  expect(warnings.mock.calls.map(([message]) => message)).toEqual([text]);
});

test("options are checked", async () => {
  const pubsub = await connect("memory:");
  onTestFinished(() => pubsub.close());
  const refuses = (options: unknown, message: RegExp): void =>
    expect(() => shutdownOnSignal(pubsub, options as never)).toThrow(message);
  refuses({ signals: ["SIGKILL"] }, /signals contains 'SIGKILL': must be names of signals that a process can handle/);
  refuses({ signals: ["TERM"] }, /signals contains 'TERM'/);
  refuses({ timeoutMs: -1 }, /timeoutMs is -1/);
  refuses({ readinessDelayMs: 0.5 }, /readinessDelayMs is 0.5/);
  refuses({ onClosing: "later" }, /onClosing is 'later': must be a function/);
  refuses({ onClosed: true }, /onClosed is true: must be a function/);
  refuses({ exit: "no" }, /exit is 'no': must be true or false/);
  refuses({ delay: 1 }, /shutdownOnSignal has no option "delay"/);
});
