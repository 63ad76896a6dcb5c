import type { TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { type ResourceAttributes, subscriptionAttributes } from "./declared-attributes.ts";
import { toPubSubError } from "../errors.ts";
import type { ProvisioningMode } from "./provisioning-mode.ts";
import type { ExistingQueue } from "./queue-resources.ts";

export interface SnsSubscription {
  readonly arn: string;
}

/** The link from topic to queue: raw delivery, and a dead-letter queue for what SNS itself cannot deliver. */
export async function provisionSnsSubscription(
  connection: Connection,
  topicArn: string | undefined,
  queue: ExistingQueue | undefined,
  letters: ExistingQueue | undefined,
  queueName: string,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const resource = `subscription ${queueName}`;
  const missing: TopologyChange[] = [{ action: "create", resource, detail: "" }];
  // Before topic and queues exist there is nothing to link, and nothing to compare.
  if (topicArn === undefined || queue === undefined || letters === undefined) return missing;
  const declared = subscriptionAttributes(letters.arn);
  const [existing] = await findSnsSubscriptions(connection, topicArn, queue.arn);
  if (existing === undefined) {
    if (mode.create) await subscribe(connection, topicArn, queue, declared);
    return missing;
  }

  const current = await readSubscription(connection, existing.arn);
  const different = Object.entries(declared).filter(([name, value]) => canonical(current[name]) !== canonical(value));
  if (different.length === 0) return [];
  if (mode.update) {
    for (const [name, value] of different) await setAttribute(connection, existing.arn, name, value);
  }
  const detail = different
    .map(([name, value]) => `${name} is ${current[name] ?? "not set"}, declared ${value}`)
    .join("; ");
  return [{ action: "update", resource, detail }];
}

/** The subscriptions of this queue to this topic; usually one. */
export async function findSnsSubscriptions(
  connection: Connection,
  topicArn: string,
  queueArn: string,
): Promise<readonly SnsSubscription[]> {
  const { sns, snsApi } = connection;
  const found: SnsSubscription[] = [];
  let token: string | undefined;
  try {
    do {
      const page: {
        Subscriptions?: { Endpoint?: string | undefined; SubscriptionArn?: string | undefined }[] | undefined;
        NextToken?: string | undefined;
      } = await sns.send(
        new snsApi.ListSubscriptionsByTopicCommand({
          TopicArn: topicArn,
          ...(token === undefined ? undefined : { NextToken: token }),
        }),
      );
      for (const { Endpoint, SubscriptionArn } of page.Subscriptions ?? []) {
        if (Endpoint === queueArn && SubscriptionArn !== undefined) found.push({ arn: SubscriptionArn });
      }
      token = page.NextToken;
    } while (token !== undefined && token !== "");
  } catch (error) {
    const mapped = toPubSubError(error, `list the subscriptions of topic ${topicArn}`);
    if (mapped.code !== "NOT_FOUND") throw mapped;
  }
  return found;
}

export async function unsubscribe(connection: Connection, arn: string): Promise<void> {
  try {
    await connection.sns.send(new connection.snsApi.UnsubscribeCommand({ SubscriptionArn: arn }));
  } catch (error) {
    const mapped = toPubSubError(error, `unsubscribe ${arn}`);
    if (mapped.code !== "NOT_FOUND") throw mapped;
  }
}

/** Harmless when somebody else was faster: SNS answers with the existing one. */
async function subscribe(
  connection: Connection,
  topicArn: string,
  queue: ExistingQueue,
  attributes: ResourceAttributes,
): Promise<void> {
  const { sns, snsApi } = connection;
  try {
    await sns.send(
      new snsApi.SubscribeCommand({
        TopicArn: topicArn,
        Protocol: "sqs",
        Endpoint: queue.arn,
        Attributes: attributes,
        ReturnSubscriptionArn: true,
      }),
    );
  } catch (error) {
    throw toPubSubError(error, `subscribe queue ${queue.name} to topic ${topicArn}`);
  }
}

async function readSubscription(connection: Connection, arn: string): Promise<Record<string, string>> {
  try {
    const { Attributes } = await connection.sns.send(
      new connection.snsApi.GetSubscriptionAttributesCommand({ SubscriptionArn: arn }),
    );
    return Attributes ?? {};
  } catch (error) {
    throw toPubSubError(error, `read subscription ${arn}`);
  }
}

async function setAttribute(connection: Connection, arn: string, name: string, value: string): Promise<void> {
  const { sns, snsApi } = connection;
  try {
    await sns.send(
      new snsApi.SetSubscriptionAttributesCommand({ SubscriptionArn: arn, AttributeName: name, AttributeValue: value }),
    );
  } catch (error) {
    throw toPubSubError(error, `set ${name} of subscription ${arn}`);
  }
}

/** JSON comes back spaced differently. */
function canonical(value: string | undefined): string {
  if (value === undefined) return "";
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return value;
  }
}
