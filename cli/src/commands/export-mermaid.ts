import { writeFile } from "node:fs/promises";
import type { Command } from "../command.ts";
import { type Declaration, findSubscription, findTopic, selectDeclarations } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { DIRECTIONS, mermaidDiagram, type Service } from "../mermaid-diagram.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic export mermaid` */
export const exportMermaid: Command = {
  name: "export mermaid",
  operands: "[topic|topic/subscription …]",
  operandCount: [0, 1000],
  summary: "write topics, subscriptions and dead letters as a diagram for a README",
  details: `In the language of Mermaid, which GitHub, GitLab and many editors draw. The declarations do not say which service publishes
to a topic or handles a subscription: say it with --service. The same declarations give the same text. Contacts nobody.`,
  example: "anytopic export mermaid --service shop=orders --service billing=orders/bill > topology.mmd",
  options: {
    direction: {
      type: "string",
      value: "DIRECTION",
      choices: DIRECTIONS,
      description: "LR (default: from left to right), TB, RL or BT",
    },
    service: {
      type: "string",
      value: "NAME=LIST",
      multiple: true,
      description: "a service that publishes to topics and handles topic/subscription; may be repeated",
    },
    "no-dead-letters": { type: "boolean", description: "leave them out" },
    out: { type: "string", value: "FILE", description: "the file to write (default: stdout)" },
  },
  offline: true,
  async run({ given, settings, output }) {
    const declarations = await (await settings()).declarations();
    const selected = selectDeclarations(declarations, given.positionals);
    const subscriptions = selected.filter((one) => one.kind === "subscription");
    const topics = declarations
      .filter((one) => one.kind === "topic")
      .filter((one) => selected.includes(one) || subscriptions.some(({ topic }) => topic.name === one.name));
    const drawn: readonly Declaration[] = [...topics, ...subscriptions];
    const text = mermaidDiagram({
      topics,
      subscriptions,
      services: servicesOf(given.texts("service"), drawn),
      direction: given.text("direction") ?? "LR",
      deadLetters: !given.flag("no-dead-letters"),
    });
    const out = given.text("out");
    if (out === undefined) output.text(text);
    else {
      await writeFile(out, `${text}\n`);
      output.note(`${out} written`);
    }
    return EXIT.ok;
  },
};

/** Services by name, each once, whatever the order of the flags. @throws UsageError */
function servicesOf(texts: readonly string[], declarations: readonly Declaration[]): readonly Service[] {
  const names = new Map<string, Set<string>>();
  for (const text of texts) {
    const [, name = "", list = ""] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    const listed = list.split(",").map((one) => one.trim());
    if (name.trim() === "" || listed.includes(""))
      throw new UsageError(
        `--service is ${JSON.stringify(text)}: must be a name and what the service uses`,
        "--service shop=orders,orders/bill: publishes to orders, and handles orders/bill",
      );
    names.set(name.trim(), new Set([...(names.get(name.trim()) ?? []), ...listed]));
  }
  return [...names]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, used]) => {
      const sorted = [...used].toSorted();
      return {
        name,
        topics: sorted.filter((one) => !one.includes("/")).map((one) => findTopic(declarations, one)),
        subscriptions: sorted.filter((one) => one.includes("/")).map((one) => findSubscription(declarations, one)),
      };
    });
}
