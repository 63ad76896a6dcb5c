import type { JSX } from "preact";
import type { DriftedDeclaration } from "../../../../src/api/plan.ts";

const VERBS = { create: "missing", update: "differs", replace: "cannot be changed in place" } as const;

const REMEDIES = {
  missing: "anytopic apply",
  incomplete: "anytopic apply --update",
  differs: "anytopic apply --update",
  "cannot-be-changed": "anytopic plan",
} as const;

/** How one declaration differs from the broker, and the command that mends it. */
export function DriftChanges({ drift }: { readonly drift: DriftedDeclaration }): JSX.Element {
  const { declaration, kind, state, changes } = drift;
  return (
    <div>
      <strong>
        {kind} {declaration}
      </strong>
      <ul class="drift-list">
        {changes.map(({ action, resource, detail, connection }) => (
          <li key={`${connection} ${resource} ${detail}`}>
            {VERBS[action]}: {resource}
            {connection === "default" ? "" : ` (connection ${connection})`}
            {detail === "" ? "" : `: ${detail}`}
          </li>
        ))}
      </ul>
      <p>
        {state === "cannot-be-changed" ? (
          <>
            Only destroying it, with its messages, and applying it again changes it. Read{" "}
            <code>anytopic plan {declaration}</code> first.
          </>
        ) : (
          <>
            Run <code>{`${REMEDIES[state]} ${declaration}`}</code>
          </>
        )}
      </p>
    </div>
  );
}
