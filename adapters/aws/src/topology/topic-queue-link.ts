import type { ListSubscriptionsByTopicCommandOutput } from "@aws-sdk/client-sns";
import type { SubscriptionSpec, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { answerIfFound, answerTo } from "../errors.ts";
import { queueName } from "../names.ts";
import { readJson } from "../wire/json-text.ts";
import { subscriptionAttributes } from "./declared-attributes.ts";
import type { ExistingQueue } from "./queues.ts";
import type { ProvisioningMode } from "./topics.ts";

const NO_POLICY = "{}";

/** What an SNS subscription links; `undefined` before it exists. */
export interface LinkedResources {
  readonly topicArn: string | undefined;
  readonly queue: ExistingQueue | undefined;
  readonly letters: ExistingQueue | undefined;
}

/** The SNS subscription of a queue to a topic: raw delivery, a dead-letter queue for what SNS itself cannot deliver, and the filter. */
export async function provisionLink(
  connection: Connection,
  subscription: SubscriptionSpec,
  { topicArn, queue, letters }: LinkedResources,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const { sns, snsApi } = connection;
  const resource = `subscription ${queueName(connection.options.prefix, subscription)}`;
  const missing: TopologyChange[] = [{ action: "create", resource, detail: "" }];
  // Before topic and queues exist there is nothing to link, and nothing to compare.
  if (topicArn === undefined || queue === undefined || letters === undefined) return missing;
  const declared = subscriptionAttributes(subscription, letters.arn);
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
  // An empty policy removes one.
  const wanted = { FilterPolicy: NO_POLICY, ...declared };
  const different = Object.entries(wanted).filter(([name, value]) => canonical(current[name]) !== canonical(value));
  if (different.length === 0) return [];
  const detail = different.map(([name, value]) => describe(name, current[name], value)).join("; ");
  const change: TopologyChange = { action: "update", resource, detail };
  for (const [AttributeName, AttributeValue] of different) {
    // The policy of another filter holds back what passes now.
    const holdsBack = AttributeName === "FilterPolicy" && canonical(current[AttributeName]) !== undefined;
    if (!mode.update && !(mode.create && holdsBack)) continue;
    const input = { SubscriptionArn: existing, AttributeName, AttributeValue };
    const set = sns.send(new snsApi.SetSubscriptionAttributesCommand(input));
    await answerTo(`set ${AttributeName} of subscription ${existing}`, set);
    mode.changed?.add(change);
  }
  return [change];
}

function describe(name: string, current: string | undefined, declared: string): string {
  const is = canonical(current) === undefined ? "not set" : current;
  const wanted = canonical(declared) === undefined ? "none" : declared;
  const lag = name === "FilterPolicy" ? "; a change takes SNS up to 15 minutes" : "";
  return `${name} is ${is}, declared ${wanted}${lag}`;
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

/** The same text for the same value: AWS may change the spaces in JSON. `undefined` for what is not set, and for an empty policy. */
function canonical(value: string | undefined): string | undefined {
  if (value === NO_POLICY) return undefined;
  if (value === undefined || value === "") return undefined;
  return JSON.stringify(readJson(value)) ?? value;
}
