import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";

/** JetStream's answer when it refuses: `err_code` is stable, `description` is not. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** The `err_code`s that the adapter acts upon. nats-server lists all in `server/errors.json`. */
export const ErrCode = {
  INVALID_STREAM: 10012,
  CONSUMER_NOT_FOUND: 10014,
  MESSAGE_NOT_FOUND: 10037,
  DELETE_FAILED: 10057,
  STREAM_NAME_IN_USE: 10058,
  STREAM_NOT_FOUND: 10059,
  SUBJECTS_OVERLAP: 10065,
  WRONG_LAST_SEQUENCE: 10071,
  CONSUMER_EXISTS: 10148,
  WRONG_LAST_SEQUENCE_CONSTANT: 10164,
} as const;

const NOT_ENABLED = "start nats-server with --jetstream, or enable JetStream for this account";
const FULL = "free or add storage, or raise the limit of the server, account or stream";

/** Our code for each known refusal, and what to do about it. */
const BY_ERR_CODE: ReadonlyMap<number, readonly [PubSubErrorCode, string]> = new Map<number, [PubSubErrorCode, string]>(
  [
    [10002, ["RESOURCE_EXHAUSTED", FULL]],
    [10005, ["RESOURCE_EXHAUSTED", "the cluster has too few suitable servers for this number of replicas"]],
    [10008, ["UNAVAILABLE", "JetStream is starting or has no leader; it is retried"]],
    [
      ErrCode.CONSUMER_NOT_FOUND,
      ["NOT_FOUND", 'create the subscription with "anytopic apply" or provisioning "ensure"'],
    ],
    [10023, ["RESOURCE_EXHAUSTED", FULL]],
    [10026, ["RESOURCE_EXHAUSTED", "the limit of consumers is reached"]],
    [10027, ["RESOURCE_EXHAUSTED", "the limit of streams is reached"]],
    [10028, ["RESOURCE_EXHAUSTED", FULL]],
    [10035, ["PERMISSION_DENIED", "the account may not use JetStream"]],
    [ErrCode.MESSAGE_NOT_FOUND, ["NOT_FOUND", "the message has been deleted or has expired"]],
    [10039, ["INVALID_CONFIG", NOT_ENABLED]],
    [10047, ["RESOURCE_EXHAUSTED", FULL]],
    [10052, ["INVALID_CONFIG", "the server does not take this configuration of a stream"]],
    [10053, ["LIMIT_EXCEEDED", "the message is larger than the server allows"]],
    [10054, ["LIMIT_EXCEEDED", "the message is larger than the stream's max_msg_size"]],
    [ErrCode.STREAM_NAME_IN_USE, ["TOPOLOGY_MISMATCH", "a stream of this name exists with another configuration"]],
    [ErrCode.STREAM_NOT_FOUND, ["NOT_FOUND", 'create the topic with "anytopic apply" or provisioning "ensure"']],
    [
      ErrCode.SUBJECTS_OVERLAP,
      ["TOPOLOGY_MISMATCH", "another stream already stores these subjects; choose another name or prefix"],
    ],
    [10074, ["INVALID_CONFIG", "this server is not in a cluster; set replicas to 1"]],
    [10076, ["INVALID_CONFIG", NOT_ENABLED]],
    [10077, ["RESOURCE_EXHAUSTED", FULL]],
    [10097, ["LIMIT_EXCEEDED", "the attributes of one message may have 64 KiB together"]],
    [10109, ["REJECTED", "the stream is sealed"]],
    [10110, ["REJECTED", "the stream does not let messages be deleted"]],
    [10113, ["INVALID_CONFIG", "the account requires a limit: set maxStreamBytes"]],
    [10118, ["UNAVAILABLE", "the stream has no leader at the moment"]],
    [10119, ["UNAVAILABLE", "the consumer has no leader at the moment"]],
    [10121, ["INVALID_CONFIG", "the server limits max_ack_pending: lower maxAckPending"]],
    [10122, ["RESOURCE_EXHAUSTED", "maxStreamBytes exceeds what the account allows"]],
    [ErrCode.CONSUMER_EXISTS, ["TOPOLOGY_MISMATCH", "a consumer of this name exists with another configuration"]],
  ],
);

/** The client's classes of errors with one meaning each. */
const BY_CLASS: readonly (readonly [type: new (...args: never[]) => Error, code: PubSubErrorCode, words: string])[] = [
  [errors.UserAuthenticationExpiredError, "UNAUTHENTICATED", "the credentials have expired"],
  [errors.AuthorizationError, "UNAUTHENTICATED", "the server refuses the credentials"],
  [errors.TimeoutError, "TIMEOUT", "the server did not answer in time"],
  [errors.NoRespondersError, "NOT_FOUND", "nobody answers there"],
  [errors.ClosedConnectionError, "CLOSED", "the connection is closed"],
  [errors.DrainingConnectionError, "CLOSED", "the connection is closed"],
];

const UNREACHABLE = /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;
/** The server's alerts about a missing or wrong client certificate; the second is of TLS 1.2. */
const CLIENT_CERTIFICATE = /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN)$/;
const TLS_PROBLEM = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|HOSTNAME_MISMATCH)/;

/** JetStream's refusal as our error. `what` says what was tried: `publish to stream orders`. */
export function fromApiError(error: ApiError, what: string, cause?: unknown): PubSubError {
  const known = BY_ERR_CODE.get(error.err_code);
  const reason = `${error.description} (${error.err_code})`;
  const options = cause === undefined ? {} : { cause };
  if (known !== undefined) return new PubSubError(known[0], `${what}: ${reason}; ${known[1]}`, options);
  return new PubSubError(error.code === 503 ? "UNAVAILABLE" : "UNKNOWN", `${what}: ${reason}`, options);
}

/** Any error of the client library as our error. */
export function toPubSubError(error: unknown, what: string): PubSubError {
  if (error instanceof PubSubError) return error;
  if (error instanceof JetStreamApiError) return fromApiError(error.apiError(), what, error);
  const [code, words] = classify(error);
  return new PubSubError(code, `${what}: ${words}`, { cause: error });
}

function classify(error: unknown): readonly [PubSubErrorCode, string] {
  const message = error instanceof Error ? error.message : "an unknown failure";
  if (isNotEnabled(error)) {
    const refusal = error.cause instanceof JetStreamApiError ? message : "nobody answers the JetStream API";
    return ["INVALID_CONFIG", `${refusal}; ${NOT_ENABLED}, or check the domain option`];
  }
  if (error instanceof errors.PermissionViolationError)
    return ["PERMISSION_DENIED", `no permission for ${error.operation} on ${error.subject}`];
  const ofClass = BY_CLASS.find(([type]) => error instanceof type);
  if (ofClass !== undefined) return [ofClass[1], ofClass[2]];
  if (error instanceof errors.RequestError)
    return error.cause instanceof Error ? classify(error.cause) : ["UNAVAILABLE", message];
  if (error instanceof errors.InvalidArgumentError && message.includes("max_payload"))
    return ["LIMIT_EXCEEDED", "the message is larger than the server's max_payload"];
  if (message.includes("does not support 'tls'") || message.includes("'tls' is not available"))
    return ["INVALID_CONFIG", "TLS is asked for, and the server does not offer it; nothing was sent to it"];
  // The protocol has no codes for what a server refuses, only words.
  if (error instanceof errors.ProtocolError)
    return /maximum.*exceeded/i.test(message)
      ? ["RESOURCE_EXHAUSTED", `the server refuses: ${message}`]
      : ["UNAVAILABLE", `the server ended the connection: ${message}`];
  const systemCode = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined) ?? "";
  if (UNREACHABLE.test(systemCode)) return ["UNAVAILABLE", `no server answers (${systemCode})`];
  if (CLIENT_CERTIFICATE.test(systemCode))
    return [
      "INVALID_CONFIG",
      `TLS failed: the server does not take the client's certificate (${systemCode}); set certFile and keyFile of the tls option`,
    ];
  if (TLS_PROBLEM.test(systemCode)) return ["INVALID_CONFIG", `TLS failed: ${systemCode}; see the tls option`];
  return [error instanceof errors.ConnectionError ? "UNAVAILABLE" : "UNKNOWN", message];
}

/** The client does not export its class. */
export function isNotEnabled(error: unknown): error is Error {
  return error instanceof Error && error.name === "JetStreamNotEnabled";
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
