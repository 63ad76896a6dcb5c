export type { Broker, BrokerKind, BrokerProvider, StartBrokerOptions } from "@anytopic/brokers";
export { type ServerConnectOptions, type TestServer, withBroker } from "./containers/with-broker.ts";
