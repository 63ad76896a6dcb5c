import type { Harness } from "../harness.ts";
import type { ChaosAbilities } from "./make-schedule.ts";
import { STEP_KINDS, type StepKind } from "./schedule.ts";

/** What a harness can do to its broker and to the clients of it. */
export function abilitiesOf(harness: Harness): ChaosAbilities {
  const { broker, proxy, capabilities, survivesRestart } = harness;
  const processes = harness.process !== undefined;
  const can: Record<StepKind, boolean> = {
    cut: proxy !== undefined,
    "half-open": proxy !== undefined,
    delay: proxy !== undefined,
    slow: proxy?.slow !== undefined,
    truncate: proxy?.truncate !== undefined,
    reset: proxy?.resetPeers !== undefined,
    "freeze-broker": broker?.freeze !== undefined && broker.thaw !== undefined,
    "kill-broker": broker !== undefined && survivesRestart,
    "fill-disk": broker?.fillDisk !== undefined && broker.freeDisk !== undefined,
    kill: processes,
    stop: processes,
    block: true,
    "set-clock": true,
    "close-worker": true,
    "end-process": true,
    redrive: true,
  };
  return { capabilities, kinds: STEP_KINDS.filter((kind) => can[kind]) };
}
