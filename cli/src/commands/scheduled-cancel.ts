import type { Command } from "../command.ts";
import { findTopic } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic scheduled cancel` */
export const scheduledCancel: Command = {
  name: "scheduled cancel",
  operands: "<topic> <id>",
  operandCount: [2, 2],
  summary: "cancel a message that is not due yet",
  details: `The exit code is 1 when it is too late or nobody knows the id: then the message may have been delivered.`,
  example: "anytopic scheduled cancel reminders 01900000-0000-7000-8000-000000000000",
  options: {},
  async run({ given, settings, output, signal }) {
    const [name = "", id = ""] = given.positionals;
    const resolved = await settings();
    const topic = findTopic(await resolved.declarations(), name);
    const schedule = await resolved.schedule();
    const cancelled = await withPubSub(resolved, { signal, schedule }, (pubsub) =>
      pubsub.cancel(topic, id, { signal }),
    );
    output.result({ topic: name, id, cancelled }, () =>
      cancelled
        ? `${id} is cancelled: it will not be delivered.`
        : `${id} was not cancelled: nobody knows it, or it was published already.`,
    );
    return cancelled ? EXIT.ok : EXIT.failed;
  },
};
