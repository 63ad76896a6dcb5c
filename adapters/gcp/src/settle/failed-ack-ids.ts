/**
 * The ack ids of a request on an exactly-once subscription that failed, and whether a retry may help. The service sends an
 * `ErrorInfo` whose metadata maps ack ids to `PERMANENT_FAILURE_…` or `TRANSIENT_FAILURE_…`. The ids that it does not name
 * succeeded. https://cloud.google.com/pubsub/docs/exactly-once-delivery
 */
export function failedAckIds(error: unknown): ReadonlyMap<string, "permanent" | "transient"> | undefined {
  const details = statusDetails(error);
  if (details === undefined) return undefined;
  const failed = new Map<string, "permanent" | "transient">();
  // google.rpc.Status: details = 3, google.protobuf.Any: value = 2, google.rpc.ErrorInfo: metadata = 3, an entry: key = 1, value = 2.
  for (const any of fields(details, 3)) {
    for (const info of fields(any, 2)) {
      for (const entry of fields(info, 3)) {
        const [ackId] = fields(entry, 1);
        const [reason] = fields(entry, 2);
        if (ackId === undefined || reason === undefined) continue;
        const text = reason.toString();
        if (text.startsWith("PERMANENT_FAILURE")) failed.set(ackId.toString(), "permanent");
        else if (text.startsWith("TRANSIENT_FAILURE")) failed.set(ackId.toString(), "transient");
      }
    }
  }
  return failed.size === 0 ? undefined : failed;
}

function statusDetails(error: unknown): Buffer | undefined {
  const { metadata } = (error ?? {}) as { readonly metadata?: { get?(name: string): readonly unknown[] } };
  const [value] = metadata?.get?.("grpc-status-details-bin") ?? [];
  return Buffer.isBuffer(value) ? value : undefined;
}

/** The length-delimited fields with this number in a protocol-buffer message. Stops at the first byte that it cannot read. */
function fields(message: Buffer, number: number): readonly Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < message.length; shift += 7) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = varint();
      if (Math.floor(tag / 8) === number) found.push(message.subarray(at, at + length));
      at += length;
    } else break;
  }
  return found;
}
