/**
 * The few calls of the service's API that carry messages, made on the client library's own gRPC stub. The methods of the
 * generated client add three conversions and a retry layer. They need twice the CPU, and their retries would hide failures
 * from core.
 */
import type { protos as Protos } from "@google-cloud/pubsub";
import type { Clock } from "@anytopic/core/driver";
import type { grpc as Grpc } from "google-gax";
import { type Attempted, toPubSubError } from "../errors.ts";
import { ended, socketsOf } from "./grpc-sockets.ts";

/** A message as it is published. */
export interface WireOutgoing {
  readonly data: Uint8Array;
  readonly attributes: Record<string, string>;
  readonly orderingKey?: string;
}

/** A message as it is received: the decoder's own object. */
export interface WireMessage {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  readonly publishTime?: { readonly seconds?: unknown; readonly nanos?: number | null } | null;
  readonly orderingKey: string;
}

export interface WireReceived {
  readonly ackId: string;
  readonly message: WireMessage;
  /** 0 on a subscription without a dead-letter policy. */
  readonly deliveryAttempt: number;
}

interface PublishRequest {
  readonly topic: string;
  readonly messages: readonly WireOutgoing[];
}
interface PullRequest {
  readonly subscription: string;
  readonly maxMessages: number;
  readonly returnImmediately: boolean;
}
interface AcknowledgeRequest {
  readonly subscription: string;
  readonly ackIds: readonly string[];
}
interface ModifyAckDeadlineRequest extends AcknowledgeRequest {
  readonly ackDeadlineSeconds: number;
}

/** The fields of a subscription that show whether it gets what is published to a topic. */
export interface WireSubscription {
  readonly topic: string;
  readonly detached: boolean;
}

export interface Method<Request, Response> {
  readonly path: string;
  readonly serialize: (request: Request) => Buffer;
  readonly deserialize: (bytes: Buffer) => Response;
}

export interface Methods {
  readonly publish: Method<PublishRequest, { readonly messageIds: readonly string[] }>;
  readonly pull: Method<PullRequest, { readonly receivedMessages: readonly WireReceived[] }>;
  readonly acknowledge: Method<AcknowledgeRequest, unknown>;
  readonly modifyAckDeadline: Method<ModifyAckDeadlineRequest, unknown>;
  readonly getSubscription: Method<{ readonly subscription: string }, WireSubscription>;
}

export function createMethods(v1: typeof Protos.google.pubsub.v1): Methods {
  return {
    publish: method("Publisher/Publish", v1.PublishRequest, v1.PublishResponse),
    pull: method("Subscriber/Pull", v1.PullRequest, v1.PullResponse),
    acknowledge: method("Subscriber/Acknowledge", v1.AcknowledgeRequest),
    modifyAckDeadline: method("Subscriber/ModifyAckDeadline", v1.ModifyAckDeadlineRequest),
    getSubscription: method("Subscriber/GetSubscription", v1.GetSubscriptionRequest, v1.Subscription),
  };
}

/** The types of the generated encoders and decoders say that every field may be null, which is never true here. */
function method<Request, Response>(
  name: string,
  encoder: { encode(request: never): { finish(): Uint8Array } },
  decoder?: { decode(bytes: Uint8Array): unknown },
): Method<Request, Response> {
  return {
    path: `/google.pubsub.v1.${name}`,
    serialize: (request) => encoder.encode(request as never).finish() as Buffer,
    deserialize: (bytes) => decoder?.decode(bytes) as Response,
  };
}

export interface Call {
  cancel(): void;
}

export interface CallOptions {
  readonly metadata: Grpc.Metadata;
  readonly deadlineMs: number;
  /** For the error. */
  readonly attempted: Attempted;
}

/** A gRPC channel, one connection. */
export interface Channel {
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
    done: (error: unknown, response: Response | undefined) => void,
  ): Call;
  /** Cancels pending calls, because gRPC would wait for them, and ends the connection, within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** The answer to one call. @throws PubSubError */
export function unaryCall<Request, Response>(
  channel: Channel,
  method: Method<Request, Response>,
  request: Request,
  options: CallOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    channel.call(method, request, options, (error, response) => {
      if (response === undefined) reject(toPubSubError(error, options.attempted));
      else resolve(response);
    });
  });
}

/** `client` is the stub of a generated client. Calls on a closed channel fail like any other call. `onClose` is called when it begins to close. */
export function createChannel(client: Grpc.Client, clock: Clock, onClose: () => void = () => {}): Channel {
  const calls = new Set<Call>();
  return {
    call(method, request, { metadata, deadlineMs }, done): Call {
      const { path, serialize, deserialize } = method;
      // gRPC compares it with the wall clock.
      const options = { deadline: Date.now() + deadlineMs };
      try {
        const answered: typeof done = (error, response) => {
          calls.delete(call);
          done(error, response);
        };
        const call: Call = client.makeUnaryRequest(path, serialize, deserialize, request, metadata, options, answered);
        calls.add(call);
        return call;
      } catch (error) {
        setImmediate(done, error, undefined);
        return { cancel: () => {} };
      }
    },
    async close(timeoutMs): Promise<void> {
      onClose();
      for (const call of calls) call.cancel();
      const sockets = socketsOf(client);
      client.close();
      await ended(sockets, clock, timeoutMs);
    },
  };
}
