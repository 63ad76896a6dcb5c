import type { JSX } from "preact";
import { ASSUMPTIONS, type ListPrices } from "../../../../src/cost/index.ts";
import { BROKER_WORDS } from "./broker-words.ts";

/** The prices, where they come from, and what is taken for granted: on demand. */
export function PriceNotes({ list: { date, prices } }: { readonly list: ListPrices }): JSX.Element {
  return (
    <>
      <details class="panel notes">
        <summary>Prices of {date}, and where they come from</summary>
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">Price</th>
                <th scope="col" class="number">
                  Amount
                </th>
                <th scope="col">For</th>
                <th scope="col">Counted</th>
                <th scope="col">Source</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(prices).map(([name, { price, per, unit, rule, verified, source, seen }]) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td class="number">{price}</td>
                  <td>{shownUnit(per, unit)}</td>
                  <td>{rule}</td>
                  <td>
                    <span class={verified === "page" ? "" : "second-hand"}>
                      {verified === "page" ? "the provider's page" : verified}
                    </span>
                    : {source}
                    <div class="quiet small">seen: {seen}</div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      <details class="panel notes">
        <summary>What is taken for granted, and what is not counted</summary>
        {(["all", "aws", "gcp"] as const).map((name) => (
          <section key={name}>
            <h3>{name === "all" ? "Everywhere" : BROKER_WORDS[name]}</h3>
            <ul>
              {ASSUMPTIONS[name].map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </section>
        ))}
      </details>
    </>
  );
}

const POWERS: Readonly<Record<number, string>> = { [2 ** 30]: "GiB", [2 ** 40]: "TiB" };

function shownUnit(per: number, unit: string): string {
  const power = POWERS[per];
  if (power !== undefined) return unit === "byte-months" ? `${power}-month` : power;
  return `${per.toLocaleString("en-US")} ${unit}`;
}
