// Under `exactOptionalPropertyTypes` an option that may be left out may also be given as `undefined`, in all packages.
import type { AwsOptions } from "@anytopic/aws";
import type { StartBrokerOptions } from "@anytopic/brokers";
import type {
  BehaviourOptions,
  InboxStoreCheckOptions,
  RegisterOptions,
  RunOptions,
  Selection,
} from "@anytopic/conformance";
import type {
  AnytopicConfig,
  CloseOptions,
  BatchDrainOptions,
  BatchOptions,
  BatchSubscribeOptions,
  ConnectionConfig,
  ConnectOptions,
  Delivery,
  DrainOptions,
  LetterSelection,
  MemoryInboxOptions,
  PublishEntry,
  PublishLimits,
  PublishOptions,
  PubSubErrorOptions,
  RedriveOptions,
  RetryPolicyOptions,
  SubscribeOptions,
  SubscriptionConfig,
  SubscriptionOptions,
  TopicConfig,
  TopicOptions,
} from "@anytopic/core";
import type { LoadConfigOptions } from "@anytopic/core/config";
import type { GcpOptions } from "@anytopic/gcp";
import type { MemoryOptions } from "@anytopic/memory";
import type { NatsOptions } from "@anytopic/nats";
import type { RabbitmqOptions } from "@anytopic/rabbitmq";
import type { RedisOptions } from "@anytopic/redis";
import { expectTypeOf } from "vitest";

/** The names of options that may be left out, but must not be `undefined`. */
type Strict<Options> = {
  [Key in keyof Options]-?: object extends Pick<Options, Key>
    ? { [Same in Key]: undefined } extends Pick<Options, Key>
      ? never
      : Key
    : never;
}[keyof Options];

expectTypeOf<
  Strict<{ readonly strict?: string; readonly fine?: string | undefined; required: number }>
>().toEqualTypeOf<"strict">();

expectTypeOf<Strict<AnytopicConfig>>().toBeNever();
expectTypeOf<Strict<AwsOptions>>().toBeNever();
expectTypeOf<Strict<BehaviourOptions>>().toBeNever();
expectTypeOf<Strict<BatchDrainOptions>>().toBeNever();
expectTypeOf<Strict<BatchOptions>>().toBeNever();
expectTypeOf<Strict<BatchSubscribeOptions>>().toBeNever();
expectTypeOf<Strict<CloseOptions>>().toBeNever();
expectTypeOf<Strict<ConnectionConfig>>().toBeNever();
expectTypeOf<Strict<ConnectOptions>>().toBeNever();
expectTypeOf<Strict<NonNullable<Parameters<Delivery<unknown>["retry"]>[0]>>>().toBeNever();
expectTypeOf<Strict<DrainOptions>>().toBeNever();
expectTypeOf<Strict<GcpOptions>>().toBeNever();
expectTypeOf<Strict<InboxStoreCheckOptions>>().toBeNever();
expectTypeOf<Strict<LetterSelection>>().toBeNever();
expectTypeOf<Strict<LoadConfigOptions>>().toBeNever();
expectTypeOf<Strict<MemoryInboxOptions>>().toBeNever();
expectTypeOf<Strict<MemoryOptions>>().toBeNever();
expectTypeOf<Strict<NatsOptions>>().toBeNever();
expectTypeOf<Strict<PublishEntry<string>>>().toBeNever();
expectTypeOf<Strict<PublishLimits>>().toBeNever();
expectTypeOf<Strict<PublishOptions>>().toBeNever();
expectTypeOf<Strict<PubSubErrorOptions>>().toBeNever();
expectTypeOf<Strict<RabbitmqOptions>>().toBeNever();
expectTypeOf<Strict<RedisOptions>>().toBeNever();
expectTypeOf<Strict<RedriveOptions>>().toBeNever();
expectTypeOf<Strict<RegisterOptions>>().toBeNever();
expectTypeOf<Strict<RetryPolicyOptions>>().toBeNever();
expectTypeOf<Strict<RunOptions>>().toBeNever();
expectTypeOf<Strict<Selection>>().toBeNever();
expectTypeOf<Strict<StartBrokerOptions>>().toBeNever();
expectTypeOf<Strict<SubscribeOptions>>().toBeNever();
expectTypeOf<Strict<SubscriptionConfig>>().toBeNever();
expectTypeOf<Strict<SubscriptionOptions>>().toBeNever();
expectTypeOf<Strict<TopicConfig>>().toBeNever();
expectTypeOf<Strict<TopicOptions>>().toBeNever();
