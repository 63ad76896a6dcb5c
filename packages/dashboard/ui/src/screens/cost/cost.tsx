import "./cost.css";
import type { JSX } from "preact";
import type { CostOverview } from "../../../../src/api/cost.ts";
import { compareCosts, type CostComparison, LIST_PRICES } from "../../../../src/cost/index.ts";
import { Notice } from "../../parts/notice.tsx";
import { usePolled } from "../../use-polled.ts";
import type { ScreenProps } from "../screen.ts";
import { shownMoney } from "./amount.ts";
import { BROKER_WORDS } from "./broker-words.ts";
import { BrokerTable } from "./broker-table.tsx";
import { enteredLoad } from "./entered-load.ts";
import { LoadForm } from "./load-form.tsx";
import { PriceNotes } from "./price-notes.tsx";
import { TopicTable } from "./topic-table.tsx";

const EVERY_MS = 15_000;
/** What was measured for less than this says little about a month. */
const SHORT_MS = 600_000;

export function Cost({ query }: ScreenProps): JSX.Element {
  const { value, error } = usePolled<CostOverview>("cost", { everyMs: EVERY_MS });
  return (
    <>
      <h1>Cost</h1>
      {error !== undefined && <Notice kind="error">{error.message}</Notice>}
      {value === undefined ? (
        error === undefined && <p class="quiet">Reading the declarations…</p>
      ) : value.topics.length === 0 ? (
        <p>
          No topic is declared yet. Export one from a module of the declarations:{" "}
          <code>{'defineTopic("signups")'}</code>.
        </p>
      ) : (
        <Calculated query={query} overview={value} />
      )}
    </>
  );
}

function Calculated({
  query,
  overview,
}: {
  readonly query: URLSearchParams;
  readonly overview: CostOverview;
}): JSX.Element {
  const load = enteredLoad(query, overview);
  const comparison = compareCosts(load, LIST_PRICES);
  const { date, currency, region } = LIST_PRICES;
  return (
    <>
      <p class="quiet">
        What this load costs each month by the list prices of {date}, in {currency}: {region}.
      </p>
      <div class="cost-columns">
        <LoadForm query={query} overview={overview} />
        <div class="results">
          <div aria-live="polite" class="sr-only">
            {spoken(comparison, currency)}
          </div>
          <BrokerTable comparison={comparison} currency={currency} />
          <Remarks query={query} overview={overview} comparison={comparison} />
        </div>
        <TopicTable query={query} topics={load.topics} brokers={comparison.brokers} />
      </div>
      <PriceNotes list={LIST_PRICES} />
    </>
  );
}

/** What the numbers mean, in sentences. */
function Remarks({
  query,
  overview: { measured, observed },
  comparison: { brokers },
}: {
  readonly query: URLSearchParams;
  readonly overview: CostOverview;
  readonly comparison: CostComparison;
}): JSX.Element {
  const batched = brokers.flatMap(({ broker, monthly, unbatched, fullBatches }) =>
    monthly !== undefined && unbatched !== undefined && fullBatches !== undefined && unbatched > fullBatches * 1.01
      ? [{ broker, monthly, unbatched, fullBatches }]
      : [],
  );
  const isShort = measured !== null && measured.measuredMs < SHORT_MS && query.get("entered") !== "1";
  return (
    <div class="remarks">
      {batched.map(({ broker, monthly, unbatched, fullBatches }) => (
        <p key={broker}>
          <strong>{BROKER_WORDS[broker]}:</strong> {shownMoney(unbatched)} with one message in each request,{" "}
          {shownMoney(fullBatches)} with ten. This load: {shownMoney(monthly)}.
        </p>
      ))}
      {isShort && (
        <Notice kind="warning">It was measured for less than ten minutes, which says little about a month.</Notice>
      )}
      {measured === null && (
        <p class="quiet">
          {observed
            ? "Nothing was observed yet, so the figures of the form count."
            : "No service reports its events, so nothing is measured and the figures of the form count: give dashboard() the option events."}
        </p>
      )}
    </div>
  );
}

function spoken({ brokers, cheapest }: CostComparison, currency: string): string {
  const known = brokers.filter(({ monthly }) => monthly !== undefined);
  const sums = known.map(({ broker, monthly }) => `${BROKER_WORDS[broker]} ${shownMoney(monthly)} ${currency}`);
  return `${sums.join(", ")}${cheapest === undefined ? "" : `; the cheapest is ${BROKER_WORDS[cheapest]}`}`;
}
