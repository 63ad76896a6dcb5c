import type { ReceiveMessageCommandOutput, SQSClient } from "@aws-sdk/client-sqs";
import { messagesOf } from "./receive-answer.ts";

const JSON_PROTOCOL = "aws.protocols#awsJson1_0";

interface JsonResponse {
  readonly statusCode: number;
  body?: unknown;
}

interface ReadContext {
  streamCollector(stream: unknown): Promise<Uint8Array>;
}

/** What is used of an SDK protocol, which its types call `any`. */
interface Protocol {
  getShapeId(): string;
  deserializeResponse(
    operation: { readonly name: string },
    context: ReadContext,
    response: JsonResponse,
  ): Promise<object>;
  deserializeMetadata(response: JsonResponse): ReceiveMessageCommandOutput["$metadata"];
}

/**
 * Reads the answer of ReceiveMessage with JSON.parse alone: the SDK then walks a schema for every field. Answers with
 * anything but text, errors and the other calls stay the SDK's, and so does the check of every body's MD5.
 */
export function hastenReceive(sqs: SQSClient): void {
  const protocol = sqs.config.protocol as unknown as Protocol;
  if (protocol.getShapeId() !== JSON_PROTOCOL) return;
  const deserialize = protocol.deserializeResponse.bind(protocol);

  protocol.deserializeResponse = async (operation, context, response) => {
    if (operation.name !== "ReceiveMessage" || response.statusCode !== 200)
      return deserialize(operation, context, response);
    const bytes = await context.streamCollector(response.body);
    const Messages = messagesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    if (Messages === undefined) {
      response.body = bytes;
      return deserialize(operation, context, response);
    }
    return { Messages, $metadata: protocol.deserializeMetadata(response) } satisfies ReceiveMessageCommandOutput;
  };
}
