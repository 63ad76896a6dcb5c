import { keepTrying, pause, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { answerIfFound, answerTo, toPubSubError } from "../errors.ts";
import { QUEUE_REBIRTH_MS } from "../limits.ts";
import type { ResourceAttributes } from "./declared-attributes.ts";

/** Between attempts to create a queue whose name was just deleted, in ms. */
const REBIRTH_STEP_MS = 3000;
/** What CreateQueue answers when the queue exists with other attributes: somebody else was faster. */
const EXISTS = new Set(["QueueNameExists", "QueueAlreadyExists"]);

/** A queue, as requests need it. */
export interface Queue {
  readonly name: string;
  readonly url: string;
}

export interface ExistingQueue extends Queue {
  readonly arn: string;
  readonly attributes: ResourceAttributes;
}

/** Undefined when there is none. */
export function findQueue(connection: Connection, name: string): Promise<Queue | undefined> {
  return answerIfFound(`find queue ${name}`, requireQueue(connection, name));
}

/**
 * Waits for as long as AWS cannot be reached.
 *
 * @throws PubSubError, `NOT_FOUND` when there is none
 */
export function awaitQueue(connection: Connection, name: string): Promise<Queue> {
  const { context, closed: signal } = connection;
  const find = async (): Promise<Queue> => {
    try {
      return await requireQueue(connection, name);
    } catch (error) {
      if (error instanceof PubSubError && error.retryable) connection.failed(error);
      throw error;
    }
  };
  return keepTrying(find, { ...context, waitMs: Number.POSITIVE_INFINITY, signal });
}

/** Undefined when there is none. */
export async function readQueue(connection: Connection, name: string): Promise<ExistingQueue | undefined> {
  const found = await findQueue(connection, name);
  if (found === undefined) return undefined;
  const { sqs, sqsApi } = connection;
  const command = new sqsApi.GetQueueAttributesCommand({ QueueUrl: found.url, AttributeNames: ["All"] });
  const answer = await answerIfFound(`read queue ${name}`, sqs.send(command));
  if (answer === undefined) return undefined;
  const { Attributes = {} } = answer;
  return { ...found, arn: Attributes.QueueArn ?? "", attributes: Attributes };
}

/**
 * Creates a queue, and returns the existing one when somebody else was faster. Waits up to a minute when a queue of this
 * name was just deleted.
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
    // Created, but not visible yet: SQS is eventually consistent here.
    if (clock.monotonicNow() > deadlineMs)
      throw new PubSubError("TIMEOUT", `cannot create queue ${name}: it does not appear`);
    await pause(clock, REBIRTH_STEP_MS);
  }
}

/** False when it no longer exists. */
export async function deleteQueue({ sqs, sqsApi }: Connection, { name, url }: Queue): Promise<boolean> {
  const deleted = sqs.send(new sqsApi.DeleteQueueCommand({ QueueUrl: url }));
  return (await answerIfFound(`delete queue ${name}`, deleted)) !== undefined;
}

/** @throws PubSubError, `NOT_FOUND` when there is none */
export async function requireQueue({ sqs, sqsApi, region }: Connection, name: string): Promise<Queue> {
  const command = new sqsApi.GetQueueUrlCommand({ QueueName: name });
  const { QueueUrl = "" } = await answerTo(`open queue ${name} in ${region}`, sqs.send(command));
  return { name, url: QueueUrl };
}

function errorName(error: unknown): string {
  const name = (error as { readonly name?: unknown } | null)?.name;
  return typeof name === "string" ? name.slice(name.lastIndexOf(".") + 1) : "";
}
