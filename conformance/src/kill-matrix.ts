import { behaviours } from "./behaviours/index.ts";
import { saboteurs } from "./saboteurs/index.ts";

/** The kill matrix as Markdown: who is wrong how, and who notices. The memory adapter's tests prove every cell. */
export function killMatrix(): string {
  const rows = saboteurs.map(
    ({ name, wrong, killedBy }) => `| \`${name}\` | ${wrong} | ${killedBy.map((id) => `\`${id}\``).join(", ")} |`,
  );
  const used = new Set(saboteurs.flatMap(({ killedBy }) => killedBy));
  return `# Kill matrix

<!-- Generated: UPDATE_DOCS=1 npm run test:unit -- adapters/memory/test/saboteurs.test.ts -->

A test suite is worth what it catches. Each saboteur is the memory adapter made wrong in one way
(\`conformance/src/saboteurs\`); each behaviour named beside it must fail on it, and passes on the adapter as it is.
\`adapters/memory/test/saboteurs.test.ts\` proves both on every run: ${saboteurs.length} saboteurs, caught by ${used.size} of the suite's
${behaviours.length} behaviours. Besides, a monitor between core and the driver fails any behaviour during which a promise of
\`core/src/driver.ts\` is broken.

| saboteur | what it does wrong | caught by |
| --- | --- | --- |
${rows.join("\n")}
`;
}
