export type { Broker, BrokerKind, BrokerProvider, StartBrokerOptions } from "./broker.ts";
export { BrokerUnavailableError } from "./broker-unavailable-error.ts";
export { brokerImages, imageVariable, type BrokerImages } from "./images.ts";
export { freePorts } from "./free-ports.ts";
export { startBroker } from "./start-broker.ts";
export { startBrokerOrSkip } from "./start-broker-or-skip.ts";
