interface Operation {
  readonly name: string;
}

interface SdkResponse {
  readonly statusCode: number;
  body?: unknown;
}

interface ReadContext {
  streamCollector(stream: unknown): Promise<Uint8Array>;
}

/** The part that we use of an SDK client's protocol, which the SDK's types call `any`. */
export interface SdkProtocol {
  getShapeId(): string;
  serializeRequest(operation: Operation, input: object, context: object): Promise<{ body?: unknown }>;
  deserializeResponse(operation: Operation, context: ReadContext, response: SdkResponse): Promise<object>;
  deserializeMetadata(response: SdkResponse): object;
}

/**
 * Reads the successful answers of one operation with `read`, which gets their text. The SDK reads all other answers, and
 * those for which `read` returns undefined.
 */
export function readAnswers(
  protocol: SdkProtocol,
  operationName: string,
  read: (text: string) => { $metadata?: object; [field: string]: unknown } | undefined,
): void {
  const deserialize = protocol.deserializeResponse.bind(protocol);
  protocol.deserializeResponse = async (operation, context, response) => {
    if (operation.name !== operationName || response.statusCode !== 200)
      return deserialize(operation, context, response);
    const bytes = await context.streamCollector(response.body);
    const answer = read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    if (answer === undefined) {
      response.body = bytes;
      return deserialize(operation, context, response);
    }
    answer.$metadata = protocol.deserializeMetadata(response);
    return answer;
  };
}
