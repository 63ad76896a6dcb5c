import type { JSX } from "preact";
import type { HistoryPoint, SubscriptionDetail } from "../../../../src/api/subscription-detail.ts";
import { shownCount } from "../../parts/format.ts";
import { Sparkline, type SparkPoint } from "../../parts/sparkline.tsx";

const HISTORY_MS = 15 * 60_000;

const LINES: readonly { readonly field: "waiting" | "inFlight" | "deadLetters"; readonly title: string }[] = [
  { field: "waiting", title: "Waiting" },
  { field: "inFlight", title: "In flight" },
  { field: "deadLetters", title: "Dead letters" },
];

/** Small lines of the last 15 minutes: numbers of the broker, and what its workers have ended. */
export function HistoryLines({ detail }: { readonly detail: SubscriptionDetail }): JSX.Element {
  const { history, observed } = detail;
  const known = LINES.filter(({ field }) => history.some((point) => point[field] !== null));
  return (
    <>
      {known.length === 0 && (
        <p>There are no numbers of the broker to draw: it does not tell them, or they could not be read.</p>
      )}
      {known.map(({ field, title }) => (
        <Chart key={field} title={title} points={placed(history, field)} />
      ))}
      {observed !== null && observed.ended.length > 0 && (
        <>
          <Chart title="Ended in 10 s" points={evenly(observed.ended)} />
          <Chart title="Failed in 10 s" points={evenly(observed.failed)} />
        </>
      )}
      <p class="quiet">Numbers of the broker are kept only while somebody looks.</p>
    </>
  );
}

function Chart({ title, points }: { readonly title: string; readonly points: readonly SparkPoint[] }): JSX.Element {
  const values = points.flatMap(({ value }) => value ?? []);
  const [most, last] = [Math.max(...values), values.at(-1)];
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        <span class="quiet">at most {shownCount(most)}</span>
      </figcaption>
      <Sparkline
        points={points}
        label={`${title}: now ${shownCount(last)}, at most ${shownCount(most)} in the last 15 minutes`}
      />
      <div class="ends" aria-hidden="true">
        <span>15 min ago</span>
        <span>now</span>
      </div>
    </figure>
  );
}

function placed(history: readonly HistoryPoint[], field: (typeof LINES)[number]["field"]): readonly SparkPoint[] {
  const end = history.at(-1)?.atMs ?? 0;
  return history.map((point) => ({ at: 1 - (end - point.atMs) / HISTORY_MS, value: point[field] }));
}

function evenly(values: readonly number[]): readonly SparkPoint[] {
  return values.map((value, index) => ({ at: index / Math.max(1, values.length - 1), value }));
}
