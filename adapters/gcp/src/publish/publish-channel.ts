import type { Clock } from "@anytopic/core/driver";
import type { grpc as Grpc } from "google-gax";
import { type Call, type Channel, createChannel } from "../connection/rpc.ts";

/** One of gRPC's connectivity states. */
const READY = 2;

/**
 * Publishes take turns on two connections. A server takes only as much as the window of a connection lets it, before it
 * has read what came: 1 MiB on Java's, the emulator's among them, which is one batch of a thousand small events. The
 * second takes part only while both are up; without, all wait or fail with the first.
 */
export function createPublishChannel(first: Grpc.Client, second: Grpc.Client, clock: Clock): Channel {
  const firstChannel = createChannel(first, clock);
  const secondChannel = createChannel(second, clock);
  let isTurnOfSecond = false;
  const next = (): Channel => {
    isTurnOfSecond = !isTurnOfSecond && isReady(first) && isReady(second);
    return isTurnOfSecond ? secondChannel : firstChannel;
  };
  isReady(second);
  return {
    call: (method, request, options, done): Call => next().call(method, request, options, done),
    async close(timeoutMs): Promise<void> {
      await Promise.all([firstChannel.close(timeoutMs), secondChannel.close(timeoutMs)]);
    },
  };
}

/** Also connects one that is idle. */
function isReady(client: Grpc.Client): boolean {
  const state: number = client.getChannel().getConnectivityState(true);
  return state === READY;
}
