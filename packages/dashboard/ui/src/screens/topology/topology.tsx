import "./topology.css";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Overview } from "../../../../src/api/overview.ts";
import { replaceQuery } from "../../location.ts";
import { FilterBar, filterOf } from "../../parts/filter-bar.tsx";
import { Notice } from "../../parts/notice.tsx";
import { STATE_WORDS, StateMark } from "../../parts/state-mark.tsx";
import { hasTrouble, topicRows } from "../../parts/subscription-rows.ts";
import { useWidth } from "../../parts/use-width.ts";
import { usePolled } from "../../use-polled.ts";
import type { ScreenProps } from "../screen.ts";
import { DiagramView } from "./diagram-view.tsx";
import { DriftNotice } from "./drift-notice.tsx";
import { counted } from "../../parts/format.ts";
import { layoutOf } from "./layout.ts";
import { TopologyTable } from "./topology-table.tsx";

export const OVERVIEW_EVERY_MS = 5000;
/** Narrower than this, the diagram would be unreadable. */
const MIN_WIDTH = 700;

export function Topology({ query }: ScreenProps): JSX.Element {
  const { value, error, refresh } = usePolled<Overview>("overview", { everyMs: OVERVIEW_EVERY_MS });
  return (
    <>
      <h1>Topology</h1>
      {error !== undefined && <Notice kind="error">{error.message}</Notice>}
      {value === undefined ? (
        error === undefined && <p class="quiet">Asking the broker…</p>
      ) : value.topics.length === 0 ? (
        <NothingDeclared />
      ) : (
        <TopologyOf overview={value} query={query} refresh={refresh} />
      )}
    </>
  );
}

function TopologyOf({
  overview,
  query,
  refresh,
}: {
  readonly overview: Overview;
  readonly query: URLSearchParams;
  readonly refresh: () => void;
}): JSX.Element {
  const filter = filterOf(query);
  const [place, width] = useWidth<HTMLDivElement>();
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const topics = useMemo(() => topicRows(overview, filter), [overview, filter.text, filter.onlyProblems]);
  const isTable = query.get("as") === "table" || width < MIN_WIDTH;
  return (
    <>
      <Summary overview={overview} />
      {overview.unavailable === null && <DriftNotice drift={overview.drift} onCompared={refresh} />}
      <FilterBar filter={filter}>
        <span class="forms" role="group" aria-label="Form">
          <button type="button" aria-pressed={!isTable} onClick={() => replaceQuery("as", "")}>
            Diagram
          </button>
          <button type="button" aria-pressed={isTable} onClick={() => replaceQuery("as", "table")}>
            Table
          </button>
        </span>
      </FilterBar>
      <div ref={place}>
        {topics.length === 0 ? (
          <p>
            {filter.onlyProblems && filter.text === "" ? "No subscription has a problem." : "Nothing has this name."}
          </p>
        ) : isTable ? (
          <TopologyTable overview={overview} topics={topics} />
        ) : (
          width > 0 && (
            <DiagramView
              diagram={layoutOf({ overview, topics, width, unfolded })}
              width={width}
              onUnfold={(topic) => setUnfolded(new Set([...unfolded, topic]))}
            />
          )
        )}
      </div>
      {!isTable && topics.length > 0 && <Legend isObserved={overview.observed} />}
    </>
  );
}

/** Read aloud when it changes. */
function Summary({ overview: { topics, unavailable } }: { readonly overview: Overview }): JSX.Element {
  const all = topics.flatMap(({ subscriptions }) => subscriptions);
  const what = `${counted(topics.length, "topic")}, ${counted(all.length, "subscription")}`;
  return (
    <p class="summary" role="status">
      {what}: {troubleWords(all.filter(hasTrouble).length, unavailable !== null)}.
    </p>
  );
}

function troubleWords(troubled: number, isBrokerAway: boolean): string {
  if (troubled > 0) return `${troubled} ${troubled === 1 ? "needs" : "need"} a look`;
  return isBrokerAway ? "the broker is away, so nothing is known of them" : "no problem is known";
}

function Legend({ isObserved }: { readonly isObserved: boolean }): JSX.Element {
  return (
    <ul class="legend" aria-label="Legend">
      {(Object.keys(STATE_WORDS) as (keyof typeof STATE_WORDS)[]).map((state) => (
        <li key={state}>
          <StateMark state={state} />
        </li>
      ))}
      <li>
        {isObserved
          ? "the wider a line, the more events a minute"
          : "lines have no width: start the services with the observer to see rates"}
      </li>
    </ul>
  );
}

function NothingDeclared(): JSX.Element {
  return (
    <div class="panel">
      <p>No topic is declared yet.</p>
      <p>
        Export topics and subscriptions from a module, <code>defineTopic("signups")</code> and{" "}
        <code>defineSubscription(Signups, "welcome")</code>, and name the module under <code>declarations</code> in the
        configuration, or give them to <code>{"dashboard({ declarations })"}</code>.
      </p>
    </div>
  );
}
