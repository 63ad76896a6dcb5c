import { carriedAttributes } from "./carried-attributes.ts";
import { withoutExpiry } from "../contract/expiry.ts";
import type { BatchInfo, Carrier, PublishEnd } from "../observe/instrumentation.ts";
import type { Instruments } from "../observe/instruments.ts";
import type { PendingPublish } from "./pending-publish.ts";

/** Where a message goes, as instrumentations are told. */
export interface PublishPlace {
  readonly topic: string;
  readonly adapter: string;
}

/** A publish that instrumentations have seen. */
export interface SeenPublish {
  /** With the attributes that they have added. */
  readonly message: PendingPublish;
  /** Must be called once, when it has ended. */
  readonly ended: ((end: PublishEnd) => void) | undefined;
}

/** Shows a publish to instrumentations, in its call. */
export function seenPublish(
  message: PendingPublish,
  { topic, adapter }: PublishPlace,
  batch: BatchInfo | undefined,
  instruments: Instruments,
): SeenPublish {
  const { id, orderingKey, attributes, bodyBytes } = message;
  const carrier = Object.create(null) as Carrier;
  const own = withoutExpiry(attributes);
  const info = Object.freeze({ topic, adapter, id, orderingKey, attributes: own, bodyBytes, batch });
  const ended = instruments.publish(info, carrier);
  const carried = carriedAttributes(attributes, carrier, (key) =>
    instruments.report("publish", new TypeError(`it added the attribute ${JSON.stringify(key)}, which is not allowed`)),
  );
  return { message: carried === attributes ? message : message.carrying(carried), ended };
}

/** The same result, after `ended` was told of it. A caller who handles no rejection is reported as before. */
export function endSeen(sent: Promise<string>, ended: SeenPublish["ended"]): Promise<string> {
  if (ended === undefined) return sent;
  return sent.then(
    (id) => {
      ended({ error: undefined });
      return id;
    },
    (error: unknown) => {
      ended({ error });
      throw error;
    },
  );
}
