/** What the adapters' `sizeOf` counts of a message with an id of `publish`, beside body, attributes and key. The observer's `publish` event has that sum. */
const OWN_BYTES: Readonly<Record<string, number>> = {
  aws: 80,
  gcp: 84,
  memory: 36,
  nats: 63,
  rabbitmq: 136,
  redis: 51,
};

/** The bytes of body, attributes and ordering key of a message, from the `bytes` of a `publish` event. Of an unknown adapter all bytes. */
export function contentBytes(adapter: string, publishedBytes: number): number {
  const own = Object.hasOwn(OWN_BYTES, adapter) ? (OWN_BYTES[adapter] ?? 0) : 0;
  return Math.max(0, publishedBytes - own);
}
