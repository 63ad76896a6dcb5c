import { type Counted, type CostItem, priced } from "./cost.ts";
import { estimatedFill, perRequest } from "./batch-fill.ts";
import { awsMessageBytes } from "./message-bytes.ts";
import { activeSeconds, MONTH_SECONDS } from "./month.ts";
import type { CostLoad, SubscriptionLoad, TopicLoad } from "./load.ts";
import type { ListPrices } from "./prices.ts";
import { emptyPolls, renewalsOf } from "./worker-requests.ts";
import { shownNumber } from "./shown-number.ts";

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
export function awsTopicItems(topic: TopicLoad, load: CostLoad, list: ListPrices): readonly CostItem[] {
  const isFifo = topic.ordered || topic.exactlyOnce;
  const counted = [
    ...publishItems(topic, isFifo),
    ...topic.subscriptions.flatMap((one) => subscriptionItems(topic, one, isFifo, load.snsSendsCount)),
  ];
  return counted.map((item) => priced(list, item));
}

function publishItems(topic: TopicLoad, isFifo: boolean): readonly Counted[] {
  const { messagesPerMonth: messages, publishers } = topic;
  const bytes = awsMessageBytes(topic);
  const perSecond = messages / activeSeconds(topic.activeHoursPerDay) / publishers;
  const most = Math.max(1, Math.min(MAX_FILL, Math.floor(MAX_PUBLISH_BYTES / bytes)));
  const fill = Math.min(most, topic.fill ?? estimatedFill(perSecond, PUBLISH_WINDOW_MS, most));
  const requests = messages / fill;
  const why = `${shownNumber(messages)} messages ÷ ${shownNumber(fill)} in a batch`;
  const item = { kind: "publish", subscription: undefined } as const;
  if (!isFifo) {
    const chunks = perRequest(fill, (count) => chunksOf(count * bytes));
    const explanation = `${why} × ${shownNumber(chunks)} chunks of 64 KiB (${shownNumber(bytes)} bytes a message)`;
    return [{ ...item, quantity: requests * chunks, priceName: "sns-publish", explanation }];
  }
  const payload = `${shownNumber(messages)} messages × ${shownNumber(bytes)} bytes`;
  return [
    { ...item, quantity: requests, priceName: "sns-fifo-publish", explanation: why },
    {
      kind: "publish payload",
      subscription: undefined,
      quantity: messages * bytes,
      priceName: "sns-fifo-publish-bytes",
      explanation: payload,
    },
  ];
}

function subscriptionItems(
  topic: TopicLoad,
  subscription: SubscriptionLoad,
  isFifo: boolean,
  snsSendsCount: boolean,
): readonly Counted[] {
  const { name, retriesPerMessage, workers, passes } = subscription;
  const bytes = awsMessageBytes(topic);
  const messages = topic.messagesPerMonth * passes;
  const deliveries = messages * (1 + retriesPerMessage);
  const retries = messages * retriesPerMessage;
  const seconds = activeSeconds(topic.activeHoursPerDay);
  const fillOf = (count: number, windowMs: number): number =>
    Math.min(MAX_FILL, subscription.fill ?? estimatedFill(count / seconds / workers, windowMs, MAX_FILL));

  const receiveFill = fillOf(deliveries, RECEIVE_WINDOW_MS);
  const chunks = perRequest(receiveFill, (count) => chunksOf(count * bytes));
  const answers = deliveries / receiveFill;
  const empty = emptyPolls(answers, workers, topic.activeHoursPerDay);
  const ackFill = fillOf(messages, SETTLE_WINDOW_MS);
  const delayFill = fillOf(retries, SETTLE_WINDOW_MS);
  const renewals = renewalsOf(deliveries, subscription, seconds, MAX_FILL);

  const item = (kind: Counted["kind"], quantity: number, explanation: string): Counted => {
    return { kind, subscription: name, quantity, explanation, priceName: isFifo ? "sqs-fifo" : "sqs-standard" };
  };
  const passed = passes < 1 ? ` (${shownNumber(passes * 100)} % pass the filter)` : "";
  const each = `${shownNumber(deliveries)} deliveries${passed}`;
  const fanOut: readonly Counted[] = [
    {
      ...item("fan-out", messages, `${shownNumber(messages)} messages${passed}`),
      priceName: "sns-fifo-delivery",
    },
    {
      ...item("fan-out payload", messages * bytes, `${shownNumber(messages)} messages × ${shownNumber(bytes)} bytes`),
      priceName: "sns-fifo-delivery-bytes",
    },
  ];
  const sends = item("sends to queues", messages * chunksOf(bytes), `${shownNumber(messages)} messages, one by one`);
  return [
    ...(isFifo ? fanOut : []),
    ...(snsSendsCount ? [sends] : []),
    item(
      "receive",
      answers * chunks,
      `${each} ÷ ${shownNumber(receiveFill)} in an answer × ${shownNumber(chunks)} chunks of 64 KiB`,
    ),
    item(
      "empty polls",
      empty,
      `one poll of 20 s in each of ${shownNumber(workers)} workers; ${shownNumber((MONTH_SECONDS / 20) * workers)} when there is nothing all month`,
    ),
    item("acknowledge", messages / ackFill, `${shownNumber(messages)} messages ÷ ${shownNumber(ackFill)} in a batch`),
    item("retry delays", retries / delayFill, `${shownNumber(retries)} retries ÷ ${shownNumber(delayFill)} in a batch`),
    item("lease renewals", renewals.requests, renewals.explanation),
  ];
}

function chunksOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
}
