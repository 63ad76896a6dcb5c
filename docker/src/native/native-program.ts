import type { StartBrokerOptions } from "../broker.ts";
import type { ProcessSpec } from "../managed-process.ts";
import type { Probe } from "../probes/probe.ts";

/** What one start of a program needs to know about its environment. */
export interface NativePlace {
  /** Empty at first, private to the broker, removed with it. */
  readonly folder: string;
  /** As many as {@link NativeProgram.ports} requires; clients connect to the first. */
  readonly ports: readonly number[];
  readonly options: StartBrokerOptions;
}

export interface NativePlan {
  readonly server: ProcessSpec;
  /** Must run before and beside the server, and keeps running when the server is killed. @default none */
  readonly companion?: ProcessSpec;
  readonly admin?: (args: readonly string[]) => Promise<string>;
}

/** A program of this machine that can serve as a broker. Finding it starts nothing. */
export interface NativeProgram {
  readonly implementation: string;
  readonly ports: number;
  readonly survivesRestart: boolean;
  readonly probe: Probe;
  /** The version, if known before the program runs. @default the version that the probe finds */
  readonly version?: string;
  readonly url: (port: number) => string;
  /** Writes configuration files into the folder and says what to run. Called again for other ports. */
  readonly plan: (place: NativePlace) => NativePlan;
}

/** Finds a program, or says in one line what is missing. */
export type FindNativeProgram = (options: StartBrokerOptions) => NativeProgram | string;
