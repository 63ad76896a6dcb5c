import type { PubSubEvent } from "@anytopic/core";
import type { Command } from "../command.ts";
import { findTopic } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { parseAttributes } from "../parse-attributes.ts";
import { parseCount } from "../parse-count.ts";
import { withPubSub } from "../settings.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic tail` */
export const tail: Command = {
  name: "tail",
  operands: "<topic>",
  operandCount: [0, 1],
  summary: "print events of a topic as they are published",
  details: `Creates a temporary subscription, so that others still get every event, and removes it at the end: after --limit events,
Ctrl-C or SIGTERM. A lost connection is reconnected. If the broker is not reachable at the end, or the process is killed, the next
tail removes the subscription; --clean-up does only that.`,
  example: "anytopic tail signups --attribute tenant=acme --json",
  options: {
    limit: { type: "string", value: "N", description: "end after this many events" },
    attribute: {
      type: "string",
      value: "KEY=VALUE",
      multiple: true,
      description: "only events with this attribute; may be repeated, all must apply",
    },
    "clean-up": { type: "boolean", description: "only remove what earlier tails have left" },
  },
  async run(context) {
    const { given, settings, output, signal } = context;
    const [name] = given.positionals;
    const cleanUp = given.flag("clean-up");
    if (name === undefined && !cleanUp) throw new UsageError("tail: <topic> is missing", "anytopic tail --help");
    const limit = given.text("limit");
    const choice = {
      limit: limit === undefined ? Number.POSITIVE_INFINITY : parseCount("limit", limit, 1, 1_000_000_000),
      attributes: Object.entries(parseAttributes(given.texts("attribute"))),
    };
    // It creates a subscription and so needs core, which the help does not need.
    const { follow, sweepTails, TailJournal } = await import("../follow-topic.ts");
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const { config } = resolved.load;
    const journal = new TailJournal(config.connections[config.default]?.url ?? "");
    const observer = (event: PubSubEvent): void => remark(event, output);
    return await withPubSub(resolved, { signal, observer }, async (pubsub) => {
      const topics = declarations.filter((one) => one.kind === "topic");
      const removed = await sweepTails(pubsub, topics, journal);
      if (removed > 0 || cleanUp) output.note(`removed what earlier tails left behind: ${removed}`);
      if (name !== undefined && !cleanUp) await follow(pubsub, findTopic(declarations, name), journal, choice, context);
      return EXIT.ok;
    });
  },
};

function remark(event: PubSubEvent, output: Output): void {
  if (event.type === "connection") {
    const reason = event.error === undefined ? "" : `: ${event.error.message}`;
    output.note(event.state === "up" ? "connected again" : `connection ${event.state}${reason}`);
  }
  if (event.type === "failing") output.note(`not receiving: ${event.error.message}`);
}
