import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";

/** The status codes of gRPC. https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const Status = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** What was attempted, for the text of an error. */
export interface Attempted {
  /** For example `publish to`, `receive from`. */
  readonly verb: string;
  /** For example `topic projects/p/topics/orders`. */
  readonly resource: string;
  /** The role that allows it. */
  readonly role: "roles/pubsub.publisher" | "roles/pubsub.subscriber" | "roles/pubsub.viewer" | "roles/pubsub.editor";
}

const CREDENTIALS =
  "check Application Default Credentials: GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, or the service account of this machine";

/** What each status means to us, and what to do about it. `OK` is no error; a status that is not here is `UNKNOWN`. */
const BY_STATUS: Readonly<Record<number, readonly [code: PubSubErrorCode, advice: string]>> = {
  [Status.CANCELLED]: ["UNAVAILABLE", "the request was cancelled, it is not known whether it happened"],
  [Status.INVALID_ARGUMENT]: ["REJECTED", "the service does not accept this request"],
  [Status.DEADLINE_EXCEEDED]: ["TIMEOUT", "no answer in time, it is not known whether it happened"],
  [Status.NOT_FOUND]: [
    "NOT_FOUND",
    'it does not exist: create it with "anytopic apply" or provisioning "ensure", and check project and prefix',
  ],
  [Status.ALREADY_EXISTS]: ["TOPOLOGY_MISMATCH", "it exists already"],
  [Status.PERMISSION_DENIED]: ["PERMISSION_DENIED", "give this service account ROLE on it, or on the project"],
  [Status.RESOURCE_EXHAUSTED]: [
    "RESOURCE_EXHAUSTED",
    "a quota of the project is used up: slow down, or raise it in the console under IAM & Admin, Quotas",
  ],
  [Status.FAILED_PRECONDITION]: [
    "TOPOLOGY_MISMATCH",
    "its state does not allow it: a detached or a push subscription, or a missing key or schema",
  ],
  [Status.ABORTED]: ["UNAVAILABLE", "the service aborted the request"],
  [Status.OUT_OF_RANGE]: ["REJECTED", "a value is out of range"],
  [Status.UNIMPLEMENTED]: ["NOT_SUPPORTED", "this server does not support it"],
  [Status.INTERNAL]: ["UNAVAILABLE", "the service failed"],
  [Status.UNAVAILABLE]: ["UNAVAILABLE", "the service cannot be reached"],
  [Status.UNAUTHENTICATED]: ["UNAUTHENTICATED", CREDENTIALS],
};

export function statusOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "number" ? code : undefined;
}

/** Maps what the client library throws to a `PubSubError`. No text contains the body of a message. */
export function toPubSubError(error: unknown, attempted: Attempted): PubSubError {
  if (error instanceof PubSubError) return error;
  const what = `cannot ${attempted.verb} ${attempted.resource}`;
  const [code, advice] = BY_STATUS[statusOf(error) ?? -1] ?? [];
  if (code !== undefined && advice !== undefined) {
    const text = `${what}: ${advice.replace("ROLE", attempted.role)}${details(error)}`;
    return new PubSubError(code, text, { cause: error });
  }
  if (/client has already been closed|channel has been shut down/i.test(String(error)))
    return new PubSubError("CLOSED", `${what}: the connection was closed`, { cause: error });
  if (isCredentialsProblem(error))
    return new PubSubError("UNAUTHENTICATED", `${what}: ${CREDENTIALS}`, { cause: error });
  return new PubSubError("UNKNOWN", `${what}${details(error)}`, { cause: error });
}

const MAX_DETAILS = 300;

function details(error: unknown): string {
  const { details, message } = (error ?? {}) as { readonly details?: unknown; readonly message?: unknown };
  const text = details ?? message;
  return typeof text === "string" && text !== "" ? ` (${text.slice(0, MAX_DETAILS)})` : "";
}

/** The authentication library throws plain errors without a status, before anything is sent. */
function isCredentialsProblem(error: unknown): boolean {
  return error instanceof Error && /credential|invalid_grant|project id|authenticat|metadata/i.test(error.message);
}
