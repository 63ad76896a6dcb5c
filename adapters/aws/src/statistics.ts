import type { SubscriptionSpec, SubscriptionStatistics } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { answerTo } from "./errors.ts";
import { deadLetterQueueName, queueName } from "./names.ts";
import { requireQueue } from "./topology/queues.ts";

/** The counts of one queue, in messages. */
interface QueueCounts {
  readonly visible: number;
  readonly invisible: number;
}

/**
 * What SQS says about the two queues of one subscription. Its counts are estimates, true about a minute after the last change. A retry
 * that waits is a message that is not visible, like one that a worker has: `delayed` is unknown, and so is the age, which only
 * CloudWatch tells.
 */
export async function readStatistics(
  connection: Connection,
  subscription: SubscriptionSpec,
): Promise<SubscriptionStatistics> {
  const { prefix } = connection.options;
  const [main, letters] = (await Promise.all(
    [queueName(prefix, subscription), deadLetterQueueName(prefix, subscription)].map((name) =>
      countsOf(connection, name),
    ),
  )) as [QueueCounts, QueueCounts];
  return {
    waiting: main.visible,
    inFlight: main.invisible,
    delayed: undefined,
    oldestAgeMs: undefined,
    // All letters, whether somebody has taken them or not.
    deadLetters: letters.visible + letters.invisible,
  };
}

async function countsOf(connection: Connection, name: string): Promise<QueueCounts> {
  const { sqs, sqsApi } = connection;
  const { url } = await requireQueue(connection, name);
  const command = new sqsApi.GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: [
      "ApproximateNumberOfMessages",
      "ApproximateNumberOfMessagesNotVisible",
      "ApproximateNumberOfMessagesDelayed",
    ],
  });
  const { Attributes = {} } = await answerTo(`statistics of queue ${name}`, sqs.send(command));
  return {
    // A message under a DelaySeconds of the queue, which is not ours, will be visible by itself.
    visible: number(Attributes.ApproximateNumberOfMessages) + number(Attributes.ApproximateNumberOfMessagesDelayed),
    invisible: number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

function number(text: string | undefined): number {
  return Number(text ?? 0);
}
