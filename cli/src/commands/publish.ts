import type { Topic } from "@anytopic/core";
import type { Command } from "../command.ts";
import { findTopic } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { parseAttributes } from "../parse-attributes.ts";
import { parseDue } from "../parse-due.ts";
import { parseExpiry } from "../parse-expiry.ts";
import { parseEvent } from "../parse-event.ts";
import { readStdin } from "../read-stdin.ts";
import { withPubSub } from "../settings.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic publish` */
export const publish: Command = {
  name: "publish",
  operands: "<topic> [event|-]",
  operandCount: [1, 2],
  summary: "publish one event and print its id",
  details: `The event is JSON (for a topic with the text or bytes codec, the text itself), from the command line, or from
stdin with - or when stdin is not a terminal. It is checked against the topic's schema.`,
  example: `anytopic publish signups '{"accountId":"a1"}' --attribute tenant=acme`,
  options: {
    attribute: { type: "string", value: "KEY=VALUE", multiple: true, description: "an attribute; may be repeated" },
    id: {
      type: "string",
      value: "ID",
      description: "the event's id, instead of a new one",
    },
    delay: {
      type: "string",
      value: "DURATION",
      description: "not delivered before so much has passed: 30s, 15m, 1h, 2d",
    },
    "deliver-at": {
      type: "string",
      value: "TIME",
      description: "not delivered before that moment: 2026-12-01T08:00:00Z",
    },
    "expires-in": { type: "string", value: "DURATION", description: "not handled later than that from now: 30s, 15m" },
    "expires-at": {
      type: "string",
      value: "TIME",
      description: "not handled from that moment on: 2026-12-01T08:00:00Z",
    },
  },
  async run({ given, settings, output, signal }) {
    const [name = "", argument] = given.positionals;
    const attributes = parseAttributes(given.texts("attribute"));
    const expiresAt = parseExpiry(given.text("expires-in"), given.text("expires-at"), Date.now());
    const resolved = await settings();
    // Declarations imported from a module have no static type; core checks the event against the schema.
    const topic = findTopic(await resolved.declarations(), name) as Topic;
    const event = await parseEvent(topic, await bytesOf(argument));
    const id = given.text("id");
    const due = parseDue(given.text("delay"), given.text("deliver-at"));
    const options = { attributes, signal, expiresAt, ...due, ...(id === undefined ? {} : { id }) };
    const schedule = due === undefined ? undefined : await resolved.schedule();
    const published = await withPubSub(resolved, { signal, schedule }, (pubsub) =>
      pubsub.publish(topic, event, options),
    );
    output.result({ topic: topic.name, id: published }, () => published);
    return EXIT.ok;
  },
};

async function bytesOf(argument: string | undefined): Promise<Uint8Array> {
  if (argument !== undefined && argument !== "-") return Buffer.from(argument, "utf8");
  if (argument === undefined && process.stdin.isTTY) {
    throw new UsageError(
      "publish: the event is missing",
      `anytopic publish signups '{"accountId":"a1"}', or - for stdin`,
    );
  }
  return await readStdin();
}
