



























































import { type Codec, jsonCodec } from "@anytopic/core";

interface NestPacket {
  readonly pattern: string;
  readonly data: unknown;
}

export function nestCodec<Event>(pattern: string): Codec<Event> {
  return {
    name: "nest",
    encode: (data) => jsonCodec.encode({ pattern, data } satisfies NestPacket),
    decode(body) {
      const packet = jsonCodec.decode(body) as Partial<NestPacket> | null;
      if (packet?.pattern !== pattern) throw new TypeError(`not a packet of ${pattern}`);
      // The topic's schema, if it has one, looks at it next.
      return packet.data as Event;
    },
  };
}
