import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LettersOverview } from "../../../../src/api/letters.ts";
import { shownCount, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Unknown } from "../../parts/unknown.tsx";
import { usePolled } from "../../use-polled.ts";
import { lettersAddress } from "./addresses.ts";
import { RunningJobs } from "./running-jobs.tsx";

const EVERY_MS = 15_000;

/** All subscriptions with letters. */
export function LettersOverviewView(): JSX.Element {
  const { value, error } = usePolled<LettersOverview>("letters", { everyMs: EVERY_MS });
  const [showsAll, setShowsAll] = useState(false);
  const rows = value?.rows ?? [];
  const sorted = rows.toSorted((one, other) => (other.count ?? 0) - (one.count ?? 0));
  const empty = rows.filter(({ count }) => count === 0).length;
  const shown = showsAll ? sorted : sorted.filter(({ count }) => count !== 0);
  return (
    <>
      <h1>Dead letters</h1>
      <p class="quiet">
        Messages that no worker will get again, because their handler rejected them, or failed too often. Open a
        subscription to see why, and to send them back to it.
      </p>
      <RunningJobs />
      {error !== undefined && <Notice kind="error">The numbers cannot be read: {error.message}</Notice>}
      {value !== undefined && rows.length === 0 && (
        <Notice kind="warning">No subscription is declared: give the dashboard your declarations.</Notice>
      )}
      {value === undefined && error === undefined && <p>Reading the numbers…</p>}
      {rows.length > 0 && shown.length === 0 && (
        <Notice kind="done">There are no dead letters in any of {shownCount(rows.length)} subscriptions.</Notice>
      )}
      {shown.length > 0 && <OverviewTable rows={shown} />}
      {empty > 0 && (
        <button type="button" aria-pressed={showsAll} onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? "Hide" : "Show"} {shownCount(empty)} {empty === 1 ? "subscription" : "subscriptions"} without
          letters
        </button>
      )}
    </>
  );
}

function OverviewTable({ rows }: Pick<LettersOverview, "rows">): JSX.Element {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">Subscription</th>
            <th scope="col" class="number">
              Letters
            </th>
            <th scope="col">Newest failure</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ of, count, exactly, newest, why }) => (
            <tr key={of}>
              <th scope="row">
                <Link to={lettersAddress({ of })}>{of}</Link>
              </th>
              <td class="number">
                {count === null ? (
                  <Unknown why={why ?? ""} />
                ) : (
                  `${exactly || count === 0 ? "" : "about "}${shownCount(count)}`
                )}
              </td>
              <td>
                {newest === null ? <Unknown why="known when its letters were read: open it" /> : shownTime(newest)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
