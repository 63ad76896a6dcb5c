import { aws } from "@anytopic/aws";
import { startBroker } from "@anytopic/brokers";
import { connect } from "@anytopic/core";

import { anytopicForm } from "./anytopic-form.ts";
import { awsPeerForm } from "./aws-peer.ts";
import { awsRawForm, awsRawLatency, REGION } from "./aws-raw.ts";
import { compareForms } from "./compare-forms.ts";
import { anytopicLatency, compareLatency } from "./latency.ts";

/** A long poll of a short-lived worker, plus a margin. */
const POLL_MS = 1100;
const COUNT = Number(process.env["COUNT"] ?? 5000);

/**
 * SNS and SQS: the SDK with batches by hand, the most used pair of libraries, and anytopic. fauxqs runs in a separate
 * process.
 */
export async function benchAws(): Promise<void> {
  const broker = await startBroker("aws", { provider: "native", implementation: "fauxqs" });
  const open = (): ReturnType<typeof connect> => connect(aws({ region: REGION, endpoint: broker.url }));
  try {
    const forms = [
      await awsRawForm(broker.url),
      await awsRawForm(broker.url, true),
      await awsPeerForm(broker.url),
      await anytopicForm(await open(), { lingerMs: POLL_MS }),
    ];
    await compareForms(forms, { title: `SNS and SQS (fauxqs ${broker.version})`, count: COUNT, together: true });
    await compareLatency([await awsRawLatency(broker.url), await anytopicLatency(await open())]);
  } finally {
    await broker.close();
  }
}
