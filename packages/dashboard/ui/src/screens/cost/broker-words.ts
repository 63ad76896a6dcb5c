import type { BrokerName } from "../../../../src/cost/index.ts";

export const BROKER_WORDS: Readonly<Record<BrokerName, string>> = {
  aws: "AWS SNS + SQS",
  gcp: "Google Cloud Pub/Sub",
  nats: "NATS",
  rabbitmq: "RabbitMQ",
  redis: "Redis",
};
