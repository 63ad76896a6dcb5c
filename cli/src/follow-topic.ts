import { once } from "node:events";
import { type HandlerContext, type PubSub, PubSubError } from "@anytopic/core";
import type { CommandContext } from "./command.ts";
import type { Declaration, findTopic } from "./declarations.ts";
import { forTerminal, lineForTerminal, timeForTerminal } from "./for-terminal.ts";
import type { Output } from "./output.ts";
import { shownAttributes } from "./shown-attributes.ts";
import { shownBody } from "./shown-body.ts";
import { TailJournal } from "./tail-journal.ts";
import { removeTemporary, temporarySubscription } from "./temporary-subscription.ts";

export { TailJournal };

/** Which events are printed. */
export interface Choice {
  readonly limit: number;
  readonly attributes: readonly (readonly [string, string])[];
}

/** Prints events of a topic until `limit` or `signal`, through a temporary subscription. */
export async function follow(
  pubsub: PubSub,
  topic: ReturnType<typeof findTopic>,
  journal: TailJournal,
  { limit, attributes }: Choice,
  { output, signal }: CommandContext,
): Promise<void> {
  // Creating the subscription would also create the topic.
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

/** Removes the temporary subscriptions that earlier tails left on this broker. */
export async function sweep(
  pubsub: PubSub,
  declarations: readonly Declaration[],
  journal: TailJournal,
): Promise<number> {
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
  const time = timeForTerminal(publishTime);
  output.item({ id, publishTime: time, orderingKey: orderingKey ?? null, attempt, attributes, ...shown }, () => {
    const key = orderingKey === undefined ? "" : ` (ordering key ${lineForTerminal(orderingKey)})`;
    const rest = shownAttributes(attributes);
    return `${time} ${lineForTerminal(id)}${key}${rest === "" ? "" : ` ${rest}`}\n  ${forTerminal(shown.body)}`;
  });
}
