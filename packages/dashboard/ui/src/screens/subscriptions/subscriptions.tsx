import type { JSX } from "preact";
import type { Overview } from "../../../../src/api/overview.ts";
import { replaceQuery } from "../../location.ts";
import { BrokerNumber } from "../../parts/broker-number.tsx";
import { FilterBar, filterOf } from "../../parts/filter-bar.tsx";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Rate, whyNoRate } from "../../parts/rate.tsx";
import { StateMark } from "../../parts/state-mark.tsx";
import { subscriptionRows, type SubscriptionRow } from "../../parts/subscription-rows.ts";
import { Trend } from "../../parts/trend.tsx";
import { usePolled } from "../../use-polled.ts";
import type { ScreenProps } from "../screen.ts";
import { nextSorting, sorted, type SortKey, type Sorting, sortingOf } from "./sorting.ts";

const EVERY_MS = 5000;

const COLUMNS: readonly {
  readonly key: SortKey;
  readonly title: string;
  readonly hint?: string;
  readonly isText?: boolean;
}[] = [
  { key: "name", title: "Subscription", isText: true },
  { key: "state", title: "State", isText: true },
  { key: "waiting", title: "Waiting", hint: "messages that no worker has, and that could be delivered now" },
  { key: "inFlight", title: "In flight", hint: "messages that a worker has and has not settled" },
  { key: "delayed", title: "Delayed", hint: "messages that wait for the delay of their retry" },
  { key: "oldestAgeMs", title: "Oldest", hint: "how long ago the oldest message was stored" },
  { key: "deadLetters", title: "Dead letters" },
  { key: "in", title: "In / min", hint: "published to its topic, as observed" },
  { key: "out", title: "Out / min", hint: "acknowledged, skipped or dead-lettered, as observed" },
];

const LESS_IMPORTANT: ReadonlySet<SortKey> = new Set(["inFlight", "delayed", "oldestAgeMs", "in", "out"]);

export function Subscriptions({ query }: ScreenProps): JSX.Element {
  const { value, error } = usePolled<Overview>("overview", { everyMs: EVERY_MS });
  const filter = filterOf(query);
  const rows = value === undefined ? [] : sorted(subscriptionRows(value, filter), sortingOf(query.get("sort")));
  return (
    <>
      <h1>Subscriptions</h1>
      {error !== undefined && <Notice kind="error">{error.message}</Notice>}
      <FilterBar filter={filter} />
      {value === undefined ? (
        error === undefined && <p class="quiet">Asking the broker…</p>
      ) : rows.length === 0 ? (
        <Nothing isDeclared={value.topics.some(({ subscriptions }) => subscriptions.length > 0)} />
      ) : (
        <SubscriptionTable overview={value} rows={rows} sorting={sortingOf(query.get("sort"))} />
      )}
    </>
  );
}

function SubscriptionTable({
  overview: { known, observed },
  rows,
  sorting,
}: {
  readonly overview: Overview;
  readonly rows: readonly SubscriptionRow[];
  readonly sorting: Sorting;
}): JSX.Element {
  return (
    <div class="wide">
      <table>
        <caption class="sr-only">Subscriptions, sorted by {sorting.by}</caption>
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <HeadCell key={column.key} column={column} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.path}>
              <th scope="row">
                <span class="quiet topic-part">{row.topic}/</span>
                <Link to={`/subscription?of=${row.path}`} label={row.path}>
                  {row.name}
                </Link>
              </th>
              <td title={row.problems.map(({ text }) => text).join("; ")}>
                <StateMark state={row.state} />
                <span class="sr-only">{row.problems.map(({ text }) => text).join("; ")}</span>
              </td>
              <td class="number">
                <Trend perMin={row.waitingTrendPerMin} /> <BrokerNumber field="waiting" source={row} known={known} />
              </td>
              {(["inFlight", "delayed", "oldestAgeMs"] as const).map((field) => (
                <td key={field} class="number less-important">
                  <BrokerNumber field={field} source={row} known={known} />
                </td>
              ))}
              <td class="number">
                <Link
                  to={`/letters?of=${row.path}`}
                  label={`dead letters of ${row.path}: ${row.numbers.deadLetters ?? "not known"}`}
                >
                  <BrokerNumber field="deadLetters" source={row} known={known} />
                </Link>
              </td>
              <td class="number less-important">
                <Rate perMin={row.inPerMin} why={whyNoRate(observed)} />
              </td>
              <td class="number less-important">
                <Rate perMin={row.outPerMin} why={whyNoRate(observed)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HeadCell({
  column: { key, title, hint, isText },
  sorting,
}: {
  readonly column: (typeof COLUMNS)[number];
  readonly sorting: Sorting;
}): JSX.Element {
  const isSorted = sorting.by === key;
  const sort = (): void => {
    const { by, direction } = nextSorting(sorting, key);
    replaceQuery("sort", `${by} ${direction}`);
  };
  const classes = `${isText === true ? "" : "number"}${LESS_IMPORTANT.has(key) ? " less-important" : ""}`;
  return (
    <th scope="col" class={classes} aria-sort={isSorted ? sorting.direction : "none"} title={hint}>
      <button type="button" class="sort" onClick={sort}>
        {title}
        <span aria-hidden="true">{isSorted ? (sorting.direction === "ascending" ? " ↑" : " ↓") : ""}</span>
      </button>
    </th>
  );
}

function Nothing({ isDeclared }: { readonly isDeclared: boolean }): JSX.Element {
  if (isDeclared) return <p>No subscription passes the filter.</p>;
  return (
    <p>
      No subscription is declared yet. Export one from a module of the declarations:{" "}
      <code>{'defineSubscription(Signups, "welcome")'}</code>.
    </p>
  );
}
