/**
 * The few calls of the service's API that carry messages, made on the client library's own gRPC stub. The generated
 * client's methods do the same with three conversions and a retry layer more, which cost twice the CPU, and its retries
 * would hide from core what happened.
 */
import type { protos as Protos } from "@google-cloud/pubsub";
import type { Clock } from "@anytopic/core/driver";
import type { grpc as Grpc } from "google-gax";
import { ended, socketsOf } from "./grpc-sockets.ts";

type V1 = typeof Protos.google.pubsub.v1;

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

/** As much of a subscription as tells whether it gets what is published to a topic. */
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

/** The types of the generated encoders and decoders say that everything may be null, which theirs never is. */
export function createMethods({ PublishRequest, PublishResponse, PullRequest, PullResponse, ...v1 }: V1): Methods {
  const none = (): undefined => undefined;
  return {
    publish: {
      path: "/google.pubsub.v1.Publisher/Publish",
      serialize: (request) => PublishRequest.encode(request as never).finish() as Buffer,
      deserialize: (bytes) => PublishResponse.decode(bytes),
    },
    pull: {
      path: "/google.pubsub.v1.Subscriber/Pull",
      serialize: (request) => PullRequest.encode(request).finish() as Buffer,
      deserialize: (bytes) => PullResponse.decode(bytes) as never,
    },
    acknowledge: {
      path: "/google.pubsub.v1.Subscriber/Acknowledge",
      serialize: (request) => v1.AcknowledgeRequest.encode(request as never).finish() as Buffer,
      deserialize: none,
    },
    modifyAckDeadline: {
      path: "/google.pubsub.v1.Subscriber/ModifyAckDeadline",
      serialize: (request) => v1.ModifyAckDeadlineRequest.encode(request as never).finish() as Buffer,
      deserialize: none,
    },
    getSubscription: {
      path: "/google.pubsub.v1.Subscriber/GetSubscription",
      serialize: (request) => v1.GetSubscriptionRequest.encode(request).finish() as Buffer,
      deserialize: (bytes) => v1.Subscription.decode(bytes),
    },
  };
}

export interface Call {
  cancel(): void;
}

export interface CallOptions {
  readonly metadata: Grpc.Metadata;
  readonly deadlineMs: number;
}

/** A gRPC channel, one connection. */
export interface Channel {
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
    done: (error: unknown, response: Response | undefined) => void,
  ): Call;
  /** Cancels what is under way, for gRPC itself would wait for it, and ends the connection, within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** `client` is what the generated client made for itself. Calls on a closed channel fail like any other call. `onClose` is called when it begins to close. */
export function createChannel(client: Grpc.Client, clock: Clock, onClose: () => void = () => {}): Channel {
  const calls = new Set<Call>();
  return {
    call(method, request, { metadata, deadlineMs }, done): Call {
      const { path, serialize, deserialize } = method;
      // gRPC compares it with the wall clock.
      const options = { deadline: Date.now() + deadlineMs };
      try {
        const call: Call = client.makeUnaryRequest(
          path,
          serialize,
          deserialize,
          request,
          metadata,
          options,
          (error, response) => {
            calls.delete(call);
            done(error, response);
          },
        );
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
