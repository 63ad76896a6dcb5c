import { hold } from "../wait.ts";
import type { ChaosWorld } from "./chaos-world.ts";
import type { Step } from "./schedule.ts";

const NEVER = new AbortController().signal;

/**
 * Does one step, waits as long as it lasts, and undoes it. Records both moments. A step whose process is not there at
 * that moment, because another step has just ended it, is left out.
 */
export async function performStep(world: ChaosWorld, step: Step, index: number): Promise<void> {
  const process = step.process === undefined ? undefined : world.handle(step.process)?.by;
  const line = { step: index, kind: step.kind, process: process ?? "" };
  world.history.write({ type: "step", ...line });
  try {
    await begin(world, step);
    await hold(step.forMs, NEVER);
  } finally {
    await undo(world, step);
    world.history.write({ type: "step-over", ...line });
  }
}

async function begin(world: ChaosWorld, { kind, process = "", forMs, amount = 0 }: Step): Promise<void> {
  const { broker, proxy } = world.harness;
  const actor = world.handle(process);
  switch (kind) {
    case "cut":
      return await proxy?.cut();
    case "half-open":
      return await proxy?.blackhole();
    case "delay":
      return await proxy?.delay(amount);
    case "slow":
      return await proxy?.slow?.(amount);
    case "truncate":
      return await proxy?.truncate?.(amount);
    case "reset":
      return await proxy?.resetPeers?.();
    case "freeze-broker":
      return await broker?.freeze?.();
    case "kill-broker":
      return await broker?.kill();
    case "fill-disk":
      return await broker?.fillDisk?.();
    case "kill":
      return await world.kill(process);
    case "stop":
      return actor?.signal?.("SIGSTOP");
    case "block":
      return actor?.send({ type: "block", forMs });
    case "set-clock":
      return actor?.send({ type: "set-clock", offsetMs: amount });
    case "close-worker":
      return actor?.send({ type: "close-worker", timeoutMs: amount, reopenAfterMs: forMs });
    case "end-process":
      return await world.end(process, amount);
    case "redrive":
      // In an outage it fails, and the letters stay.
      await world.redrive().catch(() => undefined);
      return undefined;
    default:
      return kind satisfies never;
  }
}

async function undo(world: ChaosWorld, { kind, process = "" }: Step): Promise<void> {
  const { broker, proxy } = world.harness;
  switch (kind) {
    case "cut":
    case "half-open":
    case "delay":
    case "slow":
    case "truncate":
    case "reset":
      return await proxy?.heal();
    case "freeze-broker":
      return await broker?.thaw?.();
    case "kill-broker":
      return await broker?.start();
    case "fill-disk":
      return await broker?.freeDisk?.();
    case "kill":
    case "end-process":
      return await world.restart(process);
    case "stop":
      return world.handle(process)?.signal?.("SIGCONT");
    case "set-clock":
      return world.handle(process)?.send({ type: "set-clock", offsetMs: 0 });
    case "block":
    case "close-worker":
    case "redrive":
      return undefined;
    default:
      return kind satisfies never;
  }
}
