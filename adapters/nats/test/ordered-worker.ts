import { connect } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { orderedDeclarations } from "./ordered-declarations.ts";

/** The reports of a worker process to its parent. */
export interface Report {
  readonly type: "ready" | "start" | "failed" | "done";
  readonly key: string;
  readonly number: number;
  readonly attempt: number;
}

/** A separate process that can be killed. It handles messages of the ordered subscription and reports each start and end. */
const [url = "", run = ""] = process.argv.slice(2);
const { subscription } = orderedDeclarations(run);

function report(type: Report["type"], key = "", number = 0, attempt = 0): void {
  process.send?.({ type, key, number, attempt } satisfies Report);
}

const pubsub = await connect(nats({ servers: url, leaderLeaseMs: 1000 }), { provisioning: "off" });
await pubsub.subscribe(subscription, async (event, { attempt }) => {
  report("start", event.key, event.number, attempt);
  await new Promise((resolve) => setTimeout(resolve, event.number % 3));
  // Every seventh message fails twice: its successors must wait.
  if (event.number % 7 === 3 && attempt < 3) {
    report("failed", event.key, event.number, attempt);
    throw new Error("not yet");
  }
  report("done", event.key, event.number, attempt);
});
report("ready");
process.on("message", () => void pubsub.close().then(() => process.exit(0)));
