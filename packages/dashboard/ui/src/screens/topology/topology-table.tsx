import type { JSX } from "preact";
import type { Overview } from "../../../../src/api/overview.ts";
import { BrokerNumber } from "../../parts/broker-number.tsx";
import { Link } from "../../parts/link.tsx";
import { Rate, whyNoRate } from "../../parts/rate.tsx";
import { visibleText } from "../../parts/visible-text.ts";
import { StateMark } from "../../parts/state-mark.tsx";
import type { topicRows } from "../../parts/subscription-rows.ts";

/** The same as the diagram, for screen readers and narrow screens. */
export function TopologyTable({
  overview,
  topics,
}: {
  readonly overview: Overview;
  readonly topics: ReturnType<typeof topicRows>;
}): JSX.Element {
  const { known, observed } = overview;
  return (
    <div class="wide">
      <table class="topology-table">
        <caption class="sr-only">Topics with their subscriptions</caption>
        <thead>
          <tr>
            <th scope="col">Subscription</th>
            <th scope="col">State</th>
            <th scope="col" class="less-important">
              What is wrong
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="number">
              Dead letters
            </th>
          </tr>
        </thead>
        {topics.map(({ topic, rows }) => (
          <tbody key={topic.name}>
            <tr>
              <th scope="rowgroup" colSpan={5}>
                {topic.name}{" "}
                <span class="quiet">
                  published a minute: <Rate perMin={topic.publishedPerMin} why={whyNoRate(observed)} />
                  {topic.services.length > 0 &&
                    `, by ${topic.services.map((service) => visibleText(service)).join(", ")}`}
                  {topic.subscriptions.length === 0 && "; it has no subscription, so nobody receives what is published"}
                </span>
              </th>
            </tr>
            {rows.map((row) => (
              <tr key={row.path}>
                <td>
                  <Link to={`/subscription?of=${row.path}`}>{row.name}</Link>
                </td>
                <td>
                  <StateMark state={row.state} />
                </td>
                <td class="less-important">{row.problems.map(({ text }) => text).join("; ")}</td>
                <td class="number">
                  <BrokerNumber field="waiting" source={row} known={known} />
                </td>
                <td class="number">
                  <Link
                    to={`/letters?of=${row.path}`}
                    label={`dead letters of ${row.path}: ${row.numbers.deadLetters ?? "not known"}`}
                  >
                    <BrokerNumber field="deadLetters" source={row} known={known} />
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
