import type { Command } from "../command.ts";
import { withOutbox } from "../database.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../output.ts";
import { PARKED_OPTIONS, parkedSelection } from "../parked-selection.ts";

/** `anytopic outbox retry` */
export const outboxRetry: Command = {
  name: "outbox retry",
  operands: "",
  operandCount: [0, 0],
  summary: "give parked messages back to the relays",
  details: `All, or those that match the filters. A message comes before those that wait behind it with the same ordering key.`,
  example: "anytopic outbox retry --database postgres://app@localhost/shop --topic signups",
  options: PARKED_OPTIONS,
  offline: true,
  async run({ given, output }) {
    const selection = parkedSelection(given, Number.MAX_SAFE_INTEGER);
    return await withOutbox(given, async ({ outbox, pool }) => {
      const retried = await outbox.parked(pool).retry(selection);
      output.result({ retried }, () => `${counted(retried, "message")} given back to the relays.`);
      return EXIT.ok;
    });
  },
};
