import { behaviours } from "./behaviours/index.ts";
import { brokerSaboteurs, saboteurs } from "./saboteurs/index.ts";
import type { Saboteur } from "./saboteurs/saboteur.ts";

/** The kill matrix as Markdown: each saboteur, its mistake, and the behaviours that catch it. The adapters' tests prove every cell. */
export function killMatrix(): string {
  const all = [...saboteurs, ...brokerSaboteurs];
  const caught = new Set(all.flatMap(({ killedBy }) => killedBy));
  const without = behaviours.filter(({ withoutSaboteur }) => withoutSaboteur !== undefined);
  return `# Kill matrix

<!-- Generated: UPDATE_DOCS=1 npm run test:unit -- adapters/memory/test/saboteurs.test.ts -->

A test suite is worth what it catches. Each saboteur is a right adapter with one mistake
(\`conformance/src/saboteurs\`). Each behaviour named beside it must fail on the saboteur, and must pass on the correct adapter.
${all.length} saboteurs are caught by ${caught.size} of the suite's ${behaviours.length} behaviours. For the other ${without.length} no
saboteur can be written, and a sentence says why. Also, a monitor between core and the driver fails every behaviour during
which a promise of \`core/src/driver.ts\` is broken.

## Made from the memory adapter

\`adapters/memory/test/saboteurs.test.ts\` proves every line on every run.

${table(saboteurs)}

## Made from the NATS adapter

What a broker in the same process cannot show: lost connections, restarts, plain clients. \`adapters/nats/test/saboteurs.test.ts\` proves
every line on every run, against a real server.

${table(brokerSaboteurs)}

## Behaviours without a saboteur

| behaviour | why |
| --- | --- |
${without.map(({ id, withoutSaboteur }) => `| \`${id}\` | ${withoutSaboteur} |`).join("\n")}
`;
}

function table(list: readonly Saboteur[]): string {
  const rows = list.map(
    ({ name, wrong, killedBy }) => `| \`${name}\` | ${wrong} | ${killedBy.map((id) => `\`${id}\``).join(", ")} |`,
  );
  return `| saboteur | what it does wrong | caught by |
| --- | --- | --- |
${rows.join("\n")}`;
}
