import { behaviours } from "./behaviours/index.ts";
import { saboteurs } from "./saboteurs/index.ts";

/** The kill matrix as Markdown: each saboteur, its mistake, and the behaviours that catch it. The memory adapter's tests prove every cell. */
export function killMatrix(): string {
  const rows = saboteurs.map(
    ({ name, wrong, killedBy }) => `| \`${name}\` | ${wrong} | ${killedBy.map((id) => `\`${id}\``).join(", ")} |`,
  );
  const used = new Set(saboteurs.flatMap(({ killedBy }) => killedBy));
  return `# Kill matrix

<!-- Generated: UPDATE_DOCS=1 npm run test:unit -- adapters/memory/test/saboteurs.test.ts -->

A test suite is worth what it catches. Each saboteur is the memory adapter with one mistake
(\`conformance/src/saboteurs\`). Each behaviour named beside it must fail on the saboteur, and must pass on the correct adapter.
\`adapters/memory/test/saboteurs.test.ts\` proves both on every run: ${saboteurs.length} saboteurs, caught by ${used.size} of the suite's
${behaviours.length} behaviours. Also, a monitor between core and the driver fails every behaviour during which a promise of
\`core/src/driver.ts\` is broken.

| saboteur | what it does wrong | caught by |
| --- | --- | --- |
${rows.join("\n")}
`;
}
