import type { JSX } from "preact";
import type { CostOverview } from "../../../../src/api/cost.ts";
import { MONTHLY_BROKERS } from "../../../../src/cost/index.ts";
import { replaceQuery } from "../../location.ts";
import { shownDuration, shownTime } from "../../parts/format.ts";
import { amountOf } from "./amount.ts";
import { BROKER_WORDS } from "./broker-words.ts";
import { FigureInput } from "./figure-input.tsx";
import { enteredFigure, FIELDS, shownDefault } from "./figures.ts";

const MEASURED_FIELDS: ReadonlySet<string> = new Set(["messagesPerMonth", "bytes", "handlingMs", "retriesPerMessage"]);

/** What the visitor says of the load. Everything has a sensible beginning. */
export function LoadForm({
  query,
  overview: { topics, measured },
}: {
  readonly query: URLSearchParams;
  readonly overview: CostOverview;
}): JSX.Element {
  const isMeasured = measured !== null && query.get("entered") !== "1";
  const isFiltered = topics.some(({ subscriptions }) => subscriptions.some(({ filtered }) => filtered));
  const fields = FIELDS.filter(({ name }) => name !== "passes" || isFiltered);
  return (
    <form class="panel load-form" aria-label="Load" onSubmit={(event) => event.preventDefault()}>
      <h2>Load</h2>
      {measured !== null && (
        <fieldset class="plain">
          <legend class="sr-only">Where the figures come from</legend>
          <label>
            <input type="radio" name="source" checked={isMeasured} onChange={() => replaceQuery("entered", "")} />
            <span>
              As measured since {shownTime(measured.sinceMs)}, for {shownDuration(measured.measuredMs)}, and so all
              month
            </span>
          </label>
          <label>
            <input type="radio" name="source" checked={!isMeasured} onChange={() => replaceQuery("entered", "1")} />
            <span>As entered here</span>
          </label>
        </fieldset>
      )}
      <p class="quiet small">
        {isMeasured
          ? "Where nothing was measured, and for what cannot be measured, these figures count."
          : "For every topic and subscription; the table of topics changes single ones."}
      </p>
      <div class="figures">
        {fields.map(({ name, label, hint }) => (
          <FigureInput
            key={name}
            queryName={name}
            entered={enteredFigure(query, name)}
            placeholder={shownDefault(name)}
            label={label}
            hint={isMeasured && MEASURED_FIELDS.has(name) ? `${hint}; measured where it can be` : hint}
          />
        ))}
      </div>
      <fieldset class="plain">
        <legend>Brokers that are paid by the month</legend>
        <div class="figures">
          {MONTHLY_BROKERS.map((broker) => {
            const text = query.get(broker) ?? "";
            const isWrong = text.trim() !== "" && amountOf(text) === undefined;
            const problem = isWrong ? "must be a sum, such as 49" : undefined;
            return (
              <FigureInput
                key={broker}
                queryName={broker}
                entered={{ text, value: undefined, problem }}
                placeholder="sum"
                label={`${BROKER_WORDS[broker]}, a month`}
              />
            );
          })}
        </div>
      </fieldset>
      <Choice name="free" label="Subtract what is free each month (an account has it once)" query={query} />
      <Choice name="sends" label="Count what SNS sends to SQS as requests to SQS" query={query} />
    </form>
  );
}

function Choice({
  name,
  label,
  query,
}: {
  readonly name: string;
  readonly label: string;
  readonly query: URLSearchParams;
}): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={query.get(name) === "1"}
        onChange={(event) => replaceQuery(name, event.currentTarget.checked ? "1" : "")}
      />
      <span>{label}</span>
    </label>
  );
}
