import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { withOutbox } from "../database.ts";
import { EXIT } from "../exit-codes.ts";
import { counted } from "../output.ts";
import { PARKED_OPTIONS, parkedSelection } from "../parked-selection.ts";

/** `anytopic outbox drop` */
export const outboxDrop: Command = {
  name: "outbox drop",
  operands: "",
  operandCount: [0, 0],
  summary: "delete parked messages permanently; what waits behind them is published",
  details: "All, or those that match the filters. Asks on a terminal; without one, refuses unless --yes is given.",
  example:
    "anytopic outbox drop --database postgres://app@localhost/shop --id 0193a5c2-7a10-7000-8000-000000000000 --yes",
  options: { ...PARKED_OPTIONS, yes: { type: "boolean", description: "do not ask" } },
  offline: true,
  async run({ given, output, signal }) {
    const selection = parkedSelection(given, Number.MAX_SAFE_INTEGER);
    return await withOutbox(given, async ({ outbox, pool }) => {
      const parked = outbox.parked(pool);
      const count = await parked.count({ topic: selection.topic });
      const isAll = selection.ids === undefined && selection.limit === undefined;
      const question = `This deletes ${isAll ? "all" : "the chosen ones of"} ${count} parked messages.`;
      if (!given.flag("yes") && !(await confirm(question, signal))) {
        output.note("nothing was deleted");
        return EXIT.failed;
      }
      const dropped = await parked.discard(selection);
      output.result({ dropped }, () => `${counted(dropped, "message")} deleted.`);
      return EXIT.ok;
    });
  },
};
