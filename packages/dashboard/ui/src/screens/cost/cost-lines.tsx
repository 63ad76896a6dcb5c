import type { JSX } from "preact";
import type { BrokerCost } from "../../../../src/cost/index.ts";
import { shownMoney } from "./amount.ts";
import { BROKER_WORDS } from "./broker-words.ts";

/** The lines of the bill of one topic on one broker, each with its reason. What is 0 is left out. */
export function CostLines({ topic, cost }: { readonly topic: string; readonly cost: BrokerCost }): JSX.Element {
  const items = cost.topics.find((one) => one.topic === topic)?.items ?? [];
  const lines = items.filter(({ quantity }) => quantity > 0);
  if (lines.length === 0) return <p class="quiet">{BROKER_WORDS[cost.broker]}: nothing.</p>;
  return (
    <table class="lines">
      <caption>{BROKER_WORDS[cost.broker]}</caption>
      <thead>
        <tr>
          <th scope="col">For</th>
          <th scope="col">Item</th>
          <th scope="col" class="number">
            A month
          </th>
          <th scope="col">Because</th>
          <th scope="col">Price</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ subscription, kind, monthly, explanation, priceName }) => (
          <tr key={`${subscription ?? ""} ${kind}`}>
            <td>{subscription ?? "the topic"}</td>
            <td>{kind}</td>
            <td class="number">{shownMoney(monthly)}</td>
            <td>{explanation}</td>
            <td>
              <code>{priceName}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
