/** What a worker process imports when its adapter is sabotaged. */
import type { Adapter } from "@anytopic/core/driver";
import type { ProcessAdapter } from "../harness.ts";
import { brokerSaboteurs, saboteurs } from "./index.ts";

export interface SabotagedArgs extends ProcessAdapter {
  readonly saboteur: string;
}

/** The right adapter's module is imported first. */
export async function adapter({ module, args, saboteur }: SabotagedArgs): Promise<Adapter> {
  const right = (await import(module)) as { readonly adapter: (args: unknown) => Adapter | Promise<Adapter> };
  const found = [...saboteurs, ...brokerSaboteurs].find(({ name }) => name === saboteur);
  if (found === undefined) throw new TypeError(`no saboteur is named ${saboteur}`);
  return found.sabotage(await right.adapter(args));
}
