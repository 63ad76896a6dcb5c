import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { codeOf, toPubSubError } from "../src/errors.ts";

const coded = (code: string | number, message = "words"): Error => Object.assign(new Error(message), { code });
const illegal = Object.assign(new Error("Channel closed"), { name: "IllegalOperationError" });
const handshake = (text: string): Error => new Error(`Handshake terminated by server: ${text}`);

const TABLE: readonly (readonly [string, unknown, PubSubErrorCode, boolean])[] = [
  ["missing exchange or queue", coded(404, "NOT_FOUND - no exchange 'x' in vhost '/'"), "NOT_FOUND", false],
  [
    "queue whose node is away",
    coded(404, "NOT_FOUND - home node 'a' of durable queue 'q' in vhost '/' is down or inaccessible"),
    "UNAVAILABLE",
    true,
  ],
  ["no route", coded(312), "NOT_FOUND", false],
  ["no permission", coded(403, "ACCESS_REFUSED - configure access to queue 'q' refused"), "PERMISSION_DENIED", false],
  ["somebody else's exclusive queue", coded(405), "RESOURCE_EXHAUSTED", true],
  ["other arguments", coded(406, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type'"), "TOPOLOGY_MISMATCH", false],
  [
    "message too large",
    coded(406, "PRECONDITION_FAILED - message size 17 is larger than configured max size 16"),
    "LIMIT_EXCEEDED",
    false,
  ],
  [
    "as many queues as the virtual host may have",
    coded(406, "PRECONDITION_FAILED - cannot declare queue 'q' in vhost '/': queue limit in vhost '/' (5) is reached"),
    "RESOURCE_EXHAUSTED",
    true,
  ],
  [
    "consumer timeout",
    coded(406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms"),
    "LEASE_LOST",
    false,
  ],
  ["late ack", coded(406, "PRECONDITION_FAILED - unknown delivery tag 7"), "LEASE_LOST", false],
  ["closed by an operator", coded(320, "CONNECTION_FORCED - shutdown"), "UNAVAILABLE", true],
  ["internal error", coded(541), "UNAVAILABLE", true],
  ["resource error", coded(506), "RESOURCE_EXHAUSTED", true],
  ["not implemented", coded(540), "NOT_SUPPORTED", false],
  ["reply code that no table knows", coded(999), "UNKNOWN", false],
  ["wrong password", handshake('403 (ACCESS-REFUSED) with message "…"'), "UNAUTHENTICATED", false],
  [
    "missing virtual host",
    handshake('530 (NOT-ALLOWED) with message "NOT_ALLOWED - vhost x not found"'),
    "NOT_FOUND",
    false,
  ],
  [
    "closed virtual host",
    handshake("530 (NOT-ALLOWED) with message \"NOT_ALLOWED - access to vhost 'x' refused for user 'u'\""),
    "PERMISSION_DENIED",
    false,
  ],
  [
    "too many connections",
    handshake('530 (NOT-ALLOWED) with message "connection limit (1) is reached"'),
    "RESOURCE_EXHAUSTED",
    true,
  ],
  [
    "virtual host, as amqplib tells it",
    new Error("Expected ConnectionOpenOk; got <ConnectionClose channel:0> undefined"),
    "NOT_FOUND",
    false,
  ],
  ["no such login", new Error("SASL mechanism PLAIN is not provided by the server"), "UNAUTHENTICATED", false],
  ["refused", coded("ECONNREFUSED"), "UNAVAILABLE", true],
  ["reset", coded("ECONNRESET"), "UNAVAILABLE", true],
  ["unknown host", coded("ENOTFOUND"), "UNAVAILABLE", true],
  ["certificate", coded("DEPTH_ZERO_SELF_SIGNED_CERT"), "INVALID_CONFIG", false],
  ["no TLS there", coded("ERR_SSL_WRONG_VERSION_NUMBER"), "INVALID_CONFIG", false],
  ["slow connect", new Error("connect ETIMEDOUT"), "UNAVAILABLE", true],
  ["silence", new Error("Heartbeat timeout"), "UNAVAILABLE", true],
  ["broken handshake", new Error("Socket closed abruptly during opening handshake"), "UNAVAILABLE", true],
  ["closed channel", illegal, "UNAVAILABLE", true],
  ["channel that ended", new Error("Channel ended, no reply will be forthcoming"), "UNAVAILABLE", true],
  [
    "header table",
    new RangeError("Encoded field table (headers or arguments) exceeds the 65536 byte encoding buffer"),
    "LIMIT_EXCEEDED",
    false,
  ],
  ["anything else", new Error("no such words"), "UNKNOWN", false],
  ["no error at all", "text", "UNKNOWN", false],
  ["nothing", undefined, "UNKNOWN", false],
];

test.each(TABLE)("%s", (_what, cause, code, retryable) => {
  expect(codeOf(cause)).toBe(code);
  expect(toPubSubError(cause, "what")).toMatchObject({ code, retryable, cause });
});

test("an error of ours stays as it is", () => {
  const error = new PubSubError("NOT_FOUND", "there");
  expect(toPubSubError(error, "what")).toBe(error);
});

test("a failure of several addresses tells each", () => {
  const error = Object.assign(new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")], ""), {
    code: "ECONNREFUSED",
  });
  expect(toPubSubError(error, "rabbitmq")).toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("rabbitmq: ::1 refused; 127.0.0.1 refused. See "),
  });
});
