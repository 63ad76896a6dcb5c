import { once } from "node:events";
import type { Command } from "../command.ts";
import { DATABASE_OPTIONS, withOutbox } from "../database.ts";
import { findTopic } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { loggerTo } from "../logger-to.ts";
import { counted } from "../output.ts";
import { parseCount } from "../parse-count.ts";
import { withPubSub } from "../settings.ts";

const MAX_LANES = 16;

/** `anytopic relay` */
export const relay: Command = {
  name: "relay",
  operands: "[topic…]",
  operandCount: [0, Number.POSITIVE_INFINITY],
  summary: "publish what is in an outbox, until Ctrl-C",
  details: `The messages of all declared topics, or of those that are named. Several relays may run at once. What goes wrong is said on stderr.
It publishes the ids as they were stored, so it needs no publish.idSecret.`,
  example: "anytopic relay --database postgres://app@localhost/shop --schema app --listen",
  options: {
    ...DATABASE_OPTIONS,
    lanes: { type: "string", value: "N", description: `how many lanes at once, 1 to ${MAX_LANES} (default: 4)` },
    listen: { type: "boolean", description: "hear NOTIFY of PostgreSQL, beside looking now and then" },
    "on-parked": {
      type: "string",
      value: "WAY",
      choices: ["block", "skip"],
      description: "what happens behind a parked message with the same key: block (default) or skip",
    },
  },
  async run({ given, settings, output, signal }) {
    const lanes = given.text("lanes");
    const options = {
      lanes: lanes === undefined ? undefined : parseCount("lanes", lanes, 1, MAX_LANES),
      listen: given.flag("listen"),
      onParked: given.text("on-parked") as "block" | "skip" | undefined,
      logger: loggerTo(output),
    };
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const names = given.positionals;
    const topics =
      names.length === 0
        ? declarations.filter((one) => one.kind === "topic")
        : names.map((name) => findTopic(declarations, name));
    return await withOutbox(
      given,
      async ({ outbox, pool }) =>
        await withPubSub(resolved, {}, async (pubsub) => {
          const running = await outbox.relay(pubsub, { pool, topics, ...options });
          output.note(`publishing ${counted(topics.length, "topic")} to ${pubsub.server}; Ctrl-C ends it`);
          if (!signal.aborted) await once(signal, "abort");
          await running.close();
          const { published, parked } = running.health();
          output.result({ published, parked }, () => `${counted(published, "message")} published, ${parked} parked.`);
          return EXIT.ok;
        }),
    );
  },
};
