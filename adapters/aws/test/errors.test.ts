import { once } from "node:events";
import { Agent } from "node:http";
import { type AddressInfo, createServer, type Server, Socket } from "node:net";
import { PubSubError } from "@anytopic/core/driver";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, test } from "vitest";
import { entryError, isTransient, toPubSubError } from "../src/errors.ts";
import { httpHandler } from "../src/connection/http-handler.ts";

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error("AWS says"), { name }, more);
}

const TABLE: readonly (readonly [name: string, code: string, says: RegExp])[] = [
  ["QueueDoesNotExist", "NOT_FOUND", /create it, or check region and account/],
  ["AWS.SimpleQueueService.NonExistentQueue", "NOT_FOUND", /create it/],
  ["com.amazonaws.sqs#QueueDoesNotExist", "NOT_FOUND", /create it/],
  ["NotFoundException", "NOT_FOUND", /create it/],
  ["NotFound", "NOT_FOUND", /create it/],
  ["ExpiredToken", "UNAUTHENTICATED", /renew them/],
  ["ExpiredTokenException", "UNAUTHENTICATED", /renew them/],
  ["InvalidClientTokenId", "UNAUTHENTICATED", /does not know these credentials/],
  ["UnrecognizedClientException", "UNAUTHENTICATED", /does not know these credentials/],
  ["SignatureDoesNotMatch", "UNAUTHENTICATED", /clock/],
  ["CredentialsProviderError", "UNAUTHENTICATED", /AWS_ACCESS_KEY_ID/],
  ["AccessDenied", "PERMISSION_DENIED", /IAM policy/],
  ["AccessDeniedException", "PERMISSION_DENIED", /IAM policy/],
  ["AuthorizationErrorException", "PERMISSION_DENIED", /IAM policy/],
  ["KMSDisabledException", "PERMISSION_DENIED", /KMS key/],
  ["KmsThrottled", "RESOURCE_EXHAUSTED", /slow down/],
  ["ThrottlingException", "RESOURCE_EXHAUSTED", /slow down/],
  ["RequestThrottled", "RESOURCE_EXHAUSTED", /slow down/],
  ["OverLimit", "RESOURCE_EXHAUSTED", /120,000/],
  ["InternalError", "UNAVAILABLE", /may succeed later/],
  ["ServiceUnavailable", "UNAVAILABLE", /may succeed later/],
  ["ReceiptHandleIsInvalid", "LEASE_LOST", /no longer belongs/],
  ["MessageNotInflight", "LEASE_LOST", /no longer belongs/],
  ["InvalidMessageContents", "REJECTED", /refused/],
  ["BatchRequestTooLong", "LIMIT_EXCEEDED", /larger/],
  ["TimeoutError", "TIMEOUT", /may have happened/],
  ["SomethingNew", "UNKNOWN", /cause/],
];

describe("errors of AWS", () => {
  test.for(TABLE)("%s is %s and says what to do", ([name, code, says]) => {
    const cause = named(name);
    const error = toPubSubError(cause, "publish to topic orders");
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(/^cannot publish to topic orders: /);
    expect(error.message).toMatch(says);
    expect(error.message).toContain(name);
    expect(error.retryable).toBe(["UNAVAILABLE", "TIMEOUT", "RESOURCE_EXHAUSTED"].includes(code));
  });

  test.for([
    ["ENOTFOUND", "UNAVAILABLE", /check region and endpoint/],
    ["ECONNREFUSED", "UNAVAILABLE", /check that it runs/],
    ["ECONNRESET", "UNAVAILABLE", /cannot be reached/],
    ["ETIMEDOUT", "TIMEOUT", /no answer in time/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "INVALID_CONFIG", /its certificate is trusted/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "INVALID_CONFIG", /and for that host/],
  ] as const)("network error %s is %s", ([code, mapped, says]) => {
    const error = toPubSubError(Object.assign(new Error("connect"), { code }), "connect to SQS");
    expect(error).toMatchObject({ code: mapped });
    expect(error.message).toMatch(says);
  });

  test("all addresses of a host refused is one refusal", () => {
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(toPubSubError(new AggregateError([refused, refused]), "connect to SQS")).toMatchObject({
      code: "UNAVAILABLE",
    });
  });

  test("an unknown name with a status of the server's own fault may succeed later", () => {
    expect(toPubSubError(named("Odd", { $metadata: { httpStatusCode: 503 } }), "x")).toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(toPubSubError(named("Odd", { $metadata: { httpStatusCode: 429 } }), "x")).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
  });

  test("a wrong signature's text holds the signed request with its token: it is not passed on", () => {
    const error = toPubSubError(named("SignatureDoesNotMatch", { message: "x-amz-security-token:SECRET" }), "publish");
    expect(JSON.stringify([error.message, error.cause ?? null])).not.toContain("SECRET");
    expect("cause" in error).toBe(false);
  });

  test("others keep their cause, and ours pass through", () => {
    const cause = named("AccessDenied");
    expect(toPubSubError(cause, "publish").cause).toBe(cause);
    const ours = new PubSubError("CLOSED", "closed");
    expect(toPubSubError(ours, "publish")).toBe(ours);
    expect(toPubSubError(undefined, "publish")).toMatchObject({ code: "UNKNOWN" });
  });
});

type Handler = NodeHttpHandler | Awaited<ReturnType<typeof httpHandler>>;

const ours = (requestTimeoutMs: number): Promise<Handler> => httpHandler({ maxSockets: 1, requestTimeoutMs });
/** The handler of clients that are passed in. */
const ofTheSdk = async (requestTimeout: number): Promise<Handler> =>
  new NodeHttpHandler({ requestTimeout, throwOnRequestTimeout: true });
const HANDLERS = [
  ["ours", ours],
  ["the SDK's default", ofTheSdk],
] as const;

/** The error of a handler for a request to this port. */
async function failureOf(port: number, handler: Handler): Promise<unknown> {
  const to = { protocol: "http:", hostname: "127.0.0.1", port, path: "/", method: "POST", headers: {}, query: {} };
  try {
    await handler.handle({ ...to, body: "" } as Parameters<NodeHttpHandler["handle"]>[0]);
  } catch (error) {
    return error;
  } finally {
    handler.destroy();
  }
  throw new Error("the request was answered");
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

describe("requests without an answer", () => {
  test("are UNAVAILABLE when no connection came about: nothing can have happened", async () => {
    const httpAgent = new Agent();
    // As with a firewall that drops packets.
    httpAgent.createConnection = () => Object.assign(new Socket(), { connecting: true });
    const error = await failureOf(9, new NodeHttpHandler({ httpAgent, connectionTimeout: 20 }));
    expect(error).toMatchObject({ name: "TimeoutError" });
    const mapped = toPubSubError(error, "connect to SQS");
    expect(mapped).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(mapped.message).toMatch(
      /^cannot connect to SQS: the endpoint cannot be reached; .* \(timeout while connecting\)\. See /,
    );
    const bySystem = Object.assign(new Error("connect"), { code: "ETIMEDOUT", syscall: "connect" });
    const byUndici = Object.assign(new Error("connect"), { code: "UND_ERR_CONNECT_TIMEOUT", name: "TimeoutError" });
    for (const same of [bySystem, byUndici]) {
      expect(toPubSubError(same, "connect to SQS")).toMatchObject({ code: "UNAVAILABLE", message: mapped.message });
    }
  });

  test.for(HANDLERS)("are UNAVAILABLE when nobody listens, by %s", async ([, handler]) => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    await once(server, "close");
    expect(toPubSubError(await failureOf(port, await handler(5000)), "publish")).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test.for(HANDLERS)("are TIMEOUT when they were sent and nothing came, by %s", async ([, handler]) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket.resume()));
    const error = await failureOf(await listening(server), await handler(20));
    expect(toPubSubError(error, "publish")).toMatchObject({ code: "TIMEOUT", retryable: true });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test.for(HANDLERS)("are UNAVAILABLE when the connection broke, by %s", async ([, handler]) => {
    for (const leave of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      const server = createServer((socket) => socket.on("data", () => leave(socket)));
      const error = await failureOf(await listening(server), await handler(5000));
      expect(toPubSubError(error, "publish")).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      server.close();
    }
  });
});

describe("entries of a batch", () => {
  test("are tried again when AWS throttled or failed them, and only then", () => {
    expect(
      ["InternalError", "InternalFailure", "Throttled", "RequestThrottled", "KmsThrottled"].every(isTransient),
    ).toBe(true);
    expect(["InvalidParameter", "ReceiptHandleIsInvalid", "NotFound", undefined].some(isTransient)).toBe(false);
  });

  test("carry their code", () => {
    expect(entryError("InvalidParameter", "publish")).toMatchObject({ code: "REJECTED" });
    expect(entryError(undefined, "publish")).toMatchObject({ code: "UNKNOWN" });
  });
});
