import { createClient, RESP_TYPES } from "@redis/client";

/** The plain client, as somebody uses it who does not know anytopic. */
export interface PlainClient {
  send(...parts: readonly (string | Buffer)[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Replies have Buffers. It connects again after the server was away. */
export async function plainClient(url: string): Promise<PlainClient> {
  const client = createClient({ RESP: 2, url, commandOptions: { timeout: 0 }, socket: { reconnectStrategy: 100 } });
  client.on("error", () => {});
  await client.connect();
  return {
    send: async (...parts) => client.sendCommand(parts, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }),
    async close() {
      if (client.isOpen) client.destroy();
    },
  };
}
