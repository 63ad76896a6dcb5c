import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterJobState } from "../../../../src/api/letters.ts";
import { post } from "../../api.ts";
import { shownCount, shownTime } from "../../parts/format.ts";
import { Notice } from "../../parts/notice.tsx";
import { refusalWords } from "../../parts/refusal-words.ts";

/** What a job has done so far, or in the end. */
export function JobLine({ job, onStop }: { readonly job: LetterJobState; readonly onStop: () => void }): JSX.Element {
  const [error, setError] = useState<string>();
  const stop = async (): Promise<void> => {
    try {
      await post("letters/stop", { id: job.id });
      onStop();
    } catch (caught) {
      setError(refusalWords(caught));
    }
  };
  if (job.ended !== null) return <EndedJob job={job} />;
  const verb = job.kind === "redrive" ? "Redriving" : "Purging";
  const most = job.expected ?? undefined;
  return (
    <div class="panel job">
      <label>
        {verb} for {job.user}: {shownCount(job.done)}
        {most !== undefined && ` of ${shownCount(most)}`}
        {job.perSecond !== null && `, at most ${shownCount(job.perSecond)} a second`}
        {job.state === "waiting" && " (waits until the letters are read)"}
        <progress max={most} value={most === undefined ? undefined : Math.min(job.done, most)} />
      </label>
      <button type="button" onClick={() => void stop()}>
        Stop
      </button>
      <span class="quiet">It goes on when you close this page.</span>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
    </div>
  );
}

function EndedJob({ job }: { readonly job: LetterJobState }): JSX.Element {
  const { kind, of, user, done, heldBack, state, error, ended } = job;
  const count = `${shownCount(done)} ${done === 1 ? "letter was" : "letters were"}`;
  const what = kind === "redrive" ? `${count} redriven to ${of}` : `${count} purged from ${of}`;
  const how = { done: "", stopped: ", then it was stopped", failed: `, then it failed: ${error ?? ""}` };
  return (
    <Notice kind={state === "failed" ? "error" : state === "stopped" ? "warning" : "done"}>
      {what}
      {how[state as keyof typeof how]}. {state === "failed" && "What was done is done: begin again to do the rest. "}
      {heldBack > 0 &&
        `${shownCount(heldBack)} ${heldBack === 1 ? "stays" : "stay"}: the subscription's filter does not let ${heldBack === 1 ? "it" : "them"} pass. `}
      <span class="quiet">
        By {user}, {shownTime(ended)}.
      </span>
    </Notice>
  );
}
