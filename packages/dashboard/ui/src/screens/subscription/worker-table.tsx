import type { JSX } from "preact";
import type { WorkerHealth } from "../../../../src/api/subscription-detail.ts";
import { shownCount, shownDuration } from "../../parts/format.ts";

/** The workers of this process, one row for each and each connection. */
export function WorkerTable({ workers }: { readonly workers: readonly WorkerHealth[] }): JSX.Element | null {
  if (workers.length === 0) return null;
  return (
    <div class="wide">
      <table>
        <caption class="sr-only">Workers</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col" class="number" title="handlers that run, and how many may">
              Running
            </th>
            <th scope="col" class="number" title="messages that were fetched and have not started">
              Fetched
            </th>
            <th scope="col" class="number" title="handlers that were abandoned and have not returned">
              Abandoned
            </th>
            <th scope="col" class="number" title="how long ago it last started a message or learned that it receives">
              Progress
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker, index) => (
            <tr key={index}>
              <td>
                {worker.connection === "default" ? "" : `${worker.connection}: `}
                {worker.state}
                {notes(worker).map((note) => (
                  <div key={note}>{note}</div>
                ))}
              </td>
              <td class="number">
                {shownCount(worker.running)} of {shownCount(worker.capacity)}
              </td>
              <td class="number">{shownCount(worker.waiting)}</td>
              <td class="number">{shownCount(worker.abandoned)}</td>
              <td class="number">{shownDuration(worker.progressAgeMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function notes({ error, stuck, circuit, rate, longestBlockMs }: WorkerHealth): readonly string[] {
  return [
    error === null ? "" : error.message,
    stuck === null
      ? ""
      : `stuck: ${stuck === "handlers" ? "abandoned handlers do not return" : "it no longer asks the broker"}`,
    circuit === null || circuit.state === "closed"
      ? ""
      : `circuit ${circuit.state}${circuit.openForMs > 0 ? ` for ${shownDuration(circuit.openForMs)}` : ""}, ${circuit.failures} failures in a row`,
    rate === null || rate.fullForMs === 0 ? "" : `its rate is used up for ${shownDuration(rate.fullForMs)}`,
    longestBlockMs === 0 ? "" : `the event loop was blocked for ${shownDuration(longestBlockMs)}`,
  ].filter((note) => note !== "");
}
