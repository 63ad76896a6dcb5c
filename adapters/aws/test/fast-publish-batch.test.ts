import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  type PublishBatchCommandOutput,
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  PublishCommand,
  SNSClient,
} from "@aws-sdk/client-sns";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hastenPublishBatch } from "../src/wire/fast-publish-batch.ts";
import { Sha256 } from "../src/wire/sha256.ts";

const TopicArn = "arn:aws:sns:eu-west-1:123456789012:orders & more";

interface Sent {
  readonly body: unknown;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Wire {
  readonly sns: SNSClient;
  readonly sent: Sent[];
}

/** A client whose requests are not sent, and get this answer. */
function wire(fast: boolean, answer: string, statusCode = 200): Wire {
  const sent: Sent[] = [];
  const sns = new SNSClient({
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" },
    maxAttempts: 1,
    ...(fast ? { sha256: Sha256 } : undefined),
    requestHandler: {
      handle({ body, headers }: { body: string | Uint8Array; headers: Record<string, string> }) {
        sent.push({ body, text: Buffer.from(body as string).toString("latin1"), headers });
        const response = {
          statusCode,
          headers: { "x-amzn-requestid": "r1" },
          body: Readable.from([Buffer.from(answer)]),
        };
        return Promise.resolve({ response });
      },
    },
  });
  sns.middlewareStack.addRelativeTo(sameInvocation, {
    relation: "before",
    toMiddleware: "httpSigningMiddleware",
    name: "sameInvocation",
  });
  if (fast) hastenPublishBatch(sns);
  return { sns, sent };
}

/** The invocation id is random and signed: without this, no two signatures are the same. */
function sameInvocation<Args extends object, Result>(next: (args: Args) => Promise<Result>) {
  return (args: Args): Promise<Result> => {
    const { request } = args as { request: { headers: Record<string, string> } };
    request.headers["amz-sdk-invocation-id"] = "the same";
    return next(args);
  };
}

async function send({ sns, sent }: Wire, entries: PublishBatchRequestEntry[] | undefined): Promise<Sent | undefined> {
  await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
  return sent.at(-1);
}

function answerOf(inner: string): string {
  return `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>${inner}</PublishBatchResult><ResponseMetadata><RequestId>r1</RequestId></ResponseMetadata></PublishBatchResponse>`;
}

const ONE = "<member><MessageId>m-1</MessageId><Id>0</Id></member>";
const FAILED = `<Failed><member><Id>1</Id><Code>Throttled</Code><SenderFault>false</SenderFault><Message>a &lt; b</Message></member></Failed>`;
const FINE = answerOf(`<Failed/><Successful>${ONE}</Successful>`);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_767_323_045_678, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const every = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)).join("");
const OURS: readonly (readonly [string, PublishBatchRequestEntry[]])[] = [
  ["a body alone", [{ Id: "0", Message: '{"total":1}' }]],
  ["every character, also above the first plane", [{ Id: "0", Message: `${every} 😀 \uFFFD` }]],
  [
    "ten entries with attributes",
    Array.from({ length: 10 }, (_, index) => ({
      Id: String(index),
      Message: `(it's) *${index}* !~`,
      MessageAttributes: {
        anytopic: { DataType: "String", StringValue: '{"id":"0190","time":1}' },
        "x-trace.id": { DataType: "String", StringValue: "ü +&=%" },
      },
    })),
  ],
  ["no attributes", [{ Id: "0", Message: "x", MessageAttributes: {} }]],
  [
    "FIFO",
    [
      {
        Id: "0",
        Message: "x",
        MessageAttributes: { a: { DataType: "String", StringValue: "b" } },
        MessageGroupId: "!\"#$%&'()*+",
        MessageDeduplicationId: "d/1",
      },
      { Id: "1", Message: "y", MessageGroupId: "k", MessageDeduplicationId: "d2" },
    ],
  ],
];

/** What a user of the native client may send, and we never do. */
const OTHERS: readonly (readonly [string, PublishBatchRequestEntry[] | undefined])[] = [
  ["a subject", [{ Id: "0", Message: "x", Subject: "s" }]],
  ["a structure", [{ Id: "0", Message: '{"default":"x"}', MessageStructure: "json" }]],
  [
    "bytes",
    [{ Id: "0", Message: "x", MessageAttributes: { a: { DataType: "Binary", BinaryValue: Buffer.from("b") } } }],
  ],
  ["a number", [{ Id: "0", Message: "x", MessageAttributes: { a: { DataType: "Number", StringValue: "1" } } }]],
  ["a field that is undefined", [{ Id: undefined, Message: "x" }]],
  ["no entries", undefined],
];

describe("a PublishBatch", () => {
  test.for([...OURS, ...OTHERS])("is what the SDK would have sent, signature included: %s", async ([, entries]) => {
    const [fast, plain] = [await send(wire(true, FINE), entries), await send(wire(false, FINE), entries)];
    expect(plain?.text).toMatch(/^Action=PublishBatch&/);
    expect(fast?.text).toBe(plain?.text);
    expect(fast?.headers["authorization"]).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(fast?.headers).toEqual(plain?.headers);
  });

  test.for(OURS)("of ours is not the SDK's to write: %s", async ([, entries]) => {
    const { body } = (await send(wire(true, FINE), entries)) ?? {};
    expect(body).toBeInstanceOf(Uint8Array);
  });

  test("of an SDK that writes another format is left alone", async () => {
    const { sns, sent } = wire(false, FINE);
    const protocol = sns.config.protocol as unknown as { getShapeId(): string; serializeRequest: unknown };
    const { serializeRequest } = protocol;
    protocol.getShapeId = () => "aws.protocols#awsJson1_0";
    hastenPublishBatch(sns);
    expect(protocol.serializeRequest).toBe(serializeRequest);
    await send({ sns, sent }, OURS[0]?.[1]);
    expect(sent).toHaveLength(1);
  });

  test("is the only call that changes", async () => {
    const bodies = [];
    for (const fast of [true, false]) {
      const { sns, sent } = wire(fast, FINE.replaceAll("PublishBatch", "Publish"));
      await sns.send(new PublishCommand({ TopicArn, Message: "x" }));
      bodies.push(sent[0]?.body);
    }
    expect(bodies[0]).toBe(bodies[1]);
  });
});

describe("its answer", () => {
  test.for([
    ["one", FINE],
    ["ten, spaced, of a FIFO topic", ten()],
    ["a failure", answerOf(`${FAILED}<Successful>${ONE}</Successful>`)],
    ["failures alone", answerOf(FAILED)],
    ["nobody", answerOf("<Failed/><Successful/>")],
    ["an entity", FINE.replace("m-1", "m&amp;1")],
    ["character data", FINE.replace("m-1", "<![CDATA[m-1]]>")],
    ["a member without id", answerOf("<Successful><member><MessageId>m-1</MessageId></member></Successful>")],
    ["a field more", FINE.replace("<Id>", "<Shard>1</Shard><Id>")],
  ] as const)("says what the SDK reads: %s", async ([, xml]) => {
    const entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), Message: "x" }));
    const command = new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries });
    const read = async (fast: boolean): Promise<PublishBatchCommandOutput> => wire(fast, xml).sns.send(command);
    const [fast, plain] = [await read(true), await read(false)];
    // The SDK returns undefined or an empty list.
    expect(fast.Failed ?? []).toEqual(plain.Failed ?? []);
    expect(fast.Successful ?? []).toEqual(plain.Successful ?? []);
    expect(JSON.parse(JSON.stringify(fast.$metadata))).toEqual(JSON.parse(JSON.stringify(plain.$metadata)));
  });

  const refusal =
    "<ErrorResponse><Error><Type>Sender</Type><Code>Throttled</Code><Message>slow</Message></Error></ErrorResponse>";
  test.for([
    [400, refusal],
    [403, refusal],
    [500, refusal],
    [500, FINE],
  ] as const)("with status %s is the SDK's error", async ([status, xml]) => {
    const errors: unknown[] = [];
    for (const fast of [true, false]) {
      errors.push(await send(wire(fast, xml, status), OURS[0]?.[1]).catch((error: unknown) => error));
    }
    const [error, expected] = errors as [Error, Error];
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: expected.name, message: expected.message });
  });
});

describe("Sha256", () => {
  test("hashes, starts again, and signs with text and with bytes as the SDK's does", async () => {
    const sha = new Sha256();
    sha.update(Buffer.from("a"));
    sha.reset();
    sha.update(Buffer.from("b"));
    sha.update(Buffer.from("c"));
    expect(Buffer.from(await sha.digest())).toEqual(createHash("sha256").update("bc").digest());
    // RFC 4231, test case 2: twice with a view into a larger buffer, and once without.
    const key = Buffer.from("..Jefe..").subarray(2, 6);
    for (const secret of ["Jefe", key, key, new Uint8Array(key).buffer]) {
      const hmac = new Sha256(secret);
      hmac.update(Buffer.from("what do ya want for nothing?"));
      expect(Buffer.from(await hmac.digest()).toString("hex")).toBe(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      );
    }
  });
});

function ten(): string {
  const members = Array.from(
    { length: 10 },
    (_, index) => `
      <member>
        <SequenceNumber>1000000000000000${index}</SequenceNumber>
        <MessageId>m-${index}</MessageId>
        <Id>${index}</Id>
      </member>`,
  );
  return `<?xml version="1.0"?>\n${answerOf(`\n  <Failed>\n  </Failed>\n  <Successful>${members.join("")}\n  </Successful>`)}\n`;
}
