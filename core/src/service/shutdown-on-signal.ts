import { constants } from "node:os";
import { systemClock } from "../base/clock.ts";
import { pause } from "../base/pause.ts";
import { shown } from "../base/shown.ts";
import { CLOSE_TIMEOUT_LIMITS } from "../options/connect-limits.ts";
import { integerOption, type NumberLimits, rejectUnknownKeys } from "../options/option-checks.ts";
import { PubSub } from "../pubsub.ts";
import { requireBoolean } from "../options/option-checks.ts";
import { requireFunction } from "./require-options.ts";
import { inTime, runShutdownHook } from "./shutdown-hook.ts";

const READINESS_DELAY_LIMITS: NumberLimits = { min: 0, max: 3_600_000, default: 0, unit: "ms" };

/** How `shutdownOnSignal` ends the process. */
export interface ShutdownOptions {
  /** The signals that end the process. @default ["SIGTERM", "SIGINT"] */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** How long running handlers may take, in ms; 0 to 3,600,000, see `close`. @default the connection's `closeTimeoutMs` */
  readonly timeoutMs?: number | undefined;
  /** How long everything works on after `/readyz` has begun to fail, so that load balancers notice it, in ms; 0 to 3,600,000. @default 0 */
  readonly readinessDelayMs?: number | undefined;
  /**
   * Called after `readinessDelayMs` and before `close`, while everything still works: for a server whose requests publish. It gets
   * `timeoutMs` (30 s without it). After that, or when it fails, closing goes on; the exit code is then 1. @default none
   */
  readonly onClosing?: (() => void | Promise<void>) | undefined;
  /** Called when everything is closed: for a database, the last traces. The process ends when it has resolved, with exit code 1 when it fails. @default none */
  readonly onClosed?: (() => void | Promise<void>) | undefined;
  /** Whether the process ends by `process.exit` after that. With false it ends when nothing keeps it alive. @default true */
  readonly exit?: boolean | undefined;
}

const OPTIONS = ["signals", "timeoutMs", "readinessDelayMs", "onClosing", "onClosed", "exit"] as const;

/** Shutdowns that a signal has begun: the process ends after the last. */
const underWay = new Set<Promise<void>>();

/**
 * Ends the process in an orderly way at SIGTERM and SIGINT: `announceClose`, the delay for load balancers, `onClosing`, `close`,
 * `onClosed`, exit code 0. A second signal ends the process at once, with 128 plus the signal's number, as a shell shows it. Several `PubSub`s close at
 * the same time, also those of other calls.
 *
 * The whole takes at most `readinessDelayMs`, `timeoutMs` (twice with `onClosing`) and 5 s, and then `onClosed`: give the orchestrator
 * more time than that.
 *
 * @returns removes the listeners when it is disposed of
 * @throws TypeError when an argument is wrong
 */
export function shutdownOnSignal(pubsub: PubSub | readonly PubSub[], options: ShutdownOptions = {}): Disposable {
  rejectUnknownKeys("shutdownOnSignal", options, OPTIONS);
  const all = pubsub instanceof PubSub ? [pubsub] : [...pubsub];
  const signals = (options.signals ?? ["SIGTERM", "SIGINT"]).map(requireSignal);
  const readinessDelayMs = integerOption("readinessDelayMs", options.readinessDelayMs, READINESS_DELAY_LIMITS);
  const { timeoutMs } = options;
  if (timeoutMs !== undefined) integerOption("timeoutMs", timeoutMs, CLOSE_TIMEOUT_LIMITS);
  const onClosing = requireFunction("onClosing", options.onClosing ?? (() => {}));
  const onClosed = requireFunction("onClosed", options.onClosed ?? (() => {}));
  const exits = requireBoolean("exit", options.exit ?? true);

  const shutDown = async (): Promise<void> => {
    for (const one of all) one.announceClose();
    if (readinessDelayMs > 0) await pause(systemClock, readinessDelayMs);
    const lateMs = timeoutMs ?? CLOSE_TIMEOUT_LIMITS.default;
    await runShutdownHook("onClosing", () => inTime(onClosing, lateMs));
    await Promise.all(all.map((one) => one.close({ timeoutMs })));
    await runShutdownHook("onClosed", onClosed);
  };
  let begun = false;
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    if (begun) process.exit(128 + constants.signals[signal]);
    begun = true;
    const own = shutDown();
    underWay.add(own);
    await own;
    // By now the others have begun too.
    await Promise.all(underWay);
    // `process.exitCode` is 1 when something failed, here or in another call.
    if (exits) process.exit();
  };
  const listener = (signal: NodeJS.Signals): void => void onSignal(signal);
  for (const signal of signals) process.on(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}

function requireSignal(signal: NodeJS.Signals): NodeJS.Signals {
  const forbidden = signal === "SIGKILL" || signal === "SIGSTOP";
  if (Object.hasOwn(constants.signals, signal) && !forbidden) return signal;
  throw new TypeError(
    `signals contains ${shown(signal)}: must be names of signals that a process can handle, such as "SIGTERM"`,
  );
}
