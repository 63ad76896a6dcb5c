import type { JSX } from "preact";
import type { ObservedSubscription, Percentiles, SubscriptionCount } from "../../../../src/api/subscription-detail.ts";
import { shownCount, shownDuration } from "../../parts/format.ts";
import { Rate, whyNoRate } from "../../parts/rate.tsx";
import { visibleText } from "../../parts/visible-text.ts";
import { Unknown } from "../../parts/unknown.tsx";

const COUNTS: Readonly<Record<SubscriptionCount, string>> = {
  started: "Attempts started",
  acknowledged: "Acknowledged",
  retried: "Retries",
  deadLettered: "Dead-lettered",
  leaseLost: "Leases lost",
  released: "Released",
  skipped: "Skipped",
};

/** Rates, times and counts, as far as services tell them. */
export function ObservedFacts({
  observed,
  hasFilter,
}: {
  readonly observed: ObservedSubscription | null;
  readonly hasFilter: boolean;
}): JSX.Element {
  if (observed === null) {
    return (
      <p>
        Nobody tells what happens. Start the services with the observer to see rates, times and errors here:{" "}
        <code>{"connect({ observer: events.observe })"}</code>.
      </p>
    );
  }
  const { counts, services } = observed;
  return (
    <>
      <dl class="fact-list">
        <dt>Published to its topic</dt>
        <dd>
          <Rate perMin={observed.publishedPerMin} why={whyNoRate(true)} /> a minute
          {hasFilter && <span class="quiet"> (its filter takes a part of it)</span>}
        </dd>
        <dt>Started</dt>
        <dd>
          <Rate perMin={observed.startedPerMin} why={whyNoRate(true)} /> a minute
        </dd>
        <dt>Ended</dt>
        <dd>
          <Rate perMin={observed.endedPerMin} why={whyNoRate(true)} /> a minute
        </dd>
        <dt>Wait before the first attempt</dt>
        <dd>
          <Times percentiles={observed.waitMs} />
        </dd>
        <dt>Time in the handler</dt>
        <dd>
          <Times percentiles={observed.handlingMs} />
        </dd>
      </dl>
      {counts !== null && (
        <>
          <h3>Counts of 15 minutes</h3>
          <dl class="fact-list">
            {(Object.keys(COUNTS) as SubscriptionCount[]).map((count) => (
              <div key={count} class="fact">
                <dt>{COUNTS[count]}</dt>
                <dd>{shownCount(counts[count])}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <p class="quiet">
        {services.length > 0 ? `As told by ${services.map((service) => visibleText(service)).join(", ")}. ` : ""}
        Services without the observer are not in these numbers.
      </p>
    </>
  );
}

function Times({ percentiles }: { readonly percentiles: Percentiles | null }): JSX.Element {
  if (percentiles === null) return <Unknown why="nothing was measured in the last 5 minutes" />;
  const { p50, p95, count } = percentiles;
  return (
    <>
      p50 {shownDuration(p50)}, p95 {shownDuration(p95)} <span class="quiet">(of {shownCount(count)} in 5 min)</span>
    </>
  );
}
