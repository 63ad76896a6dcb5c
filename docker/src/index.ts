export type { Broker, BrokerKind, BrokerProvider, StartBrokerOptions } from "./broker.ts";
export { BrokerUnavailableError } from "./broker-unavailable-error.ts";
export { brokerImages, imageVariable, type BrokerImages } from "./images.ts";
export { findProgramOrSkip } from "./find-program-or-skip.ts";
export { logTail, type ManagedProcess, type ProcessSpec, startProcess } from "./managed-process.ts";
export { until, type UntilOptions } from "./until.ts";
export { freePorts } from "./free-ports.ts";
export { startBroker } from "./start-broker.ts";
export { startBrokerOrSkip } from "./start-broker-or-skip.ts";
