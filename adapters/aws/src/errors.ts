import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";

type Meaning = readonly [code: PubSubErrorCode, advice: string];

/** The name that we give to a timeout before there was a connection: nothing can have happened. */
const CONNECT_TIMEOUT = "timeout while connecting";

/**
 * By `name` of the SDK's errors, and by the codes of batch entries and of network errors. Here without the prefix of the
 * service and without `Exception` at the end, which some services and versions add.
 */
const TABLE: Readonly<Record<string, Meaning>> = {
  "QueueDoesNotExist NonExistentQueue NotFound ResourceNotFound TopicNotFound": [
    "NOT_FOUND",
    "it does not exist in this account and region; create it, or check region and account",
  ],
  QueueDeletedRecently: [
    "UNAVAILABLE",
    "a queue of this name was deleted less than 60 s ago; AWS allows to create it after that",
  ],

  "ExpiredToken RequestExpired TokenRefreshRequired TokenProviderError": [
    "UNAUTHENTICATED",
    "the credentials have expired; renew them (for single sign-on: aws sso login)",
  ],
  "InvalidClientTokenId UnrecognizedClient InvalidAccessKeyId InvalidSecurity MissingAuthenticationToken AuthFailure": [
    "UNAUTHENTICATED",
    "AWS does not know these credentials; check access key, profile and session token, and that this region is enabled for the account",
  ],
  "SignatureDoesNotMatch InvalidSignature IncompleteSignature RequestTimeTooSkewed": [
    "UNAUTHENTICATED",
    "the signature does not match; check the secret key, the region and this machine's clock",
  ],
  CredentialsProviderError: [
    "UNAUTHENTICATED",
    "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile that exists, or a role",
  ],
  "AccessDenied AuthorizationError": [
    "PERMISSION_DENIED",
    "the credentials may not do this; allow the action in their IAM policy or in the resource's policy",
  ],
  OptInRequired: ["PERMISSION_DENIED", "this region is not enabled for the account; enable it or use another"],
  "KmsAccessDenied KmsDisabled KmsInvalidKeyUsage KmsInvalidState KmsNotFound KmsOptInRequired": [
    "PERMISSION_DENIED",
    "the KMS key of this resource cannot be used; check that it is enabled and that its policy allows this",
  ],
  InvalidAddress: [
    "INVALID_CONFIG",
    "the queue's address does not match the endpoint; check account, region and endpoint",
  ],

  "KmsThrottled KmsThrottling RequestThrottled Throttling Throttled TooManyRequests RequestLimitExceeded SlowDown FilterPolicyLimitExceeded":
    ["RESOURCE_EXHAUSTED", "AWS throttles these calls; slow down or ask for a higher quota"],
  OverLimit: [
    "RESOURCE_EXHAUSTED",
    "120,000 messages of this queue are in flight, which is AWS's limit; settle some first",
  ],
  SubscriptionLimitExceeded: ["RESOURCE_EXHAUSTED", "the topic has as many subscriptions as AWS allows"],
  TopicLimitExceeded: ["RESOURCE_EXHAUSTED", "the account has as many topics as AWS allows"],

  "InternalError InternalFailure InternalServerError InternalServer ServiceUnavailable": [
    "UNAVAILABLE",
    "AWS failed on its side; the same call may succeed later",
  ],
  // UND_ERR_SOCKET: the connection ended before its answer.
  "ECONNREFUSED ECONNRESET ECONNABORTED EPIPE EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN UND_ERR_SOCKET": [
    "UNAVAILABLE",
    "the endpoint cannot be reached; check that it runs and that the network allows the connection",
  ],
  UND_ERR_DESTROYED: ["CLOSED", "the connection was closed meanwhile"],
  "ENOTFOUND EAI_AGAIN": ["UNAVAILABLE", "the endpoint's host name does not resolve; check region and endpoint"],
  EPROTO: [
    "INVALID_CONFIG",
    "TLS failed; check that the endpoint speaks it, that its certificate is trusted (NODE_EXTRA_CA_CERTS) and for that host, and whether it wants a client certificate, which ready clients (sns, sqs) can have",
  ],
  // Thrown by JSON.parse: the answer was an HTML page, for example.
  SyntaxError: [
    "INVALID_CONFIG",
    "what answers there is neither SNS nor SQS; check the endpoint, and proxies on the way",
  ],
  "ETIMEDOUT ESOCKETTIMEDOUT TimeoutError RequestTimeout": ["TIMEOUT", "no answer in time; it may have happened"],

  "ReceiptHandleIsInvalid MessageNotInflight": ["LEASE_LOST", "the message no longer belongs to this worker"],
  InvalidMessageContents: ["REJECTED", "AWS refused the message"],
  "InvalidParameter InvalidParameterValue": ["REJECTED", "AWS refused a parameter"],
  "BatchRequestTooLong RequestEntityTooLarge": ["LIMIT_EXCEEDED", "the message is larger than AWS allows"],
};

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries(TABLE).flatMap(([names, meaning]) => names.split(" ").map((name) => [name, meaning])),
);

/** Node's and OpenSSL's codes for certificates and for hosts that speak no TLS. */
const TLS_CODE = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** Errors whose text repeats the signed request, with the session token. */
const HAS_SECRETS = /^(?:SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature)$/;

/** Whether a batch entry that failed with this code may succeed when it is sent again. */
export function isTransient(code: string | undefined): boolean {
  const mapped = code === undefined ? undefined : meaningOf(code)?.[0];
  return mapped === "RESOURCE_EXHAUSTED" || mapped === "UNAVAILABLE";
}

/**
 * The only translation from errors of the SDK, of SNS, of SQS and of the network to ours.
 *
 * @param doing what was tried, with the resource's name: `publish to topic orders`
 */
export function toPubSubError(error: unknown, doing: string): PubSubError {
  if (error instanceof PubSubError) return error;
  const name = nameOf(error);
  return pubSubError(name, doing, HAS_SECRETS.test(name) ? {} : { cause: error }, statusOf(error));
}

/** For one failed entry of a batch. */
export function entryError(code: string | undefined, doing: string): PubSubError {
  return pubSubError(code ?? "no code", doing, {}, undefined);
}

/** Waits for the answer to a request, and translates its error. */
export async function answerTo<Answer>(doing: string, request: Promise<Answer>): Promise<Answer> {
  try {
    return await request;
  } catch (error) {
    throw toPubSubError(error, doing);
  }
}

/** The same, but undefined when what the request is about does not exist. */
export async function answerIfFound<Answer>(doing: string, request: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answerTo(doing, request);
  } catch (error) {
    if (error instanceof PubSubError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function pubSubError(
  name: string,
  doing: string,
  options: { cause?: unknown },
  status: number | undefined,
): PubSubError {
  const ofStatus = meaningOfStatus(status);
  // A page of a gateway that could not reach AWS is not a configuration mistake.
  const meaning = name === "SyntaxError" ? (ofStatus ?? meaningOf(name)) : (meaningOf(name) ?? ofStatus);
  const [code, advice] = meaning ?? ["UNKNOWN", "see its cause"];
  return new PubSubError(code, `cannot ${doing}: ${advice} (${name})`, options);
}

function meaningOf(name: string): Meaning | undefined {
  // Older answers begin with the service: AWS.SimpleQueueService.NonExistentQueue, com.amazonaws.sqs#QueueDoesNotExist.
  const last = name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf("#")) + 1);
  if (last === CONNECT_TIMEOUT) return MEANINGS.get("ECONNREFUSED");
  if (TLS_CODE.test(last)) return MEANINGS.get("EPROTO");
  return MEANINGS.get(last.replace(/^KMS/, "Kms").replace(/Exception$/, ""));
}

function meaningOfStatus(status: number | undefined): Meaning | undefined {
  if (status === undefined) return undefined;
  if (status === 429) return MEANINGS.get("Throttling");
  return status >= 500 ? MEANINGS.get("InternalError") : undefined;
}

/** A network error has its name in `code`, also when the SDK calls it a TimeoutError. The SDK's own errors have it in `name`. */
function nameOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error;
  if (isConnectTimeout(error)) return CONNECT_TIMEOUT;
  const { name, code, Code, errors } = error as Record<string, unknown>;
  for (const candidate of [code, name, Code]) {
    if (typeof candidate === "string" && meaningOf(candidate) !== undefined) return candidate;
  }
  // A host with several addresses, which all refused.
  if (Array.isArray(errors) && errors.length > 0) return nameOf(errors[0]);
  return typeof name === "string" && name !== "Error" ? name : typeof code === "string" ? code : "Error";
}

/** The network shows it by the system call, undici by its code, and the timer of the SDK's default only by its text. */
function isConnectTimeout(error: object): boolean {
  const { name, code, syscall, message } = error as Record<string, unknown>;
  if (code === "UND_ERR_CONNECT_TIMEOUT" || (code === "ETIMEDOUT" && syscall === "connect")) return true;
  return name === "TimeoutError" && typeof message === "string" && message.includes("did not establish a connection");
}

function statusOf(error: unknown): number | undefined {
  const metadata = (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata;
  return metadata?.httpStatusCode;
}
