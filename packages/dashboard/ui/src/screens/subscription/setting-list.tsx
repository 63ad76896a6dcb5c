import type { JSX } from "preact";
import type { SubscriptionDetail, SubscriptionSettings } from "../../../../src/api/subscription-detail.ts";
import { shownCount, shownDuration } from "../../parts/format.ts";

type Names = readonly (keyof SubscriptionSettings)[];

/** What is in force, and what of it the configuration says. */
export function SettingList({ detail }: { readonly detail: SubscriptionDetail }): JSX.Element {
  const { settings, filterPlaces, connections } = detail;
  const rows: readonly { readonly title: string; readonly text: string; readonly of: Names }[] = [
    { title: "Ack deadline", text: shownDuration(settings.ackDeadlineMs), of: ["ackDeadlineMs"] },
    {
      title: "Handlers at a time",
      text: `${shownCount(settings.maxConcurrency)} in each worker`,
      of: ["maxConcurrency"],
    },
    { title: "Longest attempt", text: shownDuration(settings.maxHandlingMs), of: ["maxHandlingMs"] },
    { title: "Retries", text: retriesText(settings), of: ["maxRetries", "minBackoffMs", "maxBackoffMs", "jitter"] },
    {
      title: "Expired messages",
      text: settings.onExpired === "drop" ? "are dropped" : "become dead letters",
      of: ["onExpired"],
    },
    { title: "Rate", text: rateText(settings.rate), of: ["rate"] },
    { title: "Circuit", text: circuitText(settings.circuit), of: ["circuit"] },
    { title: "Order", text: settings.ordered ? "by ordering key" : "none", of: [] },
    { title: "Guarantee", text: settings.deliveryGuarantee, of: [] },
    {
      title: "Kept",
      text: `${shownDuration(settings.retentionMs)}${settings.replay ? ", also what was handled (replay)" : ""}`,
      of: [],
    },
    { title: "Codec", text: `${settings.codec}${settings.hasSchema ? ", checked by a schema" : ""}`, of: [] },
    { title: "Connection", text: connections.length === 0 ? "–" : connections.join(", "), of: [] },
  ];
  return (
    <dl class="fact-list">
      {rows.map(({ title, text, of }) => (
        <div key={title} class="fact">
          <dt>{title}</dt>
          <dd>
            {text}
            {of.some((name) => settings.configured.includes(name)) && (
              <span class="quiet"> (from the configuration)</span>
            )}
          </dd>
        </div>
      ))}
      <div class="fact">
        <dt>Filter</dt>
        <dd>
          {settings.filter === null ? (
            "none: it takes every message"
          ) : (
            <>
              <code>{JSON.stringify(settings.filter)}</code>
              {settings.configured.includes("filter") && <span class="quiet"> (from the configuration)</span>}
              {(filterPlaces ?? []).map(({ connection, appliedBy, reason }) => (
                <div key={connection}>
                  {appliedBy === "broker"
                    ? "The broker applies it, so the rest is not delivered."
                    : `Workers apply it: the rest is delivered to them and acknowledged. ${reason ?? ""}`}
                  {connection === "default" ? "" : ` (connection ${connection})`}
                </div>
              ))}
              {filterPlaces === null && (
                <div class="quiet">Where it is applied is not known while there is no connection.</div>
              )}
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}

function retriesText({ maxRetries, minBackoffMs, maxBackoffMs }: SubscriptionSettings): string {
  if (maxRetries === 0) return "none: the first failure is a dead letter";
  const count = maxRetries === null ? "without end" : `${shownCount(maxRetries)}, then a dead letter`;
  return `${count}; after ${shownDuration(minBackoffMs)}, doubled each time up to ${shownDuration(maxBackoffMs)}`;
}

function rateText(rate: SubscriptionSettings["rate"]): string {
  return rate === null
    ? "no limit"
    : `${shownCount(rate.max)} attempts in ${shownDuration(rate.perMs)}, in each worker`;
}

function circuitText(circuit: SubscriptionSettings["circuit"]): string {
  if (circuit === null) return "none";
  const { failures, openMs, maxOpenMs } = circuit;
  return `opens after ${shownCount(failures)} failures in a row, for ${shownDuration(openMs)} to ${shownDuration(maxOpenMs)}`;
}
