import type { LetterJobs, LetterJobState } from "../../../../src/api/letters.ts";
import { usePolled } from "../../use-polled.ts";

const EVERY_MS = 1000;

export interface JobOfQueue {
  /** The newest job of this subscription, whoever began it. */
  readonly job: LetterJobState | undefined;
  readonly look: () => void;
}

export function useJob(of: string): JobOfQueue {
  const { value, refresh } = usePolled<LetterJobs>("letters/jobs", { everyMs: EVERY_MS });
  return { job: value?.jobs.find((one) => one.of === of), look: refresh };
}
