import type { Clock } from "@anytopic/core/driver";
import type { grpc as Grpc } from "google-gax";
import { type Call, type Channel, createChannel } from "./rpc.ts";

/** One of gRPC's connectivity states. */
const READY = 2;

/**
 * Publishes take turns on two connections. A server accepts only one window of data on a connection before it has read it:
 * 1 MiB on servers in Java, such as the emulator, which is one batch of a thousand small events. The second connection is
 * used only while both are up. Otherwise all publishes wait or fail with the first.
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
