import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { type Clock, within } from "@anytopic/core/driver";
import type { grpc as Grpc } from "google-gax";

/**
 * Where grpc-js (1.14) keeps its connections. It has no way to end one that does not answer: a closed client sends
 * its goodbye and waits, and what was written and not taken keeps the process alive. If this changes we find nothing,
 * and `closing.test.ts` fails.
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

/** To be asked before the client is closed, which forgets them. */
export function socketsOf(client: Grpc.Client): readonly Socket[] {
  const { internalChannel } = client.getChannel() as unknown as Internals;
  const pooled = Object.values(internalChannel?.subchannelPool?.pool ?? {}).flat();
  return pooled.flatMap(({ subchannel }) =>
    [subchannel?.transport?.session, subchannel?.connector?.session].flatMap(socketOf),
  );
}

/** Resolves when all of them are closed. Those that are not within `timeoutMs` are destroyed. */
export async function ended(sockets: readonly Socket[], clock: Clock, timeoutMs: number): Promise<void> {
  const open = sockets.filter(({ closed }) => !closed);
  if (open.length === 0) return;
  const closes = open.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  await within(clock, timeoutMs, Promise.all(closes));
  for (const socket of open) socket.destroy();
}

/** A session hands out a stand-in for its socket that cannot be destroyed; adding a listener returns the socket itself. */
function socketOf(session: ClientHttp2Session | null | undefined): readonly Socket[] {
  if (session === null || session === undefined || session.destroyed) return [];
  return [session.socket.once("close", () => {})];
}
