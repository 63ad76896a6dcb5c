import type { Capabilities } from "@anytopic/core";
import type { JSX } from "preact";
import type { ConnectionDetail } from "../../../../src/api/connections.ts";
import { CAPABILITY_ROWS } from "./capability-rows.ts";

const GROUPS = [...new Set(CAPABILITY_ROWS.map(({ group }) => group))];

/** What each connection can do. Rows in which they differ are marked. */
export function CapabilityTable({
  connections,
}: {
  readonly connections: readonly ConnectionDetail[];
}): JSX.Element | null {
  const known = connections.flatMap(({ name, capabilities }) =>
    capabilities === null ? [] : [{ name, capabilities }],
  );
  if (known.length === 0) return null;
  return (
    <section aria-labelledby="capabilities">
      <h2 id="capabilities">What each can do</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Capability</th>
              {known.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          {GROUPS.map((group) => (
            <CapabilityGroup key={group} group={group} known={known} />
          ))}
        </table>
      </div>
    </section>
  );
}

function CapabilityGroup({
  group,
  known,
}: {
  readonly group: string;
  readonly known: readonly { readonly name: string; readonly capabilities: Capabilities }[];
}): JSX.Element {
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={known.length + 1}>
          {group}
        </th>
      </tr>
      {CAPABILITY_ROWS.filter((row) => row.group === group).map(({ title, shown }) => {
        const texts = known.map(({ capabilities }) => shown(capabilities));
        const differs = new Set(texts).size > 1;
        return (
          <tr key={title} class={differs ? "differs" : ""}>
            <th scope="row" class="capability-name">
              {title}
              {differs && (
                <span title="the connections differ in this">
                  <span aria-hidden="true"> ≠</span>
                  <span class="sr-only"> (they differ)</span>
                </span>
              )}
            </th>
            {texts.map((text, index) => (
              <td key={known[index]?.name}>{text}</td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}
