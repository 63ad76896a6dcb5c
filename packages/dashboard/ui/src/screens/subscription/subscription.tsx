import "./subscription.css";
import type { JSX } from "preact";
import type { Numbers } from "../../../../src/api/numbers.ts";
import type { SubscriptionDetail } from "../../../../src/api/subscription-detail.ts";
import { BrokerNumber } from "../../parts/broker-number.tsx";
import { shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { StateMark } from "../../parts/state-mark.tsx";
import { Trend } from "../../parts/trend.tsx";
import { usePolled } from "../../use-polled.ts";
import type { ScreenProps } from "../screen.ts";
import { DriftChanges } from "../topology/drift-changes.tsx";
import { ErrorList } from "./error-list.tsx";
import { HistoryLines } from "./history-lines.tsx";
import { ObservedFacts } from "./observed-facts.tsx";
import { PauseControl } from "./pause-control.tsx";
import { SettingList } from "./setting-list.tsx";
import { WorkerTable } from "./worker-table.tsx";

const EVERY_MS = 5000;

const NUMBERS: readonly { readonly field: keyof Numbers; readonly title: string }[] = [
  { field: "waiting", title: "Waiting" },
  { field: "inFlight", title: "In flight" },
  { field: "delayed", title: "Delayed" },
  { field: "oldestAgeMs", title: "Oldest" },
  { field: "deadLetters", title: "Dead letters" },
];

export function Subscription({ session, query }: ScreenProps): JSX.Element {
  const of = query.get("of") ?? "";
  const { value, error, refresh } = usePolled<SubscriptionDetail>("subscription", { query: { of }, everyMs: EVERY_MS });
  // Another subscription is asked for than the one that was shown.
  const detail = value !== undefined && `${value.topic}/${value.name}` === of ? value : undefined;
  return (
    <>
      <p class="summary">
        <Link to="/subscriptions">All subscriptions</Link>
      </p>
      <h1>
        <span class="quiet">{of.split("/")[0]}/</span>
        {of.split("/")[1]} {detail !== undefined && <StateMark state={detail.state} />}
      </h1>
      {error !== undefined && <Notice kind="error">{error.message}</Notice>}
      {detail === undefined ? (
        error === undefined && <p class="quiet">Asking the broker…</p>
      ) : (
        <SubscriptionOf detail={detail} of={of} session={session} refresh={refresh} />
      )}
    </>
  );
}

function SubscriptionOf({
  detail,
  of,
  session,
  refresh,
}: {
  readonly detail: SubscriptionDetail;
  readonly of: string;
  readonly session: ScreenProps["session"];
  readonly refresh: () => void;
}): JSX.Element {
  const { problems, known, numbers, drift } = detail;
  const shownProblems = problems.filter(({ kind }) => kind !== "paused" && kind !== "drift");
  return (
    <>
      {shownProblems.map(({ kind, text }) => (
        <Notice key={kind} kind="warning">
          {text}
          {kind === "letters" && (
            <>
              {": "}
              <Link to={`/letters?of=${of}`}>see why, and send them back</Link>
            </>
          )}
        </Notice>
      ))}
      {drift !== null && (
        <div class="notice warning">
          <DriftChanges drift={drift} />
        </div>
      )}
      <dl class="tiles">
        {NUMBERS.map(({ field, title }) => (
          <div key={field}>
            <dt>{title}</dt>
            <dd>
              {field === "deadLetters" && numbers.deadLetters !== null ? (
                <Link to={`/letters?of=${of}`} label={`${numbers.deadLetters} dead letters`}>
                  <BrokerNumber field={field} source={detail} known={known} />
                </Link>
              ) : (
                <BrokerNumber field={field} source={detail} known={known} />
              )}{" "}
              {field === "waiting" && <Trend perMin={detail.waitingTrendPerMin} />}
            </dd>
          </div>
        ))}
      </dl>
      <p class="quiet">
        {detail.error === null
          ? detail.readAtMs !== null &&
            `Read at ${shownTime(detail.readAtMs)}; the broker is asked at most every ${Math.round(detail.everyMs / 1000)} s.`
          : `The numbers could not be read: ${detail.error.message}`}
      </p>
      <div class="columns">
        <section class="panel" aria-labelledby="workers">
          <h2 id="workers">Workers in this process</h2>
          <PauseControl detail={detail} of={of} can={session.can} onDone={refresh} />
          <WorkerTable workers={detail.workers} />
        </section>
        <section class="panel" aria-labelledby="observed">
          <h2 id="observed">What its workers do</h2>
          <ObservedFacts observed={detail.observed} hasFilter={detail.settings.filter !== null} />
        </section>
        <section class="panel" aria-labelledby="history">
          <h2 id="history">Last 15 minutes</h2>
          <HistoryLines detail={detail} />
        </section>
        <section class="panel" aria-labelledby="settings">
          <h2 id="settings">Settings</h2>
          <SettingList detail={detail} />
        </section>
      </div>
      <section aria-labelledby="errors">
        <h2 id="errors">Last errors</h2>
        <p>
          <Link to={`/live?topic=${detail.topic}&subscription=${detail.name}`}>Watch what happens now</Link>
        </p>
        <ErrorList observed={detail.observed} />
      </section>
    </>
  );
}
