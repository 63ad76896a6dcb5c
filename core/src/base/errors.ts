import { withErrorPage } from "./error-page.ts";
import { ERROR_BRAND, isBranded, isInstance, mark } from "./brand.ts";

/**
 * What went wrong, as a stable string. Codes do not change within a major version; messages may.
 *
 * | code | meaning | who may fix it |
 * | --- | --- | --- |
 * | `CLOSED` | the object was closed before or during the call | the caller |
 * | `INVALID_CONFIG` | a URL, file or option cannot be used | the operator |
 * | `ADAPTER_NOT_INSTALLED` | the URL's scheme names a package that is not there | the operator |
 * | `INVALID_MESSAGE` | the event does not fit its schema or codec | the caller |
 * | `LIMIT_EXCEEDED` | the message is larger than the adapter allows | the caller |
 * | `NOT_SUPPORTED` | the adapter lacks a capability that was asked for | the caller |
 * | `NOT_FOUND` | the topic, subscription or one of its parts does not exist | the operator |
 * | `TOPOLOGY_MISMATCH` | what exists differs from what is declared | the operator |
 * | `PERMISSION_DENIED` | the credentials are known but may not do this | the operator |
 * | `UNAUTHENTICATED` | the credentials are missing, wrong or expired | the operator |
 * | `RESOURCE_EXHAUSTED` | a quota, a full queue or a bounded buffer stopped it | time, or the operator |
 * | `UNAVAILABLE` | the broker cannot be reached, or the connection was lost | time |
 * | `TIMEOUT` | the broker did not answer in time; a publish may have happened | time |
 * | `REJECTED` | the broker refused the message | the operator |
 * | `KEY_PAUSED` | an earlier publish with this ordering key failed, so this one was not sent | the caller: publish again, the earlier one first |
 * | `LEASE_LOST` | the message no longer belongs to this worker; it is or will be redelivered | nobody: expected after long pauses |
 * | `UNKNOWN` | an error that the adapter does not know | see `cause` |
 */
export type PubSubErrorCode =
  | "CLOSED"
  | "INVALID_CONFIG"
  | "ADAPTER_NOT_INSTALLED"
  | "INVALID_MESSAGE"
  | "LIMIT_EXCEEDED"
  | "NOT_SUPPORTED"
  | "NOT_FOUND"
  | "TOPOLOGY_MISMATCH"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "RESOURCE_EXHAUSTED"
  | "UNAVAILABLE"
  | "TIMEOUT"
  | "REJECTED"
  | "KEY_PAUSED"
  | "LEASE_LOST"
  | "UNKNOWN";

/** What a `PubSubError` knows beside code and message. */
export interface PubSubErrorOptions {
  /** The error that led to this one, usually of the broker's client library. @default none */
  readonly cause?: unknown;
  /**
   * Whether the same call may succeed later although nobody changes anything. To repeat publishes with an ordering key, repeat
   * them in their order, one after the other.
   * @default true for `UNAVAILABLE`, `TIMEOUT`, `RESOURCE_EXHAUSTED` and `KEY_PAUSED`, else false
   */
  readonly retryable?: boolean | undefined;
}

const RETRYABLE: ReadonlySet<PubSubErrorCode> = new Set(["UNAVAILABLE", "TIMEOUT", "RESOURCE_EXHAUSTED", "KEY_PAUSED"]);

/**
 * The error of core and of every adapter. Wrong types or ranges of arguments are a plain `TypeError` without a code instead.
 * Messages contain names of resources and options, never payloads, passwords or tokens. They end with the address of the page that
 * explains the code.
 */
export class PubSubError extends Error {
  override readonly name = "PubSubError";
  readonly code: PubSubErrorCode;
  readonly retryable: boolean;

  constructor(code: PubSubErrorCode, message: string, options: PubSubErrorOptions = {}) {
    super(withErrorPage(code, message), "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
  }

  /** True also for an instance that another copy of this package has made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(PubSubError, this, ERROR_BRAND, value);
  }

  static {
    mark(this, ERROR_BRAND);
  }
}

/** Whether a value is a `PubSubError`, of any copy of this package. */
export function isPubSubError(value: unknown): value is PubSubError {
  return isBranded(ERROR_BRAND, value);
}
