import { behaviours } from "./behaviours/index.ts";
import { isFailure, type BehaviourResult, type ConformanceRun } from "./result.ts";

/** Characters that XML 1.0 does not allow, not even escaped. Lone surrogates among them. */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

function escaped(text: string): string {
  return text.replaceAll(NOT_XML, "\uFFFD").replaceAll(/[&<>"\n]/g, (character) => ESCAPES[character] ?? character);
}

/** One run as a JUnit report: a test case for each behaviour, quirks and what does not apply as skipped, with the reason. */
export function junit(run: ConformanceRun): string {
  const { results } = run;
  const failures = results.filter(isFailure).length;
  const skipped = results.filter((result) => result.outcome !== "proven" && !isFailure(result)).length;
  const seconds = (results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000).toFixed(3);
  const counts = `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds}"`;
  const name = escaped(`${run.adapter} on ${run.implementation} ${run.version}`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="anytopic conformance" ${counts}>
  <testsuite name="${name}" ${counts} timestamp="${escaped(run.date)}">
    <properties><property name="seed" value="${run.seed}"/></properties>
${results.map(testCase).join("\n")}
  </testsuite>
</testsuites>
`;
}

function testCase(result: BehaviourResult): string {
  const [group = ""] = result.id.split(".");
  const title = behaviours.find(({ id }) => id === result.id)?.title ?? "";
  const head = `    <testcase classname="${escaped(`conformance.${group}`)}" name="${escaped(`${result.id}: ${title}`)}" time="${(result.durationMs / 1000).toFixed(3)}"`;
  if (result.outcome === "proven") return `${head}/>`;
  const reason = result.quirk === undefined ? (result.detail ?? "") : `${result.quirk.reason} (${result.quirk.link})`;
  if (!isFailure(result)) return `${head}><skipped message="${escaped(`${result.outcome}: ${reason}`)}"/></testcase>`;
  const [first = ""] = (result.detail ?? "").split("\n");
  return `${head}><failure message="${escaped(first)}">${escaped(result.detail ?? "").replaceAll("&#10;", "\n")}</failure></testcase>`;
}
