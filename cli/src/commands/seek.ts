import type { SeekOptions } from "@anytopic/core";
import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { findSubscription } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { parsePosition } from "../parse-position.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic seek` */
export const seek: Command = {
  name: "seek",
  operands: "<topic/subscription>",
  operandCount: [1, 1],
  summary: "put a subscription back in time, or to the end",
  details: `Its running workers follow within seconds. Back: everything that the topic has kept since then is handled again, with the same ids.
To the end: the backlog is dropped. Retries that wait are dropped; dead letters and other subscriptions are untouched. The topic must be
declared with replay: true. Asks on a terminal; without one, refuses unless --yes is given.`,
  example: "anytopic seek signups/send-welcome-email --to 2h --yes",
  options: {
    to: {
      type: "string",
      value: "position",
      description: "beginning, end, a time (2026-11-26T14:00:00Z), or how long ago (2h)",
    },
    yes: { type: "boolean", description: "do not ask" },
  },
  async run({ given, settings, output, signal }) {
    const to = parsePosition(given.text("to"), Date.now());
    const [name = ""] = given.positionals;
    const resolved = await settings();
    const subscription = findSubscription(await resolved.declarations(), name);
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      const question = `${whatHappens(name, to)}, on ${pubsub.server}. Retries that wait are dropped.`;
      if (!given.flag("yes") && !(await confirm(question, signal, "makes a subscription drop or repeat messages"))) {
        output.note("nothing was changed");
        return EXIT.failed;
      }
      await pubsub.seek(subscription, { to, signal });
      const position = to instanceof Date ? to.toISOString() : to;
      output.result({ subscription: name, to: position }, () => `${name} goes on from ${shownPosition(to)}.`);
      return EXIT.ok;
    });
  },
};

function whatHappens(name: string, to: SeekOptions["to"]): string {
  if (to === "end") return `This drops every message that subscription ${name} has not handled`;
  return `This makes subscription ${name} handle again everything that is kept from ${shownPosition(to)} on`;
}

function shownPosition(to: SeekOptions["to"]): string {
  return to instanceof Date ? to.toISOString() : `the ${to}`;
}
