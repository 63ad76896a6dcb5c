import { connect, shutdownOnSignal } from "@anytopic/core";
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

test("options are checked", async () => {
  const pubsub = await connect("memory:");
  onTestFinished(() => pubsub.close());
  const refuses = (options: unknown, message: RegExp): void =>
    expect(() => shutdownOnSignal(pubsub, options as never)).toThrow(message);
  refuses({ signals: ["SIGKILL"] }, /signals contains 'SIGKILL': must be names of signals that a process can handle/);
  refuses({ signals: ["TERM"] }, /signals contains 'TERM'/);
  refuses({ timeoutMs: -1 }, /timeoutMs is -1/);
  refuses({ readinessDelayMs: 0.5 }, /readinessDelayMs is 0.5/);
  refuses({ onClosed: true }, /onClosed is true: must be a function/);
  refuses({ exit: "no" }, /exit is 'no': must be true or false/);
  refuses({ delay: 1 }, /shutdownOnSignal has no option "delay"/);
});
