// The table of an adapter and its public options cannot drift apart.
import { type Checked, option, type OptionTable } from "@anytopic/core/driver";
import { expectTypeOf } from "vitest";

interface Options {
  readonly maxPulls?: number | undefined;
  readonly storage?: "file" | "memory" | undefined;
}
type Values = Checked<Options, "maxPulls">;

expectTypeOf<Values>().toEqualTypeOf<{
  readonly maxPulls: number;
  readonly storage: "file" | "memory" | undefined;
}>();

const maxPulls = option.integer({ min: 1, max: 20, default: 4 });
const storage = option.choice(["file", "memory"]);

const rules: OptionTable<Values>["rules"] = { maxPulls, storage };
expectTypeOf(rules.maxPulls.default).toEqualTypeOf<number>();

// @ts-expect-error an option without a row
const missing: OptionTable<Values>["rules"] = { maxPulls };
// @ts-expect-error a row without an option
const surplus: OptionTable<Values>["rules"] = { maxPulls, storage, colour: option.text() };
// @ts-expect-error an option that is said to have a default, and has none
const undecided: OptionTable<Values>["rules"] = { maxPulls: option.integer({ min: 1, max: 20 }), storage };
// @ts-expect-error another kind
const otherKind: OptionTable<Values>["rules"] = { maxPulls: option.text({ default: "4" }), storage };
// @ts-expect-error a choice that the option does not have
const otherChoice: OptionTable<Values>["rules"] = { maxPulls, storage: option.choice(["file", "disk"]) };
expectTypeOf([missing, surplus, undecided, otherKind, otherChoice]).toBeArray();
