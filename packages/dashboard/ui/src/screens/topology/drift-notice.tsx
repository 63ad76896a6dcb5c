import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DriftSummary } from "../../../../src/api/overview.ts";
import type { DriftedDeclaration, Plan } from "../../../../src/api/plan.ts";
import { get, RequestError } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { shownTime } from "../../parts/format.ts";
import { DriftChanges } from "./drift-changes.tsx";
import { counted } from "../../parts/format.ts";

/** Whether the broker has what is declared; nothing when it has. */
export function DriftNotice({
  drift,
  onCompared,
}: {
  readonly drift: DriftSummary;
  readonly onCompared: () => void;
}): JSX.Element | null {
  const [plan, setPlan] = useState<Plan | RequestError>();
  const [isAsking, setIsAsking] = useState(false);
  const ask = async (query: Readonly<Record<string, string>>): Promise<void> => {
    if (isAsking) return;
    setIsAsking(true);
    setPlan(await get<Plan>("plan", query).catch((error: RequestError) => error));
    setIsAsking(false);
    onCompared();
  };
  if (plan === undefined && drift.count === 0 && drift.error === null) return null;
  return (
    <div class="notice warning drift" role="status">
      <p class="summary">
        {drift.count > 0 &&
          `${counted(drift.count, "declaration")} ${drift.count === 1 ? "differs" : "differ"} from the broker. `}
        {drift.error !== null && `Declarations could not be compared with the broker: ${drift.error.message} `}
        {drift.count === 0 && drift.error === null && "The broker has everything as declared. "}
      </p>
      <button type="button" onClick={() => void ask({})}>
        Show differences
      </button>{" "}
      <button type="button" aria-disabled={isAsking} onClick={() => void ask({ fresh: "1" })}>
        Compare again
      </button>
      {plan !== undefined && <PlanDialog plan={plan} onClose={() => setPlan(undefined)} />}
    </div>
  );
}

function PlanDialog({
  plan,
  onClose,
}: {
  readonly plan: Plan | RequestError;
  readonly onClose: () => void;
}): JSX.Element {
  return (
    <Dialog title="Declarations and broker" onClose={onClose}>
      {plan instanceof RequestError ? <p>{plan.message}</p> : <PlanText plan={plan} />}
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

function PlanText({ plan }: { readonly plan: Plan }): JSX.Element {
  const { declarations, failures, blindSpots, comparedAtMs } = plan;
  return (
    <>
      <p class="quiet">Compared at {shownTime(comparedAtMs)}.</p>
      {declarations.length === 0 && failures.length === 0 && <p>The broker has everything as declared.</p>}
      {declarations.map((one: DriftedDeclaration) => (
        <DriftChanges key={one.declaration} drift={one} />
      ))}
      {failures.map(({ connections, message }) => (
        <p key={connections.join()}>
          Connection {connections.join(", ")} could not be compared: {message}
        </p>
      ))}
      {blindSpots.map(({ connection, text }) => (
        <p key={connection} class="quiet">
          Connection {connection}: {text}
        </p>
      ))}
    </>
  );
}
