import { PubSubError, reconnectDelayMs } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { toPubSubError } from "./errors.ts";

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
export async function awaitQueue(connection: Connection, name: string, closed: () => boolean): Promise<Queue> {
  for (let failures = 1; ; failures++) {
    try {
      return await requireQueue(connection, name);
    } catch (error) {
      if (!(error instanceof PubSubError) || !["UNAVAILABLE", "TIMEOUT", "RESOURCE_EXHAUSTED"].includes(error.code))
        throw error;
      connection.failed(error);
      await connection.pause(reconnectDelayMs(failures, connection.context.random));
      if (closed())
        throw new PubSubError("CLOSED", `cannot open queue ${name}: the connection was closed meanwhile`, {
          cause: error,
        });
    }
  }
}
