/**
 * `npm run docs:chaos -- <folder>`: adds the saved results of a folder to docs/chaos-results.jsonl, and writes the table of docs/chaos.md
 * from it. A schedule that was run before is replaced, so a hundred of each can be run bit by bit.
 */
import { readFile, writeFile } from "node:fs/promises";
import { type ChaosRecord, chaosRecords, chaosTable, loadChaosRuns } from "./chaos-table.ts";

const DOCUMENT = new URL("../../../docs/chaos.md", import.meta.url);
const RESULTS = new URL("../../../docs/chaos-results.jsonl", import.meta.url);
const [BEGIN, END] = ["<!-- table: npm run docs:chaos -->", "<!-- end of table -->"];

const nameOf = ({ adapter, implementation, version, seed }: ChaosRecord): string =>
  [adapter, implementation, version, String(seed).padStart(9, "0")].join(" ");

const known = (await readFile(RESULTS, "utf8"))
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as ChaosRecord);
const added = await Promise.all(process.argv.slice(2).map(loadChaosRuns));
const records = new Map<string, ChaosRecord>();
const byDate = [...known, ...added.flat().flatMap(chaosRecords)].toSorted((a, b) => a.date.localeCompare(b.date));
for (const record of byDate) records.set(nameOf(record), record);
const sorted = [...records].toSorted(([a], [b]) => a.localeCompare(b)).map(([, record]) => record);
await writeFile(RESULTS, sorted.map((record) => `${JSON.stringify(record)}\n`).join(""));

const text = await readFile(DOCUMENT, "utf8");
const [before = "", rest = ""] = text.split(BEGIN);
const [, after = ""] = rest.split(END);
await writeFile(DOCUMENT, `${before}${BEGIN}\n\n${chaosTable(sorted)}\n${END}${after}`);
