import type { CostOverview } from "../../../../src/api/cost.ts";
import {
  type CostLoad,
  measuredFigures,
  type MeasuredLoad,
  measuredSubscriptionFigures,
  MONTHLY_BROKERS,
  type SubscriptionFigures,
  type TopicFigures,
  topicLoad,
} from "../../../../src/cost/index.ts";
import { amountOf } from "./amount.ts";
import { enteredFigure, FIELDS } from "./figures.ts";

/** Figures of one topic that the table lets change. */
export const OF_TOPIC = ["messagesPerMonth", "bytes"] as const;

/** Under which name the address has a figure of one topic. */
export function topicKey(topic: string, name: (typeof OF_TOPIC)[number]): string {
  return `${topic}.${name}`;
}

/** The load of the form, of single topics, and of what was measured: the most special wins. */
export function enteredLoad(query: URLSearchParams, { topics, measured }: CostOverview): CostLoad {
  const common = enteredFigures(query);
  const seen = query.get("entered") === "1" || measured === null ? undefined : measuredLoad(measured);
  return {
    topics: topics.map((declared) => {
      const { name } = declared;
      const figures = {
        ...common,
        ...known(seen === undefined ? {} : (measuredFigures(seen, name) ?? {})),
        ...known(
          Object.fromEntries(OF_TOPIC.map((one) => [one, enteredFigure(query, one, topicKey(name, one)).value])),
        ),
      };
      const ofSubscription = (subscription: string): SubscriptionFigures =>
        seen === undefined ? {} : measuredSubscriptionFigures(seen, name, subscription);
      return topicLoad(declared, figures, ofSubscription);
    }),
    monthly: Object.fromEntries(
      MONTHLY_BROKERS.flatMap((broker) => {
        const sum = amountOf(query.get(broker) ?? "");
        return sum === undefined ? [] : [[broker, sum] as const];
      }),
    ),
    freeTiers: query.get("free") === "1",
    snsSendsCount: query.get("sends") === "1",
  };
}

function enteredFigures(query: URLSearchParams): TopicFigures & SubscriptionFigures {
  return known(Object.fromEntries(FIELDS.map(({ name }) => [name, enteredFigure(query, name).value])));
}

/** JSON has no undefined, and the model no null. */
function measuredLoad({ measuredMs, topics, subscriptions }: NonNullable<CostOverview["measured"]>): MeasuredLoad {
  return {
    measuredMs,
    topics: topics.map(({ bytes, ...topic }) => ({ ...topic, bytes: bytes ?? undefined })),
    subscriptions: subscriptions.map(({ handlingMs, ...one }) => ({ ...one, handlingMs: handlingMs ?? undefined })),
  };
}

function known<Figures extends object>(figures: Figures): Partial<Figures> {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)) as Partial<Figures>;
}
