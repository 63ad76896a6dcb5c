import { connect } from "@anytopic/core";
import type { PubSub } from "@google-cloud/pubsub";
import { expectTypeOf } from "vitest";
import { gcp } from "@anytopic/gcp";

expectTypeOf((await connect(gcp())).native).toEqualTypeOf<PubSub>();
