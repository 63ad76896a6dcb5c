/** `npm run docs:chaos`: writes the table of docs/chaos.md from the saved results. */
import { readFile, writeFile } from "node:fs/promises";
import { chaosTable, loadChaosRuns } from "./chaos-table.ts";

const DOCUMENT = new URL("../../../docs/chaos.md", import.meta.url);
const [BEGIN, END] = ["<!-- table: npm run docs:chaos -->", "<!-- end of table -->"];

const text = await readFile(DOCUMENT, "utf8");
const table = chaosTable(await loadChaosRuns(process.argv[2] ?? "chaos-runs"));
const [before = "", rest = ""] = text.split(BEGIN);
const [, after = ""] = rest.split(END);
await writeFile(DOCUMENT, `${before}${BEGIN}\n\n${table}\n${END}${after}`);
