import { PubSubError } from "../base/errors.ts";
import type { HandlerContext } from "../consume/handler-context.ts";
import type { AnyTopic } from "../declare/topic.ts";
import type { PubSub } from "../pubsub.ts";
import type { TailJournal } from "./tail-journal.ts";
import { removeTemporary, temporarySubscription } from "./temporary-subscription.ts";

/** How long handlers of a tail that ends may go on. */
const CLOSE_MS = 2000;

export interface TailOptions {
  /** Where the temporary subscription is noted, so that `sweepTails` can remove it if this process is killed. @default nowhere */
  readonly journal?: TailJournal | undefined;
  /** Called for each message, with its bytes as they are. What it throws is not reported. */
  readonly onMessage: (message: HandlerContext) => void;
}

/** The messages of a topic, as they come. */
export interface Tail extends AsyncDisposable {
  /** The name of the temporary subscription. */
  readonly subscription: string;
  /** Removes the temporary subscription; waits up to 10 s for a broker that cannot be reached. Rejects with a `PubSubError` when it is still there. */
  close(): Promise<void>;
}

/**
 * Creates a temporary subscription, so that others still get every message, and receives from it. Messages are acknowledged at once.
 * The topic must exist.
 *
 * @throws PubSubError `NOT_FOUND` when it does not exist, or why the subscription cannot be created
 */
export async function openTail(pubsub: PubSub, topic: AnyTopic, { journal, onMessage }: TailOptions): Promise<Tail> {
  // Creating the subscription would also create the topic.
  if ((await pubsub.plan([topic])).some(({ action }) => action === "create")) {
    throw new PubSubError("NOT_FOUND", `topic ${topic.name} does not exist on ${pubsub.server}`);
  }
  const subscription = temporarySubscription(topic);
  const remove = async (): Promise<void> => await removeTemporary(pubsub, subscription, journal);
  await journal?.add(topic.name, subscription.name);
  try {
    await pubsub.apply([subscription]);
    const worker = await pubsub.subscribe(subscription, (_body, message) => shown(message, onMessage));
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= worker.close({ timeoutMs: CLOSE_MS }).then(remove, remove));
    return { subscription: subscription.name, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A message that cannot be shown must not come again. */
function shown(message: HandlerContext, onMessage: TailOptions["onMessage"]): void {
  try {
    onMessage(message);
  } catch {
    // See above.
  }
}
