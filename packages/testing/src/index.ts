export { testPubSub } from "./open-test-pub-sub.ts";
export type { TestPubSub } from "./test-pub-sub.ts";
export type { TestPubSubOptions } from "./test-pub-sub-options.ts";
export type { TestContext } from "./test-context.ts";
export type { AdapterName, LikeBroker } from "./broker/like.ts";
export type { Matching, Partially } from "./record/matching.ts";
export type {
  AttemptOutcome,
  EndedAttempt,
  HandledEvent,
  PublishedEvent,
  DelayedRetry,
  WaitingMessage,
} from "./record/records.ts";
export type {
  ConfirmLateOptions,
  FailDeadLetterOptions,
  FailPublishOptions,
  FaultChoice,
  Faults,
} from "./faults/faults.ts";
export type { DeliveryMoment, PublishMoment } from "./faults/fault-source.ts";
export { type HandlerSetting, testHandler } from "./handler/test-handler.ts";
export { assertDeadLettered, assertHandled, assertPublished } from "./matchers/assertions.ts";
export { matchers, type PubSubMatchers } from "./matchers/matchers.ts";
export type { DeadLetteredOptions, HandledOptions, Seen, TimesOption } from "./matchers/reports.ts";
export { explore, type Explored, type ExploreOptions } from "./explore/explore.ts";
export type { FaultKind } from "./explore/drawn-faults.ts";
