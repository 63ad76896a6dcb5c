import { PubSubError } from "./errors.ts";

export function noBrokerConfigured(): PubSubError {
  return new PubSubError(
    "INVALID_CONFIG",
    "no broker is configured: give connect() a URL, set ANYTOPIC_URL, for example to memory:, or write anytopic.config.json",
  );
}
