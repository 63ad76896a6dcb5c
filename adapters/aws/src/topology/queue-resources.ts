import { pause, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { ResourceAttributes } from "./declared-attributes.ts";
import { toPubSubError } from "../errors.ts";
import { QUEUE_REBIRTH_MS } from "../limits.ts";
import { findQueue, type Queue } from "./queue.ts";

/** Between attempts to create a queue whose name was just deleted, in ms. */
const REBIRTH_STEP_MS = 3000;
/** What CreateQueue says when the queue exists with other attributes: somebody else was faster. */
const EXISTS = new Set(["QueueNameExists", "QueueAlreadyExists"]);

export interface ExistingQueue extends Queue {
  readonly arn: string;
  readonly attributes: ResourceAttributes;
}

/** Undefined when there is none. */
export async function readQueue(connection: Connection, name: string): Promise<ExistingQueue | undefined> {
  const found = await findQueue(connection, name);
  if (found === undefined) return undefined;
  const { sqs, sqsApi } = connection;
  try {
    const { Attributes = {} } = await sqs.send(
      new sqsApi.GetQueueAttributesCommand({ QueueUrl: found.url, AttributeNames: ["All"] }),
    );
    return { ...found, arn: Attributes.QueueArn ?? "", attributes: Attributes };
  } catch (error) {
    const mapped = toPubSubError(error, `read queue ${name}`);
    if (mapped.code === "NOT_FOUND") return undefined;
    throw mapped;
  }
}

/**
 * Creates a queue, and answers with the existing one when somebody else was faster. Waits up to a minute when a queue of
 * this name was just deleted.
 */
export async function createQueue(
  connection: Connection,
  name: string,
  attributes: ResourceAttributes,
  tags: Record<string, string>,
): Promise<ExistingQueue> {
  const { sqs, sqsApi, context } = connection;
  const { clock } = context;
  const deadlineMs = clock.monotonicNow() + QUEUE_REBIRTH_MS + REBIRTH_STEP_MS;
  for (;;) {
    try {
      await sqs.send(new sqsApi.CreateQueueCommand({ QueueName: name, Attributes: attributes, tags }));
    } catch (error) {
      const code = errorName(error);
      if (code === "QueueDeletedRecently" && clock.monotonicNow() < deadlineMs) {
        await pause(clock, REBIRTH_STEP_MS);
        continue;
      }
      if (!EXISTS.has(code)) throw toPubSubError(error, `create queue ${name}`);
    }
    const existing = await readQueue(connection, name);
    if (existing !== undefined) return existing;
    // Created, and not to be seen yet: SQS is eventually consistent here.
    if (clock.monotonicNow() > deadlineMs)
      throw new PubSubError("TIMEOUT", `cannot create queue ${name}: it does not appear`);
    await pause(clock, REBIRTH_STEP_MS);
  }
}

export async function setQueueAttributes(
  connection: Connection,
  queue: Queue,
  attributes: ResourceAttributes,
): Promise<void> {
  const { sqs, sqsApi } = connection;
  try {
    await sqs.send(
      new sqsApi.SetQueueAttributesCommand({
        QueueUrl: queue.url,
        Attributes: attributes,
      }),
    );
  } catch (error) {
    throw toPubSubError(error, `set attributes of queue ${queue.name}`);
  }
}

/** False when it is gone already. */
export async function deleteQueue(connection: Connection, queue: Queue): Promise<boolean> {
  const { sqs, sqsApi } = connection;
  try {
    await sqs.send(new sqsApi.DeleteQueueCommand({ QueueUrl: queue.url }));
    return true;
  } catch (error) {
    const mapped = toPubSubError(error, `delete queue ${queue.name}`);
    if (mapped.code === "NOT_FOUND") return false;
    throw mapped;
  }
}

function errorName(error: unknown): string {
  const name = (error as { readonly name?: unknown } | null)?.name;
  return typeof name === "string" ? name.slice(name.lastIndexOf(".") + 1) : "";
}
