import type { PublishBatchCommandInput, SNSClient } from "@aws-sdk/client-sns";
import { publishBatchForm } from "./publish-batch-form.ts";
import { successesOf } from "./publish-batch-answer.ts";
import { readAnswers, type SdkProtocol } from "./sdk-protocol.ts";

/** What the SDK writes before the entries. Anything else means that it writes another format than the one that we know. */
const BEGINNING = "Action=PublishBatch&Version=2010-03-31&TopicArn=";
const QUERY_PROTOCOL = "aws.protocols#awsQuery";

/**
 * Halves the CPU time of a PublishBatch: to write and read SNS's format, the SDK walks a schema for every field. This
 * writes the entries directly, as bytes, and reads an answer without failures directly. The SDK does everything else:
 * endpoint, signature, sockets, tries, errors, the other calls, and entries and answers of other kinds.
 */
export function hastenPublishBatch(sns: SNSClient): void {
  const protocol = sns.config.protocol as unknown as SdkProtocol;
  if (protocol.getShapeId() !== QUERY_PROTOCOL) return;
  const serialize = protocol.serializeRequest.bind(protocol);

  protocol.serializeRequest = async (operation, input, context) => {
    if (operation.name !== "PublishBatch") return serialize(operation, input, context);
    const { PublishBatchRequestEntries = [], ...rest } = input as PublishBatchCommandInput;
    const form = publishBatchForm(PublishBatchRequestEntries);
    if (form === undefined) return serialize(operation, input, context);
    const request = await serialize(operation, rest, context);
    const { body } = request;
    if (typeof body !== "string" || !body.startsWith(BEGINNING)) return serialize(operation, input, context);
    // All of it is ASCII. A string would be encoded twice, for the signature and for the socket.
    request.body = Buffer.from(body + form, "latin1");
    return request;
  };

  readAnswers(protocol, "PublishBatch", (xml) => {
    const Successful = successesOf(xml);
    return Successful === undefined ? undefined : { Successful, Failed: [] };
  });
}
