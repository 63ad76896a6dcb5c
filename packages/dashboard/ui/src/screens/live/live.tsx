import "./live.css";
import "../../parts/parts.css";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { EventBatch } from "../../../../src/api/event-batch.ts";
import { useRedraw } from "../../parts/use-redraw.ts";
import { type StreamState, useStream } from "../../parts/use-stream.ts";
import type { ScreenProps } from "../screen.ts";
import { chosenGroups, EVENT_GROUPS, typesOf } from "./event-groups.ts";
import { EventList, MOST_ROWS } from "./event-list.ts";
import { eventRow } from "./event-row.tsx";
import { LiveFilter } from "./live-filter.tsx";

/** What happens now. */
export function Live({ query }: ScreenProps): JSX.Element {
  const groups = chosenGroups(query);
  const address = streamAddress(query, groups);
  const list = useMemo(() => new EventList(), [address]);
  const redraw = useRedraw();
  const state = useStream(groups.length === 0 ? undefined : address, (batch) => {
    list.add(batch as EventBatch);
    redraw();
  });
  const { rows, isStill, heldCount, missed, restarted } = list;
  const turn = (): void => {
    if (isStill) list.goOn();
    else list.standStill();
    redraw();
  };
  return (
    <>
      <h1>Live</h1>
      <LiveFilter query={query} groups={groups}>
        <button type="button" class="still" aria-pressed={isStill} onClick={turn}>
          {isStill ? "Resume the list" : "Pause the list"}
        </button>
      </LiveFilter>
      <p class="live-state" role="status">
        <StateWords state={state} /> {isStill && <>The list is paused; {heldCount.toLocaleString("en-US")} new. </>}
        {missed > 0 && <>{missed.toLocaleString("en-US")} events were too many to be shown. </>}
        {restarted && <>The dashboard was started again: what happened meanwhile is not known. </>}
      </p>
      <Rates list={list} groups={groups} />
      {rows.length === 0 ? <Empty /> : null}
      {rows.length > 0 && (
        <div class="wide">
          <table class="live">
            <thead>
              <tr>
                <th scope="col" class="number">
                  Time
                </th>
                <th scope="col">Event</th>
                <th scope="col">Topic or subscription</th>
                <th scope="col">Message</th>
                <th scope="col">Detail</th>
                <th scope="col" class="less-important">
                  Service
                </th>
              </tr>
            </thead>
            <tbody>{rows.map(eventRow)}</tbody>
          </table>
        </div>
      )}
      {rows.length === MOST_ROWS && <p class="quiet">The newest {MOST_ROWS} are shown.</p>}
    </>
  );
}

function streamAddress(query: URLSearchParams, groups: readonly string[]): string {
  const asked = new URLSearchParams({ last: String(MOST_ROWS), types: typesOf(groups).join(",") });
  for (const name of ["topic", "subscription", "text"]) {
    const value = query.get(name) ?? "";
    if (value !== "") asked.set(name, value);
  }
  return `events?${asked.toString()}`;
}

function StateWords({ state }: { readonly state: StreamState }): JSX.Element {
  if (state === "lost") return <strong class="is-problem">The dashboard does not answer; trying again.</strong>;
  return <>{state === "live" ? "Live." : "Connecting …"}</>;
}

function Rates({ list, groups }: { readonly list: EventList; readonly groups: readonly string[] }): JSX.Element {
  const rates = list.rates();
  return (
    <dl class="rates">
      {EVENT_GROUPS.filter(({ name }) => groups.includes(name)).map(({ name, title, types }) => (
        <div key={name}>
          <dt>{title}</dt>
          <dd>{shownPerSecond(types.reduce((sum, type) => sum + (rates.get(type) ?? 0), 0))}</dd>
        </div>
      ))}
    </dl>
  );
}

function shownPerSecond(rate: number): string {
  const rounded = rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
  return `${rounded.toLocaleString("en-US")}/s`;
}

function Empty(): JSX.Element {
  return (
    <div class="panel">
      <p>
        <strong>Nothing has happened yet</strong> that this page was told of, or the filter leaves it out.
      </p>
      <p>
        Events come from the processes themselves, not from the broker. In the process of the dashboard:{" "}
        <code>connect(…, {"{ instrumentation: [events] }"})</code> with <code>const events = dashboardEvents()</code>,
        and <code>dashboard({"{ events, … }"})</code>. In other services:{" "}
        <code>connect(…, {'{ instrumentation: [sendToDashboard({ service: "orders" })] }'})</code>, started with the
        variable <code>ANYTOPIC_DASHBOARD</code> that <code>anytopic dashboard</code> prints.
      </p>
    </div>
  );
}
