import { PubSubError, type TopicSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import { requireAccount } from "../connection/probe.ts";
import { snsTopicName } from "../names.ts";

/**
 * The ARN of a topic without any call where the account is known (option, or learned from an earlier answer); else
 * looked up with ListTopics. Undefined when that does not find it.
 */
export async function findTopicArn(connection: Connection, topic: TopicSpec): Promise<string | undefined> {
  const name = snsTopicName(connection.options.prefix, topic);
  const known = connection.topicArns.get(name);
  if (known !== undefined) return known;
  if (connection.account !== undefined) return arnOf(connection, name);
  // Any topic tells the account, and the account tells every ARN.
  const first = await firstTopicArn(connection);
  if (first === undefined) return undefined;
  learnAccount(connection, first);
  return arnOf(connection, name);
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

/**
 * Remembers what an ARN tells: `arn:aws:sns:<region>:<account>:<name>`.
 *
 * @throws PubSubError `INVALID_CONFIG` when the option says another account
 */
export function learnAccount(connection: Connection, arn: string): void {
  const account = arn.split(":")[4];
  if (account === undefined || account === "") return;
  requireAccount(connection.options.account, account);
  connection.account ??= account;
}

function arnOf(connection: Connection, name: string): string {
  return `arn:${partitionOf(connection.region)}:sns:${connection.region}:${connection.account}:${name}`;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (2026-11-22) */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

async function firstTopicArn(connection: Connection): Promise<string | undefined> {
  try {
    const page = await connection.sns.send(new connection.snsApi.ListTopicsCommand({}));
    return page.Topics?.[0]?.TopicArn;
  } catch (error) {
    const mapped = toPubSubError(error, "look up the account with sns:ListTopics");
    if (mapped.code !== "PERMISSION_DENIED") throw mapped;
    throw new PubSubError(
      "PERMISSION_DENIED",
      "cannot look up the account with sns:ListTopics: allow it, or give the option account",
      { cause: error },
    );
  }
}
