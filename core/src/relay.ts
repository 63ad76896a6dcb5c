/**
 * For packages that keep messages. The two halves of a publish, for what is between the call and the broker, such as an outbox: an
 * `EventEncoder` does what needs no connection, and `publishEncoded` does the rest, later and in any process. And `redeliver`, for what
 * is kept behind the broker, such as an archive.
 */
export { redeliver } from "./dead-letters/redeliver.ts";
export type { DestinationLimits, Destinations } from "./publish/destination-limits.ts";
export {
  type EncodedBatch,
  type EncodedPublish,
  EventEncoder,
  type EventEncoderOptions,
} from "./publish/event-encoder.ts";
export { publishEncoded } from "./publish/publish-encoded.ts";
export type { RelayMessage } from "./publish/relay-message.ts";
