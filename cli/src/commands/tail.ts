import { once } from "node:events";
import { type HandlerContext, type PubSub, PubSubError, type PubSubEvent } from "@anytopic/core";
import type { Command, CommandContext, Declaration } from "../command.ts";
import { findTopic } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { parseAttributes } from "../parse-attributes.ts";
import { parseCount } from "../parse-count.ts";
import { withPubSub } from "../settings.ts";
import { forTerminal, shownAttributes, shownBody } from "../shown-body.ts";
import { TailJournal } from "../tail-journal.ts";
import { removeTemporary, temporarySubscription } from "../temporary-subscription.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic tail` */
export const tail: Command = {
  name: "tail",
  operands: "<topic>",
  operandCount: [0, 1],
  summary: "print events of a topic as they are published",
  details: `Through a temporary subscription of its own, which takes nothing away from others and is removed at the end: after
--limit events, Ctrl-C or SIGTERM. A connection that is lost is repaired. When the broker is gone at the end, or the
process is killed, the next tail removes what was left; --clean-up does only that.`,
  example: "anytopic tail signups --attribute tenant=acme --json",
  options: {
    limit: { type: "string", value: "N", description: "end after so many events" },
    attribute: { type: "string", value: "KEY=VALUE", multiple: true, description: "only events with this attribute" },
    "clean-up": { type: "boolean", description: "only remove what earlier tails have left behind" },
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
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const { config } = resolved.load;
    const journal = new TailJournal(config.connections[config.default]?.url ?? "");
    const observer = (event: PubSubEvent): void => remark(event, output);
    return await withPubSub(resolved, { signal, observer }, async (pubsub) => {
      const removed = await sweep(pubsub, declarations, journal);
      if (removed > 0 || cleanUp) output.note(`removed what earlier tails left behind: ${removed}`);
      if (name !== undefined && !cleanUp) await follow(pubsub, findTopic(declarations, name), journal, choice, context);
      return EXIT.ok;
    });
  },
};

interface Choice {
  readonly limit: number;
  readonly attributes: readonly (readonly [string, string])[];
}

async function follow(
  pubsub: PubSub,
  topic: ReturnType<typeof findTopic>,
  journal: TailJournal,
  { limit, attributes }: Choice,
  { output, signal }: CommandContext,
): Promise<void> {
  // Making the subscription would make the topic, too.
  if ((await pubsub.plan([topic])).some(({ action }) => action === "create")) {
    throw new PubSubError("NOT_FOUND", `topic ${topic.name} does not exist on ${pubsub.server}`);
  }
  const subscription = temporarySubscription(topic);
  const enough = new AbortController();
  let count = 0;
  const handler = (_body: Uint8Array, message: HandlerContext): void => {
    if (count >= limit || !attributes.every(([key, value]) => message.attributes[key] === value)) return;
    count += 1;
    print(message, output);
    if (count >= limit) enough.abort();
  };
  await journal.add(topic.name, subscription.name);
  try {
    await pubsub.apply([subscription]);
    const worker = await pubsub.subscribe(subscription, handler);
    output.note(`following ${topic.name} on ${pubsub.server}; Ctrl-C ends`);
    const end = AbortSignal.any([signal, enough.signal]);
    if (!end.aborted) await once(end, "abort");
    await worker.close({ timeoutMs: 2000 });
  } finally {
    await removeTemporary(pubsub, subscription, journal);
  }
}

async function sweep(pubsub: PubSub, declarations: readonly Declaration[], journal: TailJournal): Promise<number> {
  let removed = 0;
  for (const { topic, subscription } of await journal.leftovers()) {
    const declared = declarations.find((one) => one.kind === "topic" && one.name === topic);
    if (declared?.kind !== "topic") continue;
    await removeTemporary(pubsub, temporarySubscription(declared, subscription), journal);
    removed += 1;
  }
  return removed;
}

function print(message: HandlerContext, output: Output): void {
  const { id, publishTime, attributes, orderingKey, attempt } = message;
  const shown = shownBody(message.body);
  const time = publishTime.toISOString();
  output.item({ id, publishTime: time, orderingKey: orderingKey ?? null, attempt, attributes, ...shown }, () => {
    const key = orderingKey === undefined ? "" : ` key=${orderingKey}`;
    const rest = shownAttributes(attributes);
    return forTerminal(`${time} ${id}${key}${rest === "" ? "" : ` ${rest}`}\n  ${shown.body}`);
  });
}

function remark(event: PubSubEvent, output: Output): void {
  if (event.type === "connection") {
    const reason = event.error === undefined ? "" : `: ${event.error.message}`;
    output.note(event.state === "up" ? "connected again" : `connection ${event.state}${reason}`);
  }
  if (event.type === "failing") output.note(`not receiving: ${event.error.message}`);
}
