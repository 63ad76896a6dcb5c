import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PauseAnswer, PauseRequest } from "../../../../src/api/pause-request.ts";
import type { SubscriptionDetail } from "../../../../src/api/subscription-detail.ts";
import type { Permission } from "../../../../src/options.ts";
import { post, RequestError } from "../../api.ts";
import { Notice } from "../../parts/notice.tsx";
import { counted } from "../../parts/format.ts";

interface PauseControlProps {
  readonly detail: SubscriptionDetail;
  readonly of: string;
  readonly can: readonly Permission[];
  readonly onDone: () => void;
}

/** Pauses and resumes the workers of this process; without one, it says what to do instead. */
export function PauseControl({ detail: { workers }, of, can, onDone }: PauseControlProps): JSX.Element {
  const [isBusy, setIsBusy] = useState(false);
  const [result, setResult] = useState<{ readonly kind: "done" | "error"; readonly text: string }>();
  if (workers.length === 0) {
    return (
      <p>
        There is none: the process of this dashboard does not handle this subscription, so it cannot pause it. Mount the
        dashboard in the application that does, or call <code>pubsub.pause(subscription)</code> there.
      </p>
    );
  }
  if (!can.includes("pause"))
    return <p>You are not allowed to pause or resume here: it needs the permission “pause”.</p>;
  const send = async (action: "pause" | "resume"): Promise<void> => {
    if (isBusy) return;
    setIsBusy(true);
    try {
      const request: PauseRequest = { of };
      const { workers: count } = await post<PauseAnswer>(action, request);
      setResult({ kind: "done", text: `${action === "pause" ? "Paused" : "Resumed"} ${counted(count, "worker")}.` });
    } catch (caught) {
      setResult({
        kind: "error",
        text: caught instanceof RequestError ? caught.message : "the dashboard's process does not answer",
      });
    }
    setIsBusy(false);
    onDone();
  };
  // Not `disabled`: that would take the focus away.
  const isPaused = workers.every(({ state }) => state === "paused");
  return (
    <>
      <p>
        <button type="button" aria-disabled={isBusy} onClick={() => void send(isPaused ? "resume" : "pause")}>
          {isPaused ? "Resume" : "Pause"}
        </button>{" "}
        <span class="quiet">
          {isPaused
            ? "They receive nothing until they are resumed."
            : "What has started is finished; what has not is released. Workers in other processes go on."}
        </span>
      </p>
      {result !== undefined && <Notice kind={result.kind}>{result.text}</Notice>}
    </>
  );
}
