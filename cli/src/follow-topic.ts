import { once } from "node:events";
import type { HandlerContext, PubSub } from "@anytopic/core";
import { openTail, sweepTails, TailJournal } from "@anytopic/core/tail";
import type { CommandContext } from "./command.ts";
import type { findTopic } from "./declarations.ts";
import { forTerminal, lineForTerminal, timeForTerminal } from "./for-terminal.ts";
import type { Output } from "./output.ts";
import { shownAttributes } from "./shown-attributes.ts";
import { shownBody } from "./shown-body.ts";

export { sweepTails, TailJournal };

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
  const enough = new AbortController();
  let count = 0;
  const onMessage = (message: HandlerContext): void => {
    if (count >= limit || !attributes.every(([key, value]) => message.attributes[key] === value)) return;
    count += 1;
    print(message, output);
    if (count >= limit) enough.abort();
  };
  const tail = await openTail(pubsub, topic, { journal, onMessage });
  try {
    output.note(`following ${topic.name} on ${pubsub.server}; Ctrl-C ends`);
    const end = AbortSignal.any([signal, enough.signal]);
    if (!end.aborted) await once(end, "abort");
  } finally {
    await tail.close();
  }
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
