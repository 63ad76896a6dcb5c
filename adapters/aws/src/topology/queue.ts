import { keepTrying, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";

/** A queue as its calls need it. */
export interface Queue {
  readonly name: string;
  readonly url: string;
}

/** @throws PubSubError, `NOT_FOUND` when there is none */
export async function requireQueue(connection: Connection, name: string): Promise<Queue> {
  const { sqs, sqsApi } = connection;
  try {
    const { QueueUrl } = await sqs.send(new sqsApi.GetQueueUrlCommand({ QueueName: name }));
    return { name, url: QueueUrl ?? "" };
  } catch (error) {
    throw toPubSubError(error, `open queue ${name} in ${connection.region}`);
  }
}

/** Undefined when there is none. */
export async function findQueue(connection: Connection, name: string): Promise<Queue | undefined> {
  try {
    return await requireQueue(connection, name);
  } catch (error) {
    if (error instanceof PubSubError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** Like `requireQueue`, but waits for as long as AWS cannot be reached. */
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
