import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { BrokerCost, TopicLoad } from "../../../../src/cost/index.ts";
import { replaceQuery } from "../../location.ts";
import { shownMoney, shownWhole } from "./amount.ts";
import { BROKER_WORDS } from "./broker-words.ts";
import { CostLines } from "./cost-lines.tsx";
import { OF_TOPIC, topicKey } from "./entered-load.ts";
import { FigureInput } from "./figure-input.tsx";
import { enteredFigure } from "./figures.ts";

const WORDS = { messagesPerMonth: "Messages a month", bytes: "Bytes of a message" } as const;

/** What each topic costs, with its own figures, and its lines on demand. */
export function TopicTable({
  query,
  topics,
  brokers,
}: {
  readonly query: URLSearchParams;
  readonly topics: readonly TopicLoad[];
  readonly brokers: readonly BrokerCost[];
}): JSX.Element {
  const [open, setOpen] = useState<string>();
  const filter = query.get("filter") ?? "";
  const shown = topics.filter(({ name }) => name.includes(filter.trim().toLowerCase()));
  const calculated = brokers.filter(({ unbatched }) => unbatched !== undefined);
  return (
    <section class="topics" aria-labelledby="cost-topics">
      <div class="toolbar">
        <h2 id="cost-topics">Topics</h2>
        {topics.length > 10 && (
          <label>
            <span class="sr-only">Filter by name</span>
            <input
              type="search"
              placeholder="Filter by name"
              value={filter}
              onInput={(event) => replaceQuery("filter", event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      <div class="wide">
        <table class="topic-costs">
          <thead>
            <tr>
              <th scope="col">Topic</th>
              {OF_TOPIC.map((name) => (
                <th key={name} scope="col" class="number">
                  {WORDS[name]}
                </th>
              ))}
              {calculated.map(({ broker }) => (
                <th key={broker} scope="col" class="number">
                  {BROKER_WORDS[broker]}
                </th>
              ))}
              <th scope="col">
                <span class="sr-only">Lines of the bill</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((topic) => (
              <TopicRows
                key={topic.name}
                query={query}
                topic={topic}
                brokers={calculated}
                isOpen={open === topic.name}
                toggle={() => setOpen(open === topic.name ? undefined : topic.name)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && <p>No topic passes the filter.</p>}
    </section>
  );
}

function TopicRows({
  query,
  topic,
  brokers,
  isOpen,
  toggle,
}: {
  readonly query: URLSearchParams;
  readonly topic: TopicLoad;
  readonly brokers: readonly BrokerCost[];
  readonly isOpen: boolean;
  readonly toggle: () => void;
}): JSX.Element {
  const { name, ordered, exactlyOnce, replay, subscriptions } = topic;
  const facts = [ordered && "ordered", exactlyOnce && "exactly once", replay && "replay"].filter(Boolean).join(", ");
  const columns = OF_TOPIC.length + brokers.length + 2;
  return (
    <>
      <tr>
        <th scope="row">
          {name}
          <div class="quiet small">
            {subscriptions.length} {subscriptions.length === 1 ? "subscription" : "subscriptions"}
            {facts === "" ? "" : `, ${facts}`}
          </div>
        </th>
        {OF_TOPIC.map((figure) => (
          <td key={figure} class="number">
            <FigureInput
              queryName={topicKey(name, figure)}
              entered={enteredFigure(query, figure, topicKey(name, figure))}
              placeholder={shownWhole(topic[figure])}
              label={`${WORDS[figure]}, ${name}`}
              isLabelShown={false}
            />
          </td>
        ))}
        {brokers.map(({ broker, topics }) => (
          <td key={broker} class="number">
            {shownMoney(topics.find((one) => one.topic === name)?.monthly)}
          </td>
        ))}
        <td>
          <button type="button" aria-expanded={isOpen} aria-label={`Lines of the bill, ${name}`} onClick={toggle}>
            {isOpen ? "Hide lines" : "Show lines"}
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={columns} class="lines-cell">
            {brokers.map((cost) => (
              <CostLines key={cost.broker} topic={name} cost={cost} />
            ))}
          </td>
        </tr>
      )}
    </>
  );
}
