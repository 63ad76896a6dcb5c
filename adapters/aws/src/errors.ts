import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";

type Entry = readonly [code: PubSubErrorCode, advice: string];

const MISSING: Entry = [
  "NOT_FOUND",
  "it does not exist in this account and region; create it, or check region and account",
];
const EXPIRED: Entry = [
  "UNAUTHENTICATED",
  "the credentials have expired; renew them (for single sign-on: aws sso login)",
];
const UNKNOWN_KEY: Entry = [
  "UNAUTHENTICATED",
  "AWS does not know these credentials; check access key, profile and session token, and that this region is enabled for the account",
];
const BAD_SIGNATURE: Entry = [
  "UNAUTHENTICATED",
  "the signature does not match; check the secret key, the region and this machine's clock",
];
const DENIED: Entry = [
  "PERMISSION_DENIED",
  "the credentials may not do this; allow the action in their IAM policy or in the resource's policy",
];
const THROTTLED: Entry = ["RESOURCE_EXHAUSTED", "AWS throttles these calls; slow down or ask for a higher quota"];
const SERVER_FAULT: Entry = ["UNAVAILABLE", "AWS failed on its side; the same call may succeed later"];
const UNREACHABLE: Entry = [
  "UNAVAILABLE",
  "the endpoint cannot be reached; check that it runs and that the network lets us through",
];
const WRONG_HOST: Entry = ["UNAVAILABLE", "the endpoint's host name does not resolve; check region and endpoint"];
const NO_ANSWER: Entry = ["TIMEOUT", "no answer in time; it may have happened"];
const KEY_TROUBLE: Entry = [
  "PERMISSION_DENIED",
  "the KMS key of this resource cannot be used; check that it is enabled and that its policy allows this",
];
const NOT_AWS: Entry = [
  "INVALID_CONFIG",
  "what answers there is neither SNS nor SQS; check the endpoint, and proxies on the way",
];
const TLS_TROUBLE: Entry = [
  "INVALID_CONFIG",
  "TLS failed; check that the endpoint speaks it, that its certificate is trusted (NODE_EXTRA_CA_CERTS) and for that host, and whether it wants a client certificate, which ready clients (sns, sqs) can have",
];
const STALE_RECEIPT: Entry = ["LEASE_LOST", "the message no longer belongs to this worker"];
const REFUSED: Entry = ["REJECTED", "AWS refused the message"];
const TOO_LARGE: Entry = ["LIMIT_EXCEEDED", "the message is larger than AWS takes"];

/** The name we give to a timeout that ended before there was a connection, so that nothing can have happened. */
const CONNECT_TIMEOUT = "timeout while connecting";

/** By `name` of the SDK's errors, by the codes of batch entries, and by those of network errors. */
const TABLE: Readonly<Record<string, Entry>> = {
  QueueDoesNotExist: MISSING,
  NonExistentQueue: MISSING,
  QueueDeletedRecently: [
    "UNAVAILABLE",
    "a queue of this name was deleted less than 60 s ago; AWS lets it be created after that",
  ],
  NotFound: MISSING,
  NotFoundException: MISSING,
  ResourceNotFound: MISSING,
  ResourceNotFoundException: MISSING,
  TopicNotFound: MISSING,

  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  RequestExpired: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidClientTokenId: UNKNOWN_KEY,
  UnrecognizedClient: UNKNOWN_KEY,
  UnrecognizedClientException: UNKNOWN_KEY,
  InvalidAccessKeyId: UNKNOWN_KEY,
  InvalidSecurity: UNKNOWN_KEY,
  MissingAuthenticationToken: UNKNOWN_KEY,
  MissingAuthenticationTokenException: UNKNOWN_KEY,
  AuthFailure: UNKNOWN_KEY,
  SignatureDoesNotMatch: BAD_SIGNATURE,
  InvalidSignatureException: BAD_SIGNATURE,
  IncompleteSignature: BAD_SIGNATURE,
  RequestTimeTooSkewed: BAD_SIGNATURE,
  CredentialsProviderError: [
    "UNAUTHENTICATED",
    "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile that exists, or a role",
  ],
  TokenProviderError: EXPIRED,

  AccessDenied: DENIED,
  AccessDeniedException: DENIED,
  AuthorizationError: DENIED,
  AuthorizationErrorException: DENIED,
  OptInRequired: ["PERMISSION_DENIED", "this region is not enabled for the account; enable it or use another"],
  InvalidAddress: [
    "INVALID_CONFIG",
    "the queue's address does not fit the endpoint; check account, region and endpoint",
  ],

  KmsAccessDenied: KEY_TROUBLE,
  KMSAccessDenied: KEY_TROUBLE,
  KMSAccessDeniedException: KEY_TROUBLE,
  KmsDisabled: KEY_TROUBLE,
  KMSDisabled: KEY_TROUBLE,
  KMSDisabledException: KEY_TROUBLE,
  KmsInvalidKeyUsage: KEY_TROUBLE,
  KmsInvalidState: KEY_TROUBLE,
  KMSInvalidState: KEY_TROUBLE,
  KMSInvalidStateException: KEY_TROUBLE,
  KmsNotFound: KEY_TROUBLE,
  KMSNotFound: KEY_TROUBLE,
  KMSNotFoundException: KEY_TROUBLE,
  KmsOptInRequired: KEY_TROUBLE,
  KMSOptInRequired: KEY_TROUBLE,
  KmsThrottled: THROTTLED,
  KMSThrottling: THROTTLED,
  KMSThrottlingException: THROTTLED,

  RequestThrottled: THROTTLED,
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  Throttled: THROTTLED,
  ThrottledException: THROTTLED,
  TooManyRequestsException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  SlowDown: THROTTLED,
  OverLimit: [
    "RESOURCE_EXHAUSTED",
    "120,000 messages of this queue are in flight, which is AWS's limit; settle some first",
  ],
  FilterPolicyLimitExceeded: THROTTLED,
  SubscriptionLimitExceeded: ["RESOURCE_EXHAUSTED", "the topic has as many subscriptions as AWS allows"],
  TopicLimitExceeded: ["RESOURCE_EXHAUSTED", "the account has as many topics as AWS allows"],

  InternalError: SERVER_FAULT,
  InternalErrorException: SERVER_FAULT,
  InternalFailure: SERVER_FAULT,
  InternalServerError: SERVER_FAULT,
  InternalServerException: SERVER_FAULT,
  ServiceUnavailable: SERVER_FAULT,
  ServiceUnavailableException: SERVER_FAULT,

  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  ECONNABORTED: UNREACHABLE,
  EPIPE: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
  // The connection ended before its answer.
  UND_ERR_SOCKET: UNREACHABLE,
  UND_ERR_DESTROYED: ["CLOSED", "the connection was closed meanwhile"],
  ENOTFOUND: WRONG_HOST,
  EAI_AGAIN: WRONG_HOST,
  EPROTO: TLS_TROUBLE,
  // Of JSON.parse: an HTML page, for example.
  SyntaxError: NOT_AWS,
  [CONNECT_TIMEOUT]: UNREACHABLE,
  ETIMEDOUT: NO_ANSWER,
  ESOCKETTIMEDOUT: NO_ANSWER,
  TimeoutError: NO_ANSWER,
  RequestTimeout: NO_ANSWER,
  RequestTimeoutException: NO_ANSWER,

  ReceiptHandleIsInvalid: STALE_RECEIPT,
  MessageNotInflight: STALE_RECEIPT,
  InvalidMessageContents: REFUSED,
  InvalidParameterValue: ["REJECTED", "AWS refused a parameter"],
  InvalidParameter: ["REJECTED", "AWS refused a parameter"],
  InvalidParameterException: ["REJECTED", "AWS refused a parameter"],
  InvalidParameterValueException: ["REJECTED", "AWS refused a parameter"],
  BatchRequestTooLong: TOO_LARGE,
  RequestEntityTooLarge: TOO_LARGE,
};

/** Node's and OpenSSL's codes for certificates and for hosts that speak no TLS. */
const TLS_CODE = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** Errors whose text repeats the signed request, session token included. */
const TELLS_SECRETS: ReadonlySet<string> = new Set([
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
  "IncompleteSignature",
]);

/** Codes of batch entries that may succeed when sent again. */
export function isTransient(code: string | undefined): boolean {
  const [mapped] = entryOf(code) ?? ["UNKNOWN"];
  return mapped === "RESOURCE_EXHAUSTED" || mapped === "UNAVAILABLE";
}

/**
 * The one way from an error of the SDK, of SNS, of SQS or of the network to ours.
 *
 * @param doing what was tried, with the resource's name: `publish to topic orders`
 */
export function toPubSubError(error: unknown, doing: string): PubSubError {
  if (error instanceof PubSubError) return error;
  const name = nameOf(error);
  const secret = TELLS_SECRETS.has(name);
  return pubSubError(name, doing, secret ? {} : { cause: error }, statusOf(error));
}

/** For one failed entry of a batch. */
export function entryError(code: string | undefined, doing: string): PubSubError {
  return pubSubError(code ?? "no code", doing, {}, undefined);
}

function pubSubError(
  name: string,
  doing: string,
  options: { cause?: unknown },
  status: number | undefined,
): PubSubError {
  // A page of a gateway that could not reach AWS is no configuration mistake.
  const ofStatus = entryOfStatus(status);
  const ofName = entryOf(name);
  const entry = ofName === NOT_AWS ? (ofStatus ?? ofName) : (ofName ?? ofStatus);
  const [code, advice] = entry ?? ["UNKNOWN", "see its cause"];
  return new PubSubError(code, `cannot ${doing}: ${advice} (${name})`, options);
}

function entryOf(name: string | undefined): Entry | undefined {
  if (name === undefined) return undefined;
  // Older answers put the service in front: AWS.SimpleQueueService.NonExistentQueue, com.amazonaws.sqs#QueueDoesNotExist.
  const last = name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf("#")) + 1);
  if (TLS_CODE.test(last)) return TLS_TROUBLE;
  return Object.hasOwn(TABLE, last) ? TABLE[last] : undefined;
}

function entryOfStatus(status: number | undefined): Entry | undefined {
  if (status === undefined) return undefined;
  if (status === 429) return THROTTLED;
  return status >= 500 ? SERVER_FAULT : undefined;
}

/** A network error has its name in `code`, also when the SDK calls it a TimeoutError; the SDK's own have it in `name`. */
function nameOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error;
  if (isConnectTimeout(error)) return CONNECT_TIMEOUT;
  const { name, code, Code, errors } = error as Record<string, unknown>;
  for (const candidate of [code, name, Code]) {
    if (typeof candidate === "string" && entryOf(candidate) !== undefined) return candidate;
  }
  // Several addresses of one host, all refused.
  if (Array.isArray(errors) && errors.length > 0) return nameOf(errors[0]);
  return typeof name === "string" && name !== "Error" ? name : typeof code === "string" ? code : "Error";
}

/** The network says so by the system call, undici by its code, the timer of the SDK's default only in its text. */
function isConnectTimeout(error: object): boolean {
  const { name, code, syscall, message } = error as Record<string, unknown>;
  if (code === "UND_ERR_CONNECT_TIMEOUT" || (code === "ETIMEDOUT" && syscall === "connect")) return true;
  return name === "TimeoutError" && typeof message === "string" && message.includes("did not establish a connection");
}

function statusOf(error: unknown): number | undefined {
  const metadata = (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata;
  return metadata?.httpStatusCode;
}
