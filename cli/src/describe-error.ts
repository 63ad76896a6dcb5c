import type { PubSubError, PubSubErrorCode } from "@anytopic/core";
import { EXIT } from "./exit-codes.ts";
import { UsageError } from "./usage-error.ts";

/** An error as it is shown to the user. */
export interface DescribedError {
  readonly exitCode: number;
  /** A `PubSubErrorCode`, `USAGE`, `INTERRUPTED` or `UNKNOWN`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

const { failed, usage, unreachable } = EXIT;

const BY_CODE: Readonly<Record<PubSubErrorCode, readonly [exitCode: number, hint?: string]>> = {
  CLOSED: [failed],
  INVALID_CONFIG: [usage, "`anytopic doctor` shows what is configured and where each value comes from"],
  ADAPTER_NOT_INSTALLED: [usage, "install it in the application's folder and run anytopic there"],
  INVALID_MESSAGE: [failed, "compare the event with the topic's schema and codec"],
  LIMIT_EXCEEDED: [failed, "`anytopic doctor` lists the adapter's limits"],
  NOT_SUPPORTED: [usage, "`anytopic doctor` lists what the adapter can do"],
  NOT_FOUND: [failed, "`anytopic plan` shows what is missing, `anytopic apply` creates it"],
  TOPOLOGY_MISMATCH: [
    failed,
    "`anytopic plan` shows what differs, `anytopic apply --update` changes what can be changed",
  ],
  PERMISSION_DENIED: [unreachable, "`anytopic export policies` prints the permissions that the declarations need"],
  UNAUTHENTICATED: [
    unreachable,
    "check user, password, token or profile; `anytopic doctor` shows where they come from",
  ],
  RESOURCE_EXHAUSTED: [failed, "a quota or a full queue stopped it: make room or try again later"],
  UNAVAILABLE: [
    unreachable,
    "check that the broker runs and that host and port are right; `anytopic doctor` tries again",
  ],
  TIMEOUT: [unreachable, "the broker did not answer in time; the request may have been executed"],
  REJECTED: [failed],
  KEY_PAUSED: [failed, "publish again, in order"],
  LEASE_LOST: [failed, "another worker has it now: run the command again"],
  UNKNOWN: [failed, "--debug shows the broker's own error"],
};

/** One clear sentence, what to do, and the exit code. Never a stack trace. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof UsageError) {
    return { exitCode: usage, code: "USAGE", message: error.message, hint: error.hint };
  }
  if (isPubSubError(error)) {
    const [exitCode, hint] = BY_CODE[error.code] ?? BY_CODE.UNKNOWN;
    return { exitCode, code: error.code, message: error.message, hint };
  }
  if (error instanceof TypeError) {
    // From core's own checks: an argument that is not allowed. The message says what is allowed.
    return { exitCode: usage, code: "USAGE", message: error.message, hint: undefined };
  }
  const message = error instanceof Error ? error.message : `something threw ${typeof error}`;
  return { exitCode: failed, code: "UNKNOWN", message, hint: "--debug shows where it came from" };
}

/**
 * Recognised by its name: it may come from another copy of core, which the declarations import. Also, the help must
 * not load core.
 */
function isPubSubError(error: unknown): error is PubSubError {
  return error instanceof Error && error.name === "PubSubError" && "code" in error;
}
