import { PubSubError, type TopicSpec, type TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { requireAccount } from "../connection/probe.ts";
import { answerIfFound, answerTo, toPubSubError } from "../errors.ts";
import { arnOf, snsTopicName } from "../names.ts";
import { ownershipTags, topicAttributes } from "./declared-attributes.ts";

/** What provisioning does with the differences that it finds. */
export interface ProvisioningMode {
  /** Create what is missing. */
  readonly create: boolean;
  /** Change what differs. */
  readonly update: boolean;
  /** Gets the changes that were made although `update` is false. */
  readonly changed?: Set<TopologyChange>;
  readonly signal?: AbortSignal | undefined;
}

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
  const { sns, snsApi } = connection;
  const resource = `topic ${snsTopicName(connection.options.prefix, topic)}`;
  const arn = await findTopicArn(connection, topic);
  const existing = arn === undefined ? undefined : await readTopic(connection, arn);
  if (arn === undefined || existing === undefined) {
    const created = mode.create ? await createTopic(connection, topic) : undefined;
    return { arn: created, changes: [{ action: "create", resource, detail: "" }] };
  }

  const changes: TopologyChange[] = [];
  for (const [AttributeName, AttributeValue] of Object.entries(topicAttributes(topic))) {
    // An endpoint that does not know an attribute does not report it either.
    const current = existing[AttributeName];
    if (current === undefined || current === AttributeValue) continue;
    const action = AttributeName === "FifoTopic" ? "replace" : "update";
    changes.push({ action, resource, detail: `${AttributeName} is ${current}, declared ${AttributeValue}` });
    if (action === "replace" || !mode.update) continue;
    const command = new snsApi.SetTopicAttributesCommand({ TopicArn: arn, AttributeName, AttributeValue });
    await answerTo(`set ${AttributeName} of topic ${arn}`, sns.send(command));
  }
  return { arn, changes };
}

export async function destroyTopic(connection: Connection, topic: TopicSpec): Promise<string[]> {
  const { sns, snsApi } = connection;
  const arn = await findTopicArn(connection, topic);
  if (arn === undefined || (await readTopic(connection, arn)) === undefined) return [];
  const resource = `topic ${snsTopicName(connection.options.prefix, topic)}`;
  await answerTo(`delete ${resource}`, sns.send(new snsApi.DeleteTopicCommand({ TopicArn: arn })));
  return [resource];
}

/**
 * The ARN of a topic. Without a request where the account is known, from the option or from an earlier answer; else the
 * account is looked up with ListTopics. Undefined when the account has no topic.
 */
export async function findTopicArn(connection: Connection, topic: TopicSpec): Promise<string | undefined> {
  const name = snsTopicName(connection.options.prefix, topic);
  const known = connection.topicArns.get(name);
  if (known !== undefined) return known;
  if (connection.account === undefined) {
    // The ARN of any topic names the account, and with the account every ARN is known.
    const any = await anyTopicArn(connection);
    if (any === undefined) return undefined;
    learnAccount(connection, any);
  }
  return arnOf("sns", connection, name);
}

/** @throws PubSubError `NOT_FOUND` */
export async function requireTopicArn(connection: Connection, topic: TopicSpec): Promise<string> {
  const arn = await findTopicArn(connection, topic);
  if (arn !== undefined) return arn;
  const name = snsTopicName(connection.options.prefix, topic);
  throw new PubSubError(
    "NOT_FOUND",
    `topic ${name} does not exist in ${connection.region}: the account has no topics there`,
  );
}

async function readTopic(connection: Connection, arn: string): Promise<Record<string, string> | undefined> {
  const { sns, snsApi } = connection;
  const command = new snsApi.GetTopicAttributesCommand({ TopicArn: arn });
  const answer = await answerIfFound(`read topic ${arn}`, sns.send(command));
  return answer && (answer.Attributes ?? {});
}

/** Returns the ARN of the existing topic when somebody else was faster. */
async function createTopic(connection: Connection, topic: TopicSpec): Promise<string> {
  const { sns, snsApi } = connection;
  const Name = snsTopicName(connection.options.prefix, topic);
  const Tags = Object.entries(ownershipTags(topic.name)).map(([Key, Value]) => ({ Key, Value }));
  const command = new snsApi.CreateTopicCommand({ Name, Attributes: topicAttributes(topic), Tags });
  const { TopicArn = "" } = await answerTo(`create topic ${Name}`, sns.send(command));
  learnAccount(connection, TopicArn);
  connection.topicArns.set(Name, TopicArn);
  return TopicArn;
}

/**
 * Remembers the account of an ARN: `arn:aws:sns:<region>:<account>:<name>`.
 *
 * @throws PubSubError `INVALID_CONFIG` when the option names another account
 */
function learnAccount(connection: Connection, arn: string): void {
  const account = arn.split(":")[4];
  if (account === undefined || account === "") return;
  requireAccount(connection.options.account, account);
  connection.account ??= account;
}

async function anyTopicArn({ sns, snsApi }: Connection): Promise<string | undefined> {
  const doing = "look up the account with sns:ListTopics";
  try {
    const { Topics } = await sns.send(new snsApi.ListTopicsCommand({}));
    return Topics?.[0]?.TopicArn;
  } catch (error) {
    const mapped = toPubSubError(error, doing);
    if (mapped.code !== "PERMISSION_DENIED") throw mapped;
    throw new PubSubError(mapped.code, `cannot ${doing}: allow it, or set the option account`, { cause: error });
  }
}
