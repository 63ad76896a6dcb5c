import { FAMILIES, type FamilyKey } from "./families.ts";
import type { Histogram } from "./histogram.ts";
import { joined, labelText } from "./labels.ts";

/** Of the text format that every Prometheus and the OpenTelemetry collector read. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Collects samples, and writes them in the text format 0.0.4. */
export class Exposition {
  readonly #lines = new Map<FamilyKey, string[]>();

  /** `labels` as `labelText` makes them. */
  add(family: FamilyKey, labels: string, value: number): void {
    this.#push(family, "", labels, value);
  }

  addHistogram(family: FamilyKey, labels: string, histogram: Histogram): void {
    for (const { le, count } of histogram.cumulative()) {
      this.#push(family, "_bucket", joined(labels, labelText({ le })), count);
    }
    this.#push(family, "_sum", labels, histogram.sum);
    this.#push(family, "_count", labels, histogram.count);
  }

  /** A family without a sample is left out: nothing is known of it, which is not the same as 0. */
  toString(): string {
    const blocks = Object.entries(FAMILIES).map(([key, { name, type, help }]) => {
      const lines = this.#lines.get(key as FamilyKey);
      return lines === undefined ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
    });
    return blocks.join("");
  }

  #push(family: FamilyKey, suffix: string, labels: string, value: number): void {
    const braces = labels === "" ? "" : `{${labels}}`;
    const line = `${FAMILIES[family].name}${suffix}${braces} ${value}`;
    const lines = this.#lines.get(family);
    if (lines === undefined) this.#lines.set(family, [line]);
    else lines.push(line);
  }
}
