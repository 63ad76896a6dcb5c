/** What a broker is called in `messaging.system.name`, and in `messaging.system` before 1.45.0. */
export interface SystemNames {
  readonly name: string;
  readonly old: string;
}

/** Which side of a broker: SNS takes what is published, SQS hands it out. */
export type Side = "publish" | "consume";

const same = (name: string): SystemNames => ({ name, old: name });

/**
 * By the name of the adapter. The conventions have no value for NATS (issue 2266), Redis and a broker in memory, so these have the
 * adapter's name. Source: `messaging.system.name` of version 1.45.0, read 2026-11-26.
 */
const PUBLISH: Readonly<Record<string, SystemNames>> = {
  aws: same("aws.sns"),
  gcp: { name: "gcp.pubsub", old: "gcp_pubsub" },
};

const CONSUME: Readonly<Record<string, SystemNames>> = {
  ...PUBLISH,
  aws: { name: "aws.sqs", old: "aws_sqs" },
};

export function systemNames(adapter: string, side: Side): SystemNames {
  const known = side === "publish" ? PUBLISH : CONSUME;
  return Object.hasOwn(known, adapter) ? (known[adapter] as SystemNames) : same(adapter);
}
