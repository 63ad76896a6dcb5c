import type { ListSubscriptionsByTopicCommandOutput } from "@aws-sdk/client-sns";
import type { TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { answerIfFound, answerTo } from "../errors.ts";
import { readJson } from "../wire/json-text.ts";
import { subscriptionAttributes } from "./declared-attributes.ts";
import type { ExistingQueue } from "./queues.ts";
import type { ProvisioningMode } from "./topics.ts";

/** The SNS subscription of a queue to a topic: raw delivery, and a dead-letter queue for what SNS itself cannot deliver. */
export async function provisionLink(
  connection: Connection,
  topicArn: string | undefined,
  queue: ExistingQueue | undefined,
  letters: ExistingQueue | undefined,
  queueName: string,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const { sns, snsApi } = connection;
  const resource = `subscription ${queueName}`;
  const missing: TopologyChange[] = [{ action: "create", resource, detail: "" }];
  // Before topic and queues exist there is nothing to link, and nothing to compare.
  if (topicArn === undefined || queue === undefined || letters === undefined) return missing;
  const declared = subscriptionAttributes(letters.arn);
  const [existing] = await findLinks(connection, topicArn, queue.arn);
  if (existing === undefined) {
    if (!mode.create) return missing;
    // Harmless when somebody else was faster: SNS answers with the existing one.
    const command = new snsApi.SubscribeCommand({
      TopicArn: topicArn,
      Protocol: "sqs",
      Endpoint: queue.arn,
      Attributes: declared,
      ReturnSubscriptionArn: true,
    });
    await answerTo(`subscribe queue ${queue.name} to topic ${topicArn}`, sns.send(command));
    return missing;
  }

  const read = new snsApi.GetSubscriptionAttributesCommand({ SubscriptionArn: existing });
  const { Attributes: current = {} } = await answerTo(`read subscription ${existing}`, sns.send(read));
  const different = Object.entries(declared).filter(([name, value]) => canonical(current[name]) !== canonical(value));
  if (different.length === 0) return [];
  for (const [AttributeName, AttributeValue] of mode.update ? different : []) {
    const input = { SubscriptionArn: existing, AttributeName, AttributeValue };
    const set = sns.send(new snsApi.SetSubscriptionAttributesCommand(input));
    await answerTo(`set ${AttributeName} of subscription ${existing}`, set);
  }
  const detail = different
    .map(([name, value]) => `${name} is ${current[name] ?? "not set"}, declared ${value}`)
    .join("; ");
  return [{ action: "update", resource, detail }];
}

/** The ARNs of the SNS subscriptions of this queue to this topic; usually one. */
export async function findLinks(
  { sns, snsApi }: Connection,
  topicArn: string,
  queueArn: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const command = new snsApi.ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken });
    const page: Partial<ListSubscriptionsByTopicCommandOutput> =
      (await answerIfFound(`list the subscriptions of topic ${topicArn}`, sns.send(command))) ?? {};
    for (const { Endpoint, SubscriptionArn } of page.Subscriptions ?? []) {
      if (Endpoint === queueArn && SubscriptionArn !== undefined) found.push(SubscriptionArn);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== "");
  return found;
}

/** The same text for the same value: AWS may change the spaces in JSON. */
function canonical(value: string | undefined): string | undefined {
  return value && (JSON.stringify(readJson(value)) ?? value);
}
