import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";
import {
  ClientClosedError,
  ClientOfflineError,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
  TimeoutError,
} from "@redis/client";

const CREATE = 'create it with "anytopic apply" or provisioning "ensure"';

/** Our code for the first word of an error reply, and what to do about it. Redis keeps these words stable, not the rest. */
const BY_WORD: ReadonlyMap<string, readonly [PubSubErrorCode, string]> = new Map<string, [PubSubErrorCode, string]>([
  ["NOGROUP", ["NOT_FOUND", CREATE]],
  // A stream was deleted while a reader waited for its messages.
  ["UNBLOCKED", ["NOT_FOUND", CREATE]],
  ["OOM", ["RESOURCE_EXHAUSTED", "the server has reached maxmemory: free memory or raise it"]],
  ["NOPERM", ["PERMISSION_DENIED", "the user's ACL does not allow this command or key"]],
  ["NOAUTH", ["UNAUTHENTICATED", "the server asks for a password: set the options password and username"]],
  ["WRONGPASS", ["UNAUTHENTICATED", "the server refuses the user name or the password"]],
  ["WRONGTYPE", ["TOPOLOGY_MISMATCH", "the key exists and is of another type: choose another name or prefix"]],
  ["LOADING", ["UNAVAILABLE", "the server is loading its data"]],
  ["BUSY", ["UNAVAILABLE", "the server is running a long script"]],
  ["TRYAGAIN", ["UNAVAILABLE", "the cluster is moving this key"]],
  ["CLUSTERDOWN", ["UNAVAILABLE", "the cluster has no complete set of masters"]],
  ["MASTERDOWN", ["UNAVAILABLE", "the replica has lost its master"]],
  ["READONLY", ["UNAVAILABLE", "the server is a replica now"]],
  ["MOVED", ["UNAVAILABLE", "another node of the cluster has this key now"]],
  ["ASK", ["UNAVAILABLE", "another node of the cluster has this key now"]],
  ["NOREPLICAS", ["UNAVAILABLE", "too few replicas are connected (min-replicas-to-write)"]],
  ["MISCONF", ["RESOURCE_EXHAUSTED", "the server cannot write its data to disk"]],
]);

/** The client's classes of errors with one meaning each. */
const BY_CLASS: readonly (readonly [type: new (...args: never[]) => Error, code: PubSubErrorCode, words: string])[] = [
  [ClientOfflineError, "UNAVAILABLE", "not connected to Redis; reconnecting"],
  [SocketClosedUnexpectedlyError, "UNAVAILABLE", "the connection to Redis was lost"],
  [SocketTimeoutError, "UNAVAILABLE", "the server does not answer"],
  // One connection was ended: because its server was silent, or by closing. Whether all are closed, `Connection` says.
  [DisconnectsClientError, "UNAVAILABLE", "the connection to Redis was ended"],
  [ClientClosedError, "UNAVAILABLE", "the connection to Redis was ended"],
  [TimeoutError, "TIMEOUT", "the server did not answer in time"],
];

const UNREACHABLE =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_\w+)$/;

/** The server's alerts about a missing or wrong client certificate; the second is of TLS 1.2. */
const CLIENT_CERTIFICATE =
  /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE)$/;
const TLS_PROBLEM = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|HOSTNAME_MISMATCH)/;

/** Translates what the client library or the server reports. `what` names what was tried. */
export function toPubSubError(error: unknown, what: string): PubSubError {
  if (error instanceof PubSubError) return error;
  const [code, words] = classify(error);
  return new PubSubError(code, `${what}: ${words}`, { cause: error });
}

export function leaseLost(): PubSubError {
  return new PubSubError("LEASE_LOST", "the message no longer belongs to this worker");
}

export function notFound(what: string): PubSubError {
  return new PubSubError("NOT_FOUND", `${what} does not exist: ${CREATE}`);
}

/** The first word of the server's error reply, such as `NOGROUP`; empty when it is none. */
export function replyWord(error: unknown): string {
  return error instanceof ErrorReply ? (/^[A-Z]+/.exec(error.message)?.[0] ?? "") : "";
}

function classify(error: unknown): readonly [PubSubErrorCode, string] {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ErrorReply) {
    const known = BY_WORD.get(replyWord(error));
    return known === undefined ? ["REJECTED", `the server refuses: ${message}`] : known;
  }
  const ofClass = BY_CLASS.find(([type]) => error instanceof type);
  if (ofClass !== undefined) return [ofClass[1], ofClass[2]];
  const systemCode = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined) ?? "";
  if (UNREACHABLE.test(systemCode)) return ["UNAVAILABLE", `no server answers (${systemCode})`];
  if (CLIENT_CERTIFICATE.test(systemCode))
    return [
      "INVALID_CONFIG",
      `TLS failed: the server does not take the client's certificate (${systemCode}); set certFile and keyFile of the tls option`,
    ];
  if (TLS_PROBLEM.test(systemCode)) return ["INVALID_CONFIG", `TLS failed: ${systemCode}; see the tls option`];
  return ["UNKNOWN", message];
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
