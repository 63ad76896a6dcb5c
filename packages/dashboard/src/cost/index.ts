export { ASSUMPTIONS } from "./assumptions.ts";
export { checkedPrices } from "./check-prices.ts";
export { type BrokerCost, type BrokerName, compareCosts, type CostComparison } from "./compare-costs.ts";
export type { CostItem, CostKind, TopicCost } from "./cost.ts";
export {
  DEFAULT_FIGURES,
  type DeclaredSubscription,
  type DeclaredTopic,
  declaredTopics,
  type SubscriptionFigures,
  type TopicFigures,
  topicLoad,
} from "./declared-load.ts";
export { FIGURE_LIMITS, type FigureLimits, type FigureName, figureProblem } from "./figure-limits.ts";
export { LIST_PRICES } from "./list-prices.ts";
export {
  type CostLoad,
  MONTH_DAYS,
  MONTHLY_BROKERS,
  type MonthlyBroker,
  type SubscriptionLoad,
  type TopicLoad,
} from "./load.ts";
export {
  measuredFigures,
  type MeasuredLoad,
  type MeasuredSubscription,
  measuredSubscriptionFigures,
  type MeasuredTopic,
} from "./measured-load.ts";
export { messagesOfRate } from "./month.ts";
export type { ListPrices, Price, PriceName, Verified } from "./prices.ts";
export { contentBytes } from "./published-bytes.ts";
