import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { nameOf, selectDeclarations } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../output.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic destroy` */
export const destroy: Command = {
  name: "destroy",
  operands: "[topic|topic/subscription …]",
  operandCount: [0, 1000],
  summary: "delete declared topics and subscriptions with everything in them",
  details: `Messages and dead letters are lost. Deleting a topic also deletes its declared subscriptions; without names, everything
declared is deleted. Asks on a terminal; without one, refuses unless --yes is given.`,
  example: "anytopic destroy signups --yes",
  options: { yes: { type: "boolean", description: "do not ask" } },
  async run({ given, settings, output, signal }) {
    const resolved = await settings();
    const chosen = selectDeclarations(await resolved.declarations(), given.positionals);
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      const list = chosen.map((one) => `  ${one.kind} ${nameOf(one)}`).join("\n");
      const question = `This deletes, with all messages and dead letters, from ${pubsub.server}:\n${list}`;
      if (!given.flag("yes") && !(await confirm(question, signal))) {
        output.note("nothing was deleted");
        return EXIT.failed;
      }
      const destroyed = await pubsub.destroy(chosen);
      output.result({ destroyed }, () =>
        destroyed.length === 0
          ? "Nothing to delete: none of it exists."
          : [...destroyed.map((name) => `deleted: ${name}`), `${counted(destroyed.length, "resource")} deleted.`].join(
              "\n",
            ),
      );
      return EXIT.ok;
    });
  },
};
