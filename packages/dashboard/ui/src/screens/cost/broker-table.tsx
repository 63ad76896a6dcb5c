import type { JSX } from "preact";
import type { BrokerCost, CostComparison } from "../../../../src/cost/index.ts";
import { Unknown } from "../../parts/unknown.tsx";
import { shownMoney } from "./amount.ts";
import { BROKER_WORDS } from "./broker-words.ts";

/** The brokers side by side: a bar and a sum for each. */
export function BrokerTable({
  comparison: { brokers, cheapest },
  currency,
}: {
  readonly comparison: CostComparison;
  readonly currency: string;
}): JSX.Element {
  const most = Math.max(...brokers.map(({ monthly }) => monthly ?? 0));
  return (
    <div class="wide">
      <table class="brokers">
        <caption class="sr-only">What the load costs each month, in {currency}</caption>
        <thead>
          <tr>
            <th scope="col">Broker</th>
            <th scope="col" class="less-important">
              <span class="sr-only">Compared</span>
            </th>
            <th scope="col" class="number">
              {currency} a month
            </th>
            <th scope="col" class="number less-important" title="of it: polls of workers that wait and find nothing">
              Idle polls
            </th>
            <th scope="col" class="number less-important" title="of it: what there would not be without retries">
              Retries
            </th>
          </tr>
        </thead>
        <tbody>
          {brokers.map((cost) => (
            <tr key={cost.broker} class={cost.broker === cheapest ? "cheapest" : ""}>
              <th scope="row">
                {BROKER_WORDS[cost.broker]}
                {cost.broker === cheapest && <span class="tag">cheapest</span>}
                {cost.refused !== undefined && <div class="refused">cannot: {cost.refused}</div>}
              </th>
              <td class="less-important bar-cell">
                <Bar part={most === 0 ? 0 : (cost.monthly ?? 0) / most} isCheapest={cost.broker === cheapest} />
              </td>
              <td class="number sum">
                {cost.monthly === undefined ? <Unknown why="enter what it costs a month" /> : shownMoney(cost.monthly)}
              </td>
              <PartCell cost={cost} amount={cost.idle} />
              <PartCell cost={cost} amount={cost.retries} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PartCell({ cost, amount }: { readonly cost: BrokerCost; readonly amount: number }): JSX.Element {
  const isKnown = cost.unbatched !== undefined;
  return (
    <td class="number less-important">
      {isKnown ? shownMoney(amount) : <Unknown why="it is paid by the month, whatever happens" />}
    </td>
  );
}

/** The number stands beside it. */
function Bar({ part, isCheapest }: { readonly part: number; readonly isCheapest: boolean }): JSX.Element {
  return (
    <svg
      class={isCheapest ? "cost-bar is-cheapest" : "cost-bar"}
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect class="track" width="100" height="10" />
      <rect class="part" width={part === 0 ? 0 : Math.max(0.6, part * 100)} height="10" />
    </svg>
  );
}
