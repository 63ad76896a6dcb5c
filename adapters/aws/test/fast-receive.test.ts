import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { ReceiveMessageCommand, type ReceiveMessageCommandOutput, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, test, vi } from "vitest";
import { hastenReceive } from "../src/wire/fast-receive.ts";

const QueueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders_worker";

/** A client whose requests are not sent, and get this answer. */
function wire(fast: boolean, answer: string, statusCode = 200): SQSClient {
  const sqs = new SQSClient({
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" },
    maxAttempts: 1,
    requestHandler: {
      handle() {
        const headers = { "x-amzn-requestid": "r1", "x-amz-id-2": "e1" };
        return Promise.resolve({ response: { statusCode, headers, body: Readable.from([Buffer.from(answer)]) } });
      },
    },
  });
  if (fast) hastenReceive(sqs);
  return sqs;
}

function md5(body: string): string {
  return createHash("md5").update(body).digest("hex");
}

const body = '{"it\'s":null,"😀":"ü"}';
const message = {
  MessageId: "m-1",
  ReceiptHandle: "r-1",
  MD5OfBody: md5(body),
  Body: body,
  Attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1767323045678" },
  MD5OfMessageAttributes: "a",
  MessageAttributes: { anytopic: { StringValue: '{"id":"0190"}', DataType: "String" } },
};

const READ_DIRECTLY: readonly (readonly [string, object])[] = [
  ["one", { Messages: [message] }],
  ["ten", { Messages: Array.from({ length: 10 }, (_, index) => ({ ...message, MessageId: `m-${index}` })) }],
  ["one without attributes", { Messages: [{ MessageId: "m", ReceiptHandle: "r", MD5OfBody: md5("x"), Body: "x" }] }],
];

const bytes = { StringValue: "s", BinaryValue: "AAEC", DataType: "Binary" };
const LEFT_TO_THE_SDK: readonly (readonly [string, object])[] = [
  ["nothing", {}],
  ["null", { Messages: null }],
  ["bytes", { Messages: [{ ...message, MessageAttributes: { b: bytes } }] }],
  ["a list of bytes", { Messages: [{ ...message, MessageAttributes: { b: { BinaryListValues: ["AAEC"] } } }] }],
  ["a field that is null", { Messages: [{ ...message, MessageAttributes: null }] }],
  ["an attribute that is null", { Messages: [{ ...message, Attributes: { SenderId: null } }] }],
  ["a field that nobody knows", { Messages: [{ ...message, Shard: "7" }] }],
  ["an attribute's field that nobody knows", { Messages: [{ ...message, MessageAttributes: { a: { New: "1" } } }] }],
];

async function received(fast: boolean, answer: string, statusCode = 200): Promise<ReceiveMessageCommandOutput> {
  return wire(fast, answer, statusCode).send(new ReceiveMessageCommand({ QueueUrl }));
}

/** What our reader and the SDK's return or throw. */
async function outcomes(answer: string, statusCode = 200): Promise<readonly [unknown, unknown]> {
  const either = (fast: boolean): Promise<unknown> =>
    received(fast, answer, statusCode).catch((error: Error) => `${error.name}: ${error.message}`);
  return [await either(true), await either(false)];
}

describe("the answer of ReceiveMessage", () => {
  test.for([...READ_DIRECTLY, ...LEFT_TO_THE_SDK])("is what the SDK reads: %s", async ([, answer]) => {
    const [fast, plain] = await outcomes(JSON.stringify(answer));
    expect(plain).toMatchObject({ $metadata: { httpStatusCode: 200, requestId: "r1", extendedRequestId: "e1" } });
    expect(fast).toStrictEqual(plain);
  });

  test.for([
    ...READ_DIRECTLY.map(([name, answer]) => [name, answer, true] as const),
    ...LEFT_TO_THE_SDK.map(([name, answer]) => [name, answer, false] as const),
  ])("is read directly, or not: %s", async ([, answer, direct]) => {
    const sqs = wire(true, JSON.stringify(answer));
    const { deserializer } = sqs.config.protocol as unknown as { deserializer: { read: () => unknown } };
    const read = vi.spyOn(deserializer, "read");
    await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(read).toHaveBeenCalledTimes(direct ? 0 : 1);
  });

  test.for([
    ["a body that is not what was sent", 200, JSON.stringify({ Messages: [{ ...message, Body: "other" }] })],
    ["no JSON", 200, "<html>"],
    ["an error", 400, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}'],
    ["an error of the server", 500, '{"__type":"InternalError"}'],
  ] as const)("is the SDK's error: %s", async ([, status, answer]) => {
    const [fast, plain] = await outcomes(answer, status);
    expect(plain).toEqual(expect.stringMatching(/: /));
    expect(fast).toBe(plain);
  });

  test("of an SDK that speaks another protocol is left alone", () => {
    const sqs = wire(false, "{}");
    const protocol = sqs.config.protocol as unknown as { getShapeId(): string; deserializeResponse: unknown };
    const { deserializeResponse } = protocol;
    protocol.getShapeId = () => "smithy.protocols#rpcv2Cbor";
    hastenReceive(sqs);
    expect(protocol.deserializeResponse).toBe(deserializeResponse);
  });
});
