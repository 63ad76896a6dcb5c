import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { type Clock, within } from "@anytopic/core/driver";
import type { grpc as Grpc } from "google-gax";

/**
 * Where grpc-js (1.14) keeps its connections. It cannot end a connection that does not answer: a closed client sends a
 * goodbye and waits, and data that the server has not read keeps the process alive. If these fields change we find no
 * socket, and `closing-frozen.test.ts` fails.
 */
interface Internals {
  readonly internalChannel?: {
    readonly subchannelPool?: { readonly pool?: Readonly<Record<string, readonly Pooled[]>> };
  };
}
interface Pooled {
  readonly subchannel?: { readonly transport?: Holder | null; readonly connector?: Holder | null };
}
interface Holder {
  readonly session?: ClientHttp2Session | null;
}

/** To be called before the client is closed: a closed client forgets its sockets. */
export function socketsOf(client: Grpc.Client): readonly Socket[] {
  const { internalChannel } = client.getChannel() as unknown as Internals;
  const pooled = Object.values(internalChannel?.subchannelPool?.pool ?? {}).flat();
  return pooled.flatMap(({ subchannel }) =>
    [subchannel?.transport?.session, subchannel?.connector?.session].flatMap(socketOf),
  );
}

/** Resolves when all sockets are closed. Those that are still open after `timeoutMs` are destroyed. */
export async function ended(sockets: readonly Socket[], clock: Clock, timeoutMs: number): Promise<void> {
  const open = sockets.filter(({ closed }) => !closed);
  if (open.length === 0) return;
  const closes = open.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  await within(clock, timeoutMs, Promise.all(closes));
  for (const socket of open) socket.destroy();
}

/** The `socket` of a session is a proxy that cannot be destroyed. Adding a listener returns the socket itself. */
function socketOf(session: ClientHttp2Session | null | undefined): readonly Socket[] {
  if (session === null || session === undefined || session.destroyed) return [];
  return [session.socket.once("close", () => {})];
}
