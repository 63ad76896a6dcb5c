// `defineConfig` types the options of a connection by the scheme of its URL, for adapters whose package the program imports.
// oxlint-disable-next-line import/no-empty-named-blocks -- as a configuration does that needs nothing else of the package
import type {} from "@anytopic/aws";
import { type AdapterOptions, defineConfig } from "@anytopic/core/config";
import type { GcpOptions } from "@anytopic/gcp";
import type { MemoryOptions } from "@anytopic/memory";
import type { NatsOptions } from "@anytopic/nats";
import type { RabbitmqOptions } from "@anytopic/rabbitmq";
import type { RedisOptions } from "@anytopic/redis";
import { expectTypeOf } from "vitest";

expectTypeOf<AdapterOptions["nats"]>().toEqualTypeOf<NatsOptions>();
expectTypeOf<AdapterOptions["tls"]>().toEqualTypeOf<NatsOptions>();
expectTypeOf<AdapterOptions["amqp"]>().toEqualTypeOf<RabbitmqOptions>();
expectTypeOf<AdapterOptions["amqps"]>().toEqualTypeOf<RabbitmqOptions>();
expectTypeOf<AdapterOptions["redis"]>().toEqualTypeOf<RedisOptions>();
expectTypeOf<AdapterOptions["rediss"]>().toEqualTypeOf<RedisOptions>();
expectTypeOf<AdapterOptions["gcp"]>().toEqualTypeOf<GcpOptions>();
expectTypeOf<AdapterOptions["memory"]>().toEqualTypeOf<MemoryOptions>();

defineConfig({
  default: "main",
  connections: {
    main: { url: "nats://127.0.0.1:4222", options: { replicas: 3, storage: "file" } },
    secure: { url: "tls://host", options: { tls: { caFile: "ca.pem" } } },
    payments: { url: "amqp://host", options: { heartbeatSeconds: 20 } },
    cloud: { url: "aws://eu-west-1", options: { maxReceivers: 20 } },
    tests: { url: "memory:" },
  },
  provisioning: "verify",
});

// What nobody can know is not checked: a variable, and another package's scheme.
defineConfig({ connections: { main: { url: process.env["BROKER_URL"] ?? "memory:", options: { anything: 1 } } } });
defineConfig({ connections: { main: { url: "${BROKER_URL}", options: { anything: 1 } } } });
defineConfig({ connections: { main: { url: "kafka://host", options: { anything: 1 } } } });

// @ts-expect-error -- nats has no such option
defineConfig({ connections: { main: { url: "nats://host", options: { replica: 3 } } } });

// @ts-expect-error -- nats has no such storage
defineConfig({ connections: { main: { url: "nats://host", options: { storage: "disk" } } } });

// @ts-expect-error -- an option of nats, not of RabbitMQ
defineConfig({ connections: { main: { url: "amqp://host", options: { replicas: 3 } } } });

// @ts-expect-error -- there is no such provisioning
defineConfig({ connections: { main: { url: "memory:" } }, provisioning: "sometimes" });
