import type { TopicSpec, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { ownershipTags, topicAttributes } from "./declared-attributes.ts";
import { toPubSubError } from "../errors.ts";
import type { ProvisioningMode } from "./provisioning-mode.ts";
import { snsTopicName } from "../names.ts";
import { findTopicArn, learnAccount } from "./topic-arn.ts";

export interface ProvisionedTopic {
  /** Undefined while it does not exist. */
  readonly arn: string | undefined;
  readonly changes: readonly TopologyChange[];
}

export async function provisionTopic(
  connection: Connection,
  topic: TopicSpec,
  mode: ProvisioningMode,
): Promise<ProvisionedTopic> {
  const name = snsTopicName(connection.options.prefix, topic);
  const resource = `topic ${name}`;
  const declared = topicAttributes(topic);
  const arn = await findTopicArn(connection, topic);
  const existing = arn === undefined ? undefined : await readTopic(connection, arn);
  if (arn === undefined || existing === undefined) {
    const created = mode.create ? await createTopic(connection, topic, name) : undefined;
    return { arn: created, changes: [{ action: "create", resource, detail: "" }] };
  }

  const changes: TopologyChange[] = [];
  for (const [attribute, value] of Object.entries(declared)) {
    // An endpoint that does not know an attribute does not report it either.
    const current = existing[attribute];
    if (current === undefined || current === value) continue;
    const detail = `${attribute} is ${current}, declared ${value}`;
    if (attribute === "FifoTopic") changes.push({ action: "replace", resource, detail });
    else {
      changes.push({ action: "update", resource, detail });
      if (mode.update) await setTopicAttribute(connection, arn, attribute, value);
    }
  }
  return { arn, changes };
}

export async function destroyTopic(connection: Connection, topic: TopicSpec): Promise<string[]> {
  const name = snsTopicName(connection.options.prefix, topic);
  const arn = await findTopicArn(connection, topic);
  if (arn === undefined || (await readTopic(connection, arn)) === undefined) return [];
  try {
    await connection.sns.send(new connection.snsApi.DeleteTopicCommand({ TopicArn: arn }));
  } catch (error) {
    throw toPubSubError(error, `delete topic ${name}`);
  }
  return [`topic ${name}`];
}

async function readTopic(connection: Connection, arn: string): Promise<Record<string, string> | undefined> {
  try {
    const { Attributes } = await connection.sns.send(
      new connection.snsApi.GetTopicAttributesCommand({ TopicArn: arn }),
    );
    return Attributes ?? {};
  } catch (error) {
    const mapped = toPubSubError(error, `read topic ${arn}`);
    if (mapped.code === "NOT_FOUND") return undefined;
    throw mapped;
  }
}

/** Answers with the existing one when somebody else was faster. */
async function createTopic(connection: Connection, topic: TopicSpec, name: string): Promise<string> {
  const { sns, snsApi } = connection;
  const Tags = Object.entries(ownershipTags(topic.name)).map(([Key, Value]) => ({ Key, Value }));
  try {
    const { TopicArn } = await sns.send(
      new snsApi.CreateTopicCommand({ Name: name, Attributes: topicAttributes(topic), Tags }),
    );
    const arn = TopicArn ?? "";
    learnAccount(connection, arn);
    connection.topicArns.set(name, arn);
    return arn;
  } catch (error) {
    throw toPubSubError(error, `create topic ${name}`);
  }
}

async function setTopicAttribute(connection: Connection, arn: string, name: string, value: string): Promise<void> {
  const { sns, snsApi } = connection;
  try {
    await sns.send(new snsApi.SetTopicAttributesCommand({ TopicArn: arn, AttributeName: name, AttributeValue: value }));
  } catch (error) {
    throw toPubSubError(error, `set ${name} of topic ${arn}`);
  }
}
