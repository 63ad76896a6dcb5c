import type { Figures } from "./measurement.ts";

type Sized = readonly [size: number, figures: Figures];

/** A Markdown table: a column for each size, and the exponent of the growth from the first to the last one. 1 is linear. */
export function growth(title: string, found: readonly Sized[]): string {
  const names = [...new Set(found.flatMap(([, figures]) => Object.keys(figures)))];
  const shown = (value: number | undefined): string =>
    value === undefined ? "" : value >= 100 ? Math.round(value).toLocaleString("en") : String(value);
  const rows = names.map((name) => {
    const values = found.map(([, figures]) => figures[name]);
    return [name, ...values.map(shown), exponent(found, values)];
  });
  const head = [title, ...found.map(([size]) => size.toLocaleString("en")), "exponent"];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

function exponent(found: readonly Sized[], values: readonly (number | undefined)[]): string {
  const [first] = values;
  const last = values.at(-1);
  const [from] = found[0] ?? [0];
  const [to] = found.at(-1) ?? [0];
  if (first === undefined || last === undefined || first <= 0 || last <= 0 || from === to) return "";
  return (Math.log(last / first) / Math.log(to / from)).toFixed(2);
}
