import { PubSubError } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { Status, toPubSubError } from "../src/errors.ts";
import { failedAckIds } from "../src/settle/failed-ack-ids.ts";

const attempted = {
  verb: "publish to",
  resource: "topic projects/p/topics/orders",
  role: "roles/pubsub.publisher",
} as const;

const answer = (code: number): Error => Object.assign(new Error("x"), { code, details: "what the service said" });

test.each([
  ["CANCELLED", "UNAVAILABLE", true],
  ["INVALID_ARGUMENT", "REJECTED", false],
  ["DEADLINE_EXCEEDED", "TIMEOUT", true],
  ["NOT_FOUND", "NOT_FOUND", false],
  ["ALREADY_EXISTS", "TOPOLOGY_MISMATCH", false],
  ["PERMISSION_DENIED", "PERMISSION_DENIED", false],
  ["RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", true],
  ["FAILED_PRECONDITION", "TOPOLOGY_MISMATCH", false],
  ["ABORTED", "UNAVAILABLE", true],
  ["OUT_OF_RANGE", "REJECTED", false],
  ["UNIMPLEMENTED", "NOT_SUPPORTED", false],
  ["INTERNAL", "UNAVAILABLE", true],
  ["UNAVAILABLE", "UNAVAILABLE", true],
  ["UNAUTHENTICATED", "UNAUTHENTICATED", false],
  ["UNKNOWN", "UNKNOWN", false],
  ["DATA_LOSS", "UNKNOWN", false],
] as const)("%s is %s", (status, code, retryable) => {
  const cause = answer(Status[status]);
  const error = toPubSubError(cause, attempted);
  expect(error).toBeInstanceOf(PubSubError);
  expect(error).toMatchObject({ code, retryable, cause });
  expect(error.message).toContain("cannot publish to topic projects/p/topics/orders");
  expect(error.message).toContain("what the service said");
});

test("every status has a row or is named here", () => {
  const rows = Object.values(Status).filter((code) => toPubSubError(answer(code), attempted).code === "UNKNOWN");
  expect(rows).toEqual([Status.UNKNOWN, Status.DATA_LOSS]);
});

test.each([
  [Status.NOT_FOUND, 'create it with "anytopic apply" or provisioning "ensure"'],
  [Status.PERMISSION_DENIED, "give this service account roles/pubsub.publisher"],
  [Status.UNAUTHENTICATED, "gcloud auth application-default login"],
  [Status.RESOURCE_EXHAUSTED, "Quotas"],
])("status %i says what to do", (status, advice) => {
  expect(toPubSubError(answer(status), attempted).message).toContain(advice);
});

test("a PubSubError passes, missing credentials and a closed client are told apart", () => {
  const own = new PubSubError("CLOSED", "closed");
  expect(toPubSubError(own, attempted)).toBe(own);
  expect(toPubSubError(new Error("Could not load the default credentials."), attempted).code).toBe("UNAUTHENTICATED");
  expect(toPubSubError("The client has already been closed.", attempted).code).toBe("CLOSED");
  expect(toPubSubError(new Error("Channel has been shut down"), attempted).code).toBe("CLOSED");
  expect(toPubSubError(undefined, attempted).code).toBe("UNKNOWN");
});

const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
const entry = (ackId: string, reason: string): Buffer =>
  field(3, Buffer.concat([field(1, Buffer.from(ackId)), field(2, Buffer.from(reason))]));

test("ack ids that failed are read from the status details", () => {
  const info = Buffer.concat([
    field(1, Buffer.from("REASON")),
    entry("a", "PERMANENT_FAILURE_INVALID_ACK_ID"),
    entry("b", "TRANSIENT_FAILURE_SERVICE_UNAVAILABLE"),
  ]);
  const any = Buffer.concat([field(1, Buffer.from("type")), field(2, info)]);
  const status = Buffer.concat([Buffer.from([8, 9]), field(2, Buffer.from("message")), field(3, any)]);
  const error = { metadata: { get: (name: string) => (name === "grpc-status-details-bin" ? [status] : []) } };
  expect([...(failedAckIds(error) ?? [])]).toEqual([
    ["a", "permanent"],
    ["b", "transient"],
  ]);
});

test.each([
  undefined,
  null,
  {},
  { metadata: { get: () => [] } },
  { metadata: { get: () => [Buffer.from([255, 255])] } },
])("%o names no ack ids", (error) => expect(failedAckIds(error)).toBeUndefined());
