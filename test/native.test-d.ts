import { aws, type AwsClients } from "@anytopic/aws";
import { connect, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { memory, type MemoryBroker } from "@anytopic/memory";
import { nats } from "@anytopic/nats";
import { rabbitmq, type RabbitmqNative } from "@anytopic/rabbitmq";
import { redis, type RedisClient } from "@anytopic/redis";
import type { PubSub as GooglePubSub } from "@google-cloud/pubsub";
import type { NatsConnection } from "@nats-io/nats-core";
import { expectTypeOf } from "vitest";

// With an adapter, `native` is the client library's own object.
expectTypeOf((await connect(memory())).native).toEqualTypeOf<MemoryBroker>();
expectTypeOf((await connect(nats(), {})).native).toEqualTypeOf<NatsConnection>();
expectTypeOf((await connect(rabbitmq())).native).toEqualTypeOf<RabbitmqNative>();
expectTypeOf((await connect(redis())).native).toEqualTypeOf<RedisClient | undefined>();
expectTypeOf((await connect(aws())).native).toEqualTypeOf<AwsClients>();
expectTypeOf((await connect(gcp())).native).toEqualTypeOf<GooglePubSub>();

// With a URL or a configuration, nobody knows which broker it is.
expectTypeOf((await connect("nats://h")).native).toEqualTypeOf<unknown>();
expectTypeOf((await connect()).native).toEqualTypeOf<unknown>();
expectTypeOf((await connect({ config: "x.json" })).native).toEqualTypeOf<unknown>();

// What takes any connection takes this one.
expectTypeOf(await connect(nats())).toExtend<PubSub>();
