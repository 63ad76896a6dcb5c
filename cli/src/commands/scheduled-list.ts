import type { Command } from "../command.ts";
import { findTopic } from "../declarations.ts";
import { shownDuration } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { table } from "../output.ts";
import { parseCount } from "../parse-count.ts";
import { withPubSub } from "../settings.ts";

const DEFAULT_LIMIT = 100;
const MOST = 1000;
/** An outbox puts what is not due into a store on every broker, so an empty broker does not mean that nothing waits. */
const AT_THE_BROKER = ' at the broker; no module of declarations exports a store as "schedule", so none was asked';

/** `anytopic scheduled list` */
export const scheduledList: Command = {
  name: "scheduled list",
  operands: "<topic>",
  operandCount: [1, 1],
  summary: "list the messages of a topic that are not due yet",
  details: `Without their bodies, the first due first. They wait in the broker, or in the store that a module of declarations exports as
"schedule". Removes nothing.`,
  example: "anytopic scheduled list reminders --limit 20",
  options: {
    limit: {
      type: "string",
      value: "N",
      description: `at most so many, 1 to ${MOST}; ${DEFAULT_LIMIT} unless it is given`,
    },
  },
  async run({ given, settings, output, signal }) {
    const [name = ""] = given.positionals;
    const text = given.text("limit");
    const limit = text === undefined ? DEFAULT_LIMIT : parseCount("limit", text, 1, MOST);
    const resolved = await settings();
    const topic = findTopic(await resolved.declarations(), name);
    const schedule = await resolved.schedule();
    const listed = await withPubSub(resolved, { signal, schedule }, (pubsub) =>
      pubsub.scheduled(topic, { limit, signal }),
    );
    const scheduled = listed.map(({ id, deliverAtMs, publishTimeMs, attempts }) => ({
      id,
      deliverAt: shownTime(deliverAtMs),
      publishTime: shownTime(publishTimeMs),
      attempts,
    }));
    output.result({ topic: name, scheduled }, () => {
      if (listed.length === 0) return `${name}: nothing is scheduled${schedule === undefined ? AT_THE_BROKER : ""}.`;
      const rows = listed.map(({ id, deliverAtMs, attempts }) => [
        id,
        shownTime(deliverAtMs),
        shownWait(deliverAtMs),
        String(attempts),
      ]);
      return table(["ID", "DUE", "IN", "ATTEMPTS"], rows);
    });
    return EXIT.ok;
  },
};

function shownWait(deliverAtMs: number): string {
  const leftMs = deliverAtMs - Date.now();
  return leftMs > 0 ? shownDuration(leftMs) : "due";
}

/** A time that a broker or store tells may be any number. */
function shownTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? "unknown" : time.toISOString();
}
