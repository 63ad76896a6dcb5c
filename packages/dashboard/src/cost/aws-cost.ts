import { estimatedFill, perRequest } from "./batch-fill.ts";
import type { Counted } from "./cost.ts";
import type { CostLoad, SubscriptionLoad, TopicLoad } from "./load.ts";
import { awsMessageBytes } from "./message-bytes.ts";
import { activeSeconds, MONTH_SECONDS } from "./month.ts";
import { shownNumber as shown } from "./shown-number.ts";
import { emptyPolls, renewalsOf } from "./worker-requests.ts";

/** Each begun one of a request counts. */
const CHUNK_BYTES = 65_536;
/** The rest is what adapters/aws does: `MAX_BATCH_ENTRIES` and `MAX_PUBLISH_BYTES`. */
const MAX_FILL = 10;
const MAX_PUBLISH_BYTES = 262_144;
/** `publishBatch.lingerMs` of its capabilities. */
const PUBLISH_WINDOW_MS = 5;
/** `LINGER_MS` of its entry batcher. */
const SETTLE_WINDOW_MS = 20;
/** Between an answer of SQS and the next poll: one round trip within a region. Assumed, not measured. */
const RECEIVE_WINDOW_MS = 10;

/** The items of one topic on SNS and SQS, as @anytopic/aws uses them. */
export function awsTopicItems(topic: TopicLoad, { snsSendsCount }: CostLoad): readonly Counted[] {
  const isFifo = topic.ordered || topic.exactlyOnce;
  const bytes = awsMessageBytes(topic);
  return [
    ...publishItems(topic, bytes, isFifo),
    ...topic.subscriptions.flatMap((one) => [
      ...fanOutItems(topic, one, bytes, isFifo, snsSendsCount),
      ...workerItems(topic, one, bytes, isFifo),
    ]),
  ];
}

function publishItems(topic: TopicLoad, bytes: number, isFifo: boolean): readonly Counted[] {
  const { messagesPerMonth: messages, publishers } = topic;
  const perSecond = messages / activeSeconds(topic.activeHoursPerDay) / publishers;
  const most = Math.max(1, Math.min(MAX_FILL, Math.floor(MAX_PUBLISH_BYTES / bytes)));
  const fill = Math.min(most, topic.fill ?? estimatedFill(perSecond, PUBLISH_WINDOW_MS, most));
  const requests = messages / fill;
  const batches = (): string => `${shown(messages)} messages ÷ ${shown(fill)} in a batch`;
  const of = { subscription: undefined };
  if (!isFifo) {
    const chunks = perRequest(fill, (count) => chunksOf(count * bytes));
    const explain = (): string => `${batches()}${chunked(chunks)}; a message has ${shown(bytes)} bytes`;
    return [{ ...of, kind: "publish", quantity: requests * chunks, priceName: "sns-publish", explain }];
  }
  return [
    { ...of, kind: "publish", quantity: requests, priceName: "sns-fifo-publish", explain: batches },
    {
      ...of,
      kind: "publish payload",
      quantity: messages * bytes,
      priceName: "sns-fifo-publish-bytes",
      explain: () => `${shown(messages)} messages × ${shown(bytes)} bytes`,
    },
  ];
}

function fanOutItems(
  { messagesPerMonth }: TopicLoad,
  { name: subscription, passes }: SubscriptionLoad,
  bytes: number,
  isFifo: boolean,
  snsSendsCount: boolean,
): readonly Counted[] {
  const messages = messagesPerMonth * passes;
  const passed = (): string => `${shown(messages)} messages${passes < 1 ? ", those that pass the filter" : ""}`;
  const sends: Counted = {
    kind: "sends to queues",
    subscription,
    quantity: messages * chunksOf(bytes),
    priceName: isFifo ? "sqs-fifo" : "sqs-standard",
    explain: () => `${passed()}, one by one`,
  };
  const fanOut: readonly Counted[] = [
    { kind: "fan-out", subscription, quantity: messages, priceName: "sns-fifo-delivery", explain: passed },
    {
      kind: "fan-out payload",
      subscription,
      quantity: messages * bytes,
      priceName: "sns-fifo-delivery-bytes",
      explain: () => `${passed()} × ${shown(bytes)} bytes`,
    },
  ];
  return [...(isFifo ? fanOut : []), ...(snsSendsCount ? [sends] : [])];
}

function workerItems(
  topic: TopicLoad,
  subscription: SubscriptionLoad,
  bytes: number,
  isFifo: boolean,
): readonly Counted[] {
  const { name, retriesPerMessage, workers, passes } = subscription;
  const messages = topic.messagesPerMonth * passes;
  const deliveries = messages * (1 + retriesPerMessage);
  const retries = messages * retriesPerMessage;
  const seconds = activeSeconds(topic.activeHoursPerDay);
  const fillOf = (count: number, windowMs: number): number =>
    Math.min(MAX_FILL, subscription.fill ?? estimatedFill(count / seconds / workers, windowMs, MAX_FILL));

  const receiveFill = fillOf(deliveries, RECEIVE_WINDOW_MS);
  const chunks = perRequest(receiveFill, (count) => chunksOf(count * bytes));
  const answers = deliveries / receiveFill;
  const ackFill = fillOf(messages, SETTLE_WINDOW_MS);
  const delayFill = fillOf(retries, SETTLE_WINDOW_MS);
  const renewals = renewalsOf(deliveries, subscription, seconds, MAX_FILL);

  const item = (kind: Counted["kind"], quantity: number, explain: () => string): Counted => {
    return { kind, subscription: name, quantity, priceName: isFifo ? "sqs-fifo" : "sqs-standard", explain };
  };
  return [
    item("receive", answers * chunks, () => {
      const passed = passes < 1 ? `; ${shown(passes * 100)} % of the messages pass the filter` : "";
      return `${shown(deliveries)} deliveries ÷ ${shown(receiveFill)} in an answer${chunked(chunks)}${passed}`;
    }),
    item("empty polls", emptyPolls(answers, workers, topic.activeHoursPerDay), () => {
      const most = shown((MONTH_SECONDS / 20) * workers);
      const each = workers === 1 ? "the worker" : `each of ${shown(workers)} workers`;
      return `one poll of 20 s is open in ${each}; ${most} of them when nothing comes all month`;
    }),
    item("acknowledge", messages / ackFill, () => `${shown(messages)} messages ÷ ${shown(ackFill)} in a batch`),
    item("retry delays", retries / delayFill, () => `${shown(retries)} retries ÷ ${shown(delayFill)} in a batch`),
    item("lease renewals", renewals.requests, renewals.explain),
  ];
}

function chunked(chunks: number): string {
  return chunks === 1 ? "" : ` × ${shown(chunks)} chunks of 64 KiB`;
}

function chunksOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
}
