import { readJson } from "../wire/json-text.ts";

const STATEMENT_ID = "AnytopicDelivery";

interface Statement {
  readonly Sid?: string;
  readonly [field: string]: unknown;
}

interface Policy {
  readonly Version?: string;
  readonly Statement?: Statement | readonly Statement[];
  readonly [field: string]: unknown;
}

/** Lets this topic, and nobody else, send to the queue. Statements of others in `existing` stay. */
export function deliveryPolicy(topicArn: string, queueArn: string, existing?: string): string {
  const policy = parsed(existing);
  const others = statements(policy).filter(({ Sid }) => Sid !== STATEMENT_ID);
  return JSON.stringify({ Version: "2012-10-17", ...policy, Statement: [...others, ourStatement(topicArn, queueArn)] });
}

/** Whether the policy has our statement unchanged. */
export function allowsDelivery(topicArn: string, queueArn: string, existing: string | undefined): boolean {
  const wanted = canonical(ourStatement(topicArn, queueArn));
  return statements(parsed(existing)).some((statement) => canonical(statement) === wanted);
}

function ourStatement(topicArn: string, queueArn: string): Statement {
  return {
    Sid: STATEMENT_ID,
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queueArn,
    Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
  };
}

function parsed(text = ""): Policy {
  return (readJson(text) ?? {}) as Policy;
}

function statements(policy: Policy): readonly Statement[] {
  const { Statement } = policy;
  if (Statement === undefined) return [];
  return Array.isArray(Statement) ? (Statement as readonly Statement[]) : [Statement as Statement];
}

/** The same text in any order of fields, which AWS may change, and in upper or lower case, since AWS may spell the action differently. */
function canonical(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.toLowerCase());
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}:${canonical(field)}`).join(",")}}`;
}
