import { aws, type AwsClients } from "@anytopic/aws";
import { connect, type PubSub } from "@anytopic/core";
import { memory, type MemoryBroker } from "@anytopic/memory";
import { rabbitmq, type RabbitmqNative } from "@anytopic/rabbitmq";
import { redis, type RedisClient } from "@anytopic/redis";
import { expectTypeOf } from "vitest";

// With an adapter, `native` is the client library's own object. Those of NATS and Google Cloud are tested with their adapters.
expectTypeOf((await connect(memory())).native).toEqualTypeOf<MemoryBroker>();
expectTypeOf((await connect(rabbitmq(), {})).native).toEqualTypeOf<RabbitmqNative>();
expectTypeOf((await connect(redis())).native).toEqualTypeOf<RedisClient | undefined>();
expectTypeOf((await connect(aws())).native).toEqualTypeOf<AwsClients>();

// With a URL or a configuration, nobody knows which broker it is.
expectTypeOf((await connect("nats://h")).native).toEqualTypeOf<unknown>();
expectTypeOf((await connect()).native).toEqualTypeOf<unknown>();
expectTypeOf((await connect({ config: "x.json" })).native).toEqualTypeOf<unknown>();

// What takes any connection takes this one.
expectTypeOf(await connect(redis())).toExtend<PubSub>();
