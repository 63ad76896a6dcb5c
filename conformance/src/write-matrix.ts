// Merges the runs that the adapters' tests have saved into docs/conformance.md, docs/conformance.json and the README's table.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { matrixEntries, matrixMarkdown, matrixSummary } from "./matrix.ts";
import { loadRuns } from "./save-run.ts";

const root = join(import.meta.dirname, "../..");
const ORDER = ["memory", "nats", "rabbitmq", "redis", "aws", "gcp"];
const MARKED = /(<!-- conformance:begin -->\n)[\s\S]*?(<!-- conformance:end -->)/;

const folder = process.argv[2] ?? join(root, "conformance-runs");
const found = await loadRuns(folder);
const runs = found.toSorted((a, b) => ORDER.indexOf(a.adapter) - ORDER.indexOf(b.adapter));
if (runs.length === 0) throw new Error(`${folder} contains no runs: run the adapters' conformance tests first`);

await writeFile(join(root, "docs/conformance.md"), matrixMarkdown(runs));
await writeFile(join(root, "docs/conformance.json"), `${JSON.stringify(matrixEntries(runs), undefined, 2)}\n`);
const readme = join(root, "README.md");
if (existsSync(readme)) {
  const text = await readFile(readme, "utf8");
  await writeFile(readme, text.replace(MARKED, `$1\n${aligned(matrixSummary(runs))}\n\n$2`));
}
process.stdout.write(`${matrixSummary(runs)}\n`);

/** A table as the formatter wants it, for files that are formatted. */
function aligned(table: string): string {
  const rows = table.split("\n").map((row) => row.slice(2, -2).split(" | "));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => cell.padEnd(widths[column] ?? 0, cell === "---" ? "-" : " ");
  return rows.map((row) => `| ${row.map(pad).join(" | ")} |`).join("\n");
}
