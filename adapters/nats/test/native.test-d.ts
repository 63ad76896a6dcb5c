import { connect } from "@anytopic/core";
import type { NatsConnection } from "@nats-io/nats-core";
import { expectTypeOf } from "vitest";
import { nats } from "@anytopic/nats";

expectTypeOf((await connect(nats())).native).toEqualTypeOf<NatsConnection>();
