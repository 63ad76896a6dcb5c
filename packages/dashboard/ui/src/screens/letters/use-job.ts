import { useEffect, useRef } from "preact/hooks";
import type { LetterJobs, LetterJobState } from "../../../../src/api/letters.ts";
import { usePolled } from "../../use-polled.ts";

const EVERY_MS = 1000;

export interface JobOfQueue {
  /** The newest job of this subscription, whoever began it. */
  readonly job: LetterJobState | undefined;
  readonly look: () => void;
}

/** @param onEnd called when a job that was seen running has ended */
export function useJob(of: string, onEnd: () => void): JobOfQueue {
  const { value, refresh } = usePolled<LetterJobs>("letters/jobs", { everyMs: EVERY_MS });
  const job = value?.jobs.find((one) => one.of === of);
  const running = useRef("");
  useEffect(() => {
    if (job === undefined) return;
    if (job.ended === null) running.current = job.id;
    else if (running.current === job.id) {
      running.current = "";
      onEnd();
    }
  }, [job?.id, job?.ended]);
  return { job, look: refresh };
}
