import type { Capabilities, OptionTable, UrlForm } from "@anytopic/core/driver";
import { awsCapabilities } from "@anytopic/aws/capabilities";
import { gcpCapabilities } from "@anytopic/gcp/capabilities";
import { memoryCapabilities } from "@anytopic/memory/capabilities";
import { natsCapabilities } from "@anytopic/nats/capabilities";
import { rabbitmqCapabilities } from "@anytopic/rabbitmq/capabilities";
import { redisCapabilities } from "@anytopic/redis/capabilities";
import * as aws from "../../adapters/aws/src/options.ts";
import * as gcp from "../../adapters/gcp/src/options.ts";
import * as memory from "../../adapters/memory/src/options.ts";
import * as nats from "../../adapters/nats/src/options.ts";
import * as rabbitmq from "../../adapters/rabbitmq/src/options.ts";
import * as redis from "../../adapters/redis/src/options.ts";

/** What the code says about one adapter. */
export interface DescribedAdapter {
  readonly name: string;
  readonly title: string;
  readonly capabilities: Capabilities;
  readonly table: OptionTable;
  readonly urls: UrlForm;
  /** The interface of its options, in `options.ts`. */
  readonly options: string;
  readonly read: (url: string, options?: unknown) => unknown;
}

/** In the order in which every table has them. */
export const adapters: readonly DescribedAdapter[] = [
  {
    name: "memory",
    title: "memory",
    capabilities: memoryCapabilities,
    table: memory.OPTIONS,
    urls: memory.URL_FORM,
    options: "MemoryOptions",
    read: memory.optionsFromUrl,
  },
  {
    name: "nats",
    title: "NATS JetStream",
    capabilities: natsCapabilities,
    table: nats.OPTIONS,
    urls: nats.URL_FORM,
    options: "NatsOptions",
    read: nats.optionsFromUrl,
  },
  {
    name: "rabbitmq",
    title: "RabbitMQ",
    capabilities: rabbitmqCapabilities,
    table: rabbitmq.OPTIONS,
    urls: rabbitmq.URL_FORM,
    options: "RabbitmqOptions",
    read: rabbitmq.optionsFromUrl,
  },
  {
    name: "redis",
    title: "Redis Streams",
    capabilities: redisCapabilities,
    table: redis.OPTIONS,
    urls: redis.URL_FORM,
    options: "RedisOptions",
    read: redis.optionsFromUrl,
  },
  {
    name: "aws",
    title: "AWS SNS and SQS",
    capabilities: awsCapabilities,
    table: aws.OPTIONS,
    urls: aws.URL_FORM,
    options: "AwsOptions",
    read: aws.optionsFromUrl,
  },
  {
    name: "gcp",
    title: "Google Cloud Pub/Sub",
    capabilities: gcpCapabilities,
    table: gcp.OPTIONS,
    urls: gcp.URL_FORM,
    options: "GcpOptions",
    read: gcp.optionsFromUrl,
  },
];
