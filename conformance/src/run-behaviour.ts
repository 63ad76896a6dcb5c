import type { Behaviour, Need } from "./behaviour.ts";
import { Context } from "./context.ts";
import type { Harness } from "./harness.ts";
import type { BehaviourResult } from "./result.ts";
import { Violation } from "./violation.ts";
import { monotonicMs, withinDeadline } from "./wait.ts";

export interface RunBehaviourOptions {
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** How long `life.idle` idles, in ms; the catalogue asks for 600,000. @default 10,000 */
  readonly idleMs?: number | undefined;
}

const CLEANUP_MS = 30_000;
const IDLE_MS = 10_000;

/** Runs one behaviour in its own context. Never rejects: errors are in the result. */
export async function runBehaviour(
  behaviour: Behaviour,
  harness: Harness,
  options: RunBehaviourOptions,
): Promise<BehaviourResult> {
  const { id } = behaviour;
  const known = resultWithoutRunning(behaviour, harness);
  if (known !== undefined) return known;
  const quirk = harness.quirks.find(({ test }) => test === id);
  const startMs = monotonicMs();
  const failure = await attempt(behaviour, harness, options);
  const durationMs = Math.round(monotonicMs() - startMs);
  if (quirk !== undefined) {
    return failure === undefined
      ? {
          id,
          outcome: "stale-quirk",
          durationMs,
          quirk,
          detail: `this quirk no longer holds, remove it: ${quirk.reason}`,
        }
      : { id, outcome: "quirk", durationMs, quirk, detail: failure };
  }
  return failure === undefined
    ? { id, outcome: "proven", durationMs }
    : { id, outcome: "failed", durationMs, detail: `${failure}\nseed ${options.seed}` };
}

/** The result that is known without running: does not apply, cannot be shown with this harness, or must not run. */
export function resultWithoutRunning(behaviour: Behaviour, harness: Harness): BehaviourResult | undefined {
  const { id } = behaviour;
  const inapplicable = behaviour.requires(harness.capabilities, harness);
  if (inapplicable !== undefined) return { id, outcome: "not-applicable", durationMs: 0, detail: inapplicable };
  const lacking = lack(behaviour.needs, harness);
  if (lacking !== undefined) return { id, durationMs: 0, ...lacking };
  const quirk = harness.quirks.find(({ test }) => test === id);
  return quirk?.hangs ? { id, outcome: "quirk", durationMs: 0, quirk } : undefined;
}

function lack(needs: readonly Need[], harness: Harness): Pick<BehaviourResult, "outcome" | "detail"> | undefined {
  for (const need of needs) {
    const facility = need === "restart" || need === "freeze" ? "broker" : need;
    if (harness[facility] === undefined) {
      const excuse = harness.lacks?.[facility];
      return excuse === undefined
        ? { outcome: "failed", detail: `the harness has no ${facility}, and does not say in lacks.${facility} why` }
        : { outcome: "unproven", detail: `needs harness.${facility}: ${excuse}` };
    }
    if (need === "freeze" && harness.broker?.freeze === undefined) {
      return { outcome: "unproven", detail: `${harness.implementation} cannot be frozen here` };
    }
    if (need === "restart" && !harness.survivesRestart) {
      return { outcome: "unproven", detail: `${harness.implementation} loses everything when it ends` };
    }
  }
  return undefined;
}

/** The facilities with which a behaviour breaks something. */
const TO_BREAK: ReadonlySet<Need> = new Set<Need>(["broker", "process", "proxy", "restart", "freeze"]);

/** Returns what went wrong. */
async function attempt(
  behaviour: Behaviour,
  harness: Harness,
  options: RunBehaviourOptions,
): Promise<string | undefined> {
  const { id, timeoutMs } = behaviour;
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([over.signal, options.signal]);
  const faults = behaviour.needs.some((need) => TO_BREAK.has(need));
  const context = new Context(harness, { id, seed: options.seed, signal, idleMs: options.idleMs ?? IDLE_MS, faults });
  const limitMs = timeoutMs + (id === "life.idle" ? context.idleMs : 0);
  let failure: unknown;
  try {
    await withinDeadline(behaviour.run(context), `${id} to end`, { deadlineMs: limitMs, signal });
  } catch (error) {
    failure = error;
  }
  try {
    if (failure !== undefined) over.abort(new Violation("the behaviour is over"));
    await cleanUp(behaviour, harness, context);
    if (failure === undefined) context.assertInvariants();
  } catch (error) {
    failure ??= error;
  } finally {
    over.abort(new Violation("the behaviour is over"));
  }
  return failure === undefined ? undefined : told(failure);
}

async function cleanUp(behaviour: Behaviour, harness: Harness, context: Context): Promise<void> {
  const wait = { deadlineMs: CLEANUP_MS, signal: new AbortController().signal };
  if (behaviour.needs.includes("freeze")) await harness.broker?.thaw?.();
  if (behaviour.needs.includes("proxy")) await harness.proxy?.heal();
  if (behaviour.needs.includes("broker") || behaviour.needs.includes("restart")) await harness.broker?.start();
  await withinDeadline(context.closeAll(), "every connection to close", wait);
  await withinDeadline(context.destroyAll(), "everything declared to be deleted", wait);
}

function told(error: unknown): string {
  if (error instanceof Violation) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? `${String(error.code)} ` : "";
  return `${code}${error.stack ?? error.message}`;
}
