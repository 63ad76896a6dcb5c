import { PubSubError } from "@anytopic/core/driver";

// No client library throws below this adapter, so there are no errors to translate. These are all of its own.

export function notFound(what: string): PubSubError {
  return new PubSubError("NOT_FOUND", `${what} does not exist in this broker: create it by provisioning`);
}

export function exhausted(what: string, option: string, limit: number): PubSubError {
  return new PubSubError(
    "RESOURCE_EXHAUSTED",
    `${what} has reached ${option} = ${limit}: it takes more when messages are settled or removed, or with a higher ${option}`,
  );
}

export function leaseLost(what: string): PubSubError {
  return new PubSubError("LEASE_LOST", `${what} no longer belongs to this worker: its lease ran out or it was settled`);
}

export function connectionClosed(): PubSubError {
  return new PubSubError("CLOSED", "the connection to the in-memory broker is closed");
}
