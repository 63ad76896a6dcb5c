import { behaviours } from "./behaviours/index.ts";
import { statements } from "./contract.ts";
import { summary, type BehaviourResult, type ConformanceRun, type Outcome } from "./result.ts";

const MARKS: Readonly<Record<Outcome, string>> = {
  proven: "✓",
  failed: "**✗**",
  quirk: "quirk",
  "stale-quirk": "**stale**",
  "not-applicable": "–",
  unproven: "?",
};

const STATEMENTS = Object.keys(statements);

/** One line of `conformance.json`. */
export interface MatrixEntry {
  readonly behaviour: string;
  readonly title: string;
  readonly rows: readonly number[];
  readonly statements: readonly string[];
  readonly adapter: string;
  readonly implementation: string;
  readonly version: string;
  /** ISO 8601, of the run. */
  readonly date: string;
  readonly result: Outcome | "not-run";
  /** Why, for anything but `"proven"`. */
  readonly reason?: string;
  readonly link?: string;
}

const column = ({ adapter, implementation, version }: ConformanceRun): string =>
  `${adapter} · ${implementation} ${version}`;

const resultOf = (run: ConformanceRun, id: string): BehaviourResult | undefined =>
  run.results.find((result) => result.id === id);

/** Behaviours × runs as data. */
export function matrixEntries(runs: readonly ConformanceRun[]): readonly MatrixEntry[] {
  return runs.flatMap((run) =>
    behaviours.map(({ id, title, rows, statements }) => {
      const result = resultOf(run, id);
      const { adapter, implementation, version, date } = run;
      const entry = { behaviour: id, title, rows, statements, adapter, implementation, version, date };
      if (result === undefined) return { ...entry, result: "not-run" as const };
      const reason = result.quirk?.reason ?? result.detail?.split("\n", 1)[0];
      return {
        ...entry,
        result: result.outcome,
        ...(reason === undefined ? {} : { reason }),
        ...(result.quirk === undefined ? {} : { link: result.quirk.link }),
      };
    }),
  );
}

/** A line for each run: `n/n proven, k quirks`. The README's table. */
export function matrixSummary(runs: readonly ConformanceRun[]): string {
  const rows = runs.map(
    (run) =>
      `| ${run.adapter} | ${run.implementation} ${run.version} | ${summary(run.results)} | ${run.date.slice(0, 10)} |`,
  );
  return ["| adapter | checked against | result | date |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Behaviours × runs as Markdown, with the reason of every cell that is not a proof. */
export function matrixMarkdown(runs: readonly ConformanceRun[]): string {
  const notes: string[] = [];
  const noteOf = new Map<string, number>();
  const cell = (run: ConformanceRun, id: string): string => {
    const result = resultOf(run, id);
    if (result === undefined) return "";
    const text = note(run, result);
    if (text === undefined) return MARKS[result.outcome];
    if (!noteOf.has(text)) noteOf.set(text, notes.push(text));
    const number = noteOf.get(text) ?? 0;
    return `${MARKS[result.outcome]}<sup>[${number}](#note-${number})</sup>`;
  };
  const rows = behaviours.map(
    ({ id, title, statements }) =>
      `| \`${id}\`<br>${title} | ${statements.join(" ")} | ${runs.map((run) => cell(run, id)).join(" | ")} |`,
  );
  return `# Conformance

<!-- Generated: ANYTOPIC_CONFORMANCE_RUNS=$PWD/conformance-runs npm run test:unit, then npm run docs:conformance -->

What every adapter does, as shown by \`@anytopic/conformance\` against real brokers and emulators.

${matrixSummary(runs)}

✓ proven · – does not apply, by the adapter's capabilities · quirk: this implementation of the broker cannot, through no
fault of the adapter; run, and seen to fail · ? unproven: the harness lacks what it takes · **✗** failed · empty: not run.
${STATEMENTS.at(0)} to ${STATEMENTS.at(-1)} are the statements of the [contract](contract.md).

| behaviour | statements | ${runs.map(column).join(" | ")} |
| --- | --- | ${runs.map(() => ":-:").join(" | ")} |
${rows.join("\n")}

## Notes

${notes.map((text, index) => `<a id="note-${index + 1}"></a>${index + 1}. ${text}`).join("\n\n")}
`;
}

function note(run: ConformanceRun, result: BehaviourResult): string | undefined {
  if (result.quirk !== undefined) {
    const { kind, reason, link, hangs } = result.quirk;
    return `${run.implementation}: ${reason} ([source](${link}); ${kind} quirk${hangs ? ", not run" : ""})`;
  }
  return result.outcome === "proven" ? undefined : result.detail?.split("\n", 1)[0];
}
