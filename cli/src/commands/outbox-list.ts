import type { Command } from "../command.ts";
import { withOutbox } from "../database.ts";
import { shownDuration } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { timeForTerminal } from "../for-terminal.ts";
import type { ParkedMessage } from "../outbox-packages.ts";
import { table } from "../output.ts";
import { PARKED_OPTIONS, parkedSelection } from "../parked-selection.ts";

const DEFAULT_LIMIT = 100;

/** `anytopic outbox list` */
export const outboxList: Command = {
  name: "outbox list",
  operands: "",
  operandCount: [0, 0],
  summary: "list the messages of an outbox that could not be published, and why",
  details: `Without their bodies, up to ${DEFAULT_LIMIT} unless --limit says otherwise (at most 1000). Changes nothing.`,
  example: "anytopic outbox list --database postgres://app@localhost/shop --schema app",
  options: PARKED_OPTIONS,
  offline: true,
  async run({ given, output }) {
    const selection = parkedSelection(given, 1000);
    return await withOutbox(given, async ({ outbox, pool }) => {
      const parked = outbox.parked(pool);
      const count = await parked.count({ topic: selection.topic });
      const messages = await parked.list({ ...selection, limit: selection.limit ?? DEFAULT_LIMIT });
      output.result({ count, messages: messages.map(shownDocument) }, () => {
        if (messages.length === 0) return `${count} parked messages, none to list.`;
        const rows = messages.map(({ id, topic, orderingKey, parkedTime, reason }) => {
          const ago = `${shownDuration(Math.max(0, Date.now() - parkedTime.getTime()))} ago`;
          return [id, topic, orderingKey ?? "-", ago, reason.replaceAll(/\s+/g, " ")];
        });
        return `${table(["ID", "TOPIC", "KEY", "PARKED", "REASON"], rows)}\n\n${messages.length} listed of ${count}.`;
      });
      return EXIT.ok;
    });
  },
};

function shownDocument({ body, publishTime, parkedTime, orderingKey, ...message }: ParkedMessage): object {
  return {
    ...message,
    orderingKey: orderingKey ?? null,
    publishTime: timeForTerminal(publishTime),
    parkedTime: timeForTerminal(parkedTime),
    bodyBytes: body.byteLength,
  };
}
