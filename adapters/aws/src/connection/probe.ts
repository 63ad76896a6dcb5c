import type * as SqsApi from "@aws-sdk/client-sqs";
import { PubSubError } from "@anytopic/core/driver";
import { toPubSubError } from "../errors.ts";

const PROBE_TIMEOUT_MS = 10_000;

/** @throws PubSubError `INVALID_CONFIG` when the credentials belong to another account than the given one */
export function requireAccount(given: string | undefined, found: string | undefined): void {
  if (given === undefined || found === undefined || given === found) return;
  throw new PubSubError(
    "INVALID_CONFIG",
    `aws: account is ${given}, but the credentials belong to account ${found}: correct one of them, or leave account out`,
  );
}

/**
 * Makes the cheapest signed call. A refusal by policy is also an answer: AWS was reached and knows the credentials.
 * Resolves to the account when it has a queue, whose URL contains the account.
 */
export async function probe(
  sqs: SqsApi.SQSClient,
  api: typeof SqsApi,
  region: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const abortSignal = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const { QueueUrls = [] } = await sqs.send(new api.ListQueuesCommand({ MaxResults: 1 }), { abortSignal });
    return /^https?:\/\/[^/]+\/(\d{12})\//.exec(QueueUrls[0] ?? "")?.[1];
  } catch (error) {
    signal?.throwIfAborted();
    const doing = `connect to SQS in ${region}`;
    if (timeout.aborted)
      throw new PubSubError("UNAVAILABLE", `cannot ${doing}: no answer within ${PROBE_TIMEOUT_MS} ms`, {
        cause: error,
      });
    const mapped = toPubSubError(error, doing);
    if (mapped.code === "PERMISSION_DENIED") return undefined;
    throw mapped.code === "TIMEOUT" ? new PubSubError("UNAVAILABLE", mapped.message, { cause: error }) : mapped;
  }
}
