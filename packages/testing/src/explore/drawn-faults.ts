import { createHash } from "node:crypto";
import type {
  DeliveryFault,
  DeliveryMoment,
  FaultSource,
  PublishFault,
  PublishMoment,
} from "../faults/fault-source.ts";
import { demanded } from "../faults/faults.ts";

/** The faults that the explorer can draw. */
export type FaultKind =
  | "publish-fails"
  | "publish-fails-stored"
  | "publish-late"
  | "duplicate"
  | "lose-ack"
  | "lose-lease"
  | "letter-fails"
  | "reorder";

export const FAULT_KINDS: readonly FaultKind[] = [
  "publish-fails",
  "publish-fails-stored",
  "publish-late",
  "duplicate",
  "lose-ack",
  "lose-lease",
  "letter-fails",
  "reorder",
];

/** One fault, and the message that met it. */
export interface MetFault {
  readonly fault: FaultKind;
  /** `topic`, or `topic/subscription`. */
  readonly where: string;
  readonly id: string;
  /** Of a publish and of a letter: how often that was tried. */
  readonly attempt: number;
}

export interface DrawnFaultsOptions {
  readonly seed: number;
  /** How probable a fault is for each message, from 0 to 1. */
  readonly rate: number;
  readonly kinds: ReadonlySet<FaultKind>;
  /** The only faults that may happen, by `keyOfFault`. @default all */
  readonly only: ReadonlySet<string> | undefined;
  /** Hears of every fault that happens. */
  readonly met: (fault: MetFault) => void;
}

/** So many faults of one message end: each message is handled at last. */
const MOST_FAULTS_OF_A_MESSAGE = 3;
const LATE_MS = 1000;

export function keyOfFault({ fault, where, id, attempt }: MetFault): string {
  return `${fault} ${where} ${id} ${attempt}`;
}

/**
 * Faults that are drawn by a seed. Whether a message meets one depends on the seed, the message and its attempt only, and not on what
 * happened before: so one fault can be left out, and all others stay.
 */
export class DrawnFaults implements FaultSource {
  readonly #options: DrawnFaultsOptions;
  readonly #metBy = new Map<string, number>();
  readonly #tries = new Map<string, number>();

  constructor(options: DrawnFaultsOptions) {
    this.#options = options;
  }

  publish(moment: PublishMoment): PublishFault | undefined {
    const attempt = this.#nextTry(moment.topic, moment.id);
    const met = (fault: FaultKind): boolean => this.#meets(fault, moment.topic, moment, attempt);
    const what = `publish to topic "${moment.topic}"`;
    if (met("publish-fails")) return { kind: "fail", stored: false, error: demanded("UNAVAILABLE", what) };
    if (met("publish-fails-stored")) return { kind: "fail", stored: true, error: demanded("TIMEOUT", what) };
    return met("publish-late") ? { kind: "late", delayMs: LATE_MS } : undefined;
  }

  delivery(moment: DeliveryMoment): DeliveryFault | undefined {
    const where = `${moment.topic}/${moment.subscription}`;
    const kinds = ["duplicate", "lose-ack", "lose-lease"] as const;
    return kinds.find((kind) => this.#meets(kind, where, moment, moment.attempt));
  }

  letter(moment: DeliveryMoment): ReturnType<FaultSource["letter"]> {
    const where = `${moment.topic}/${moment.subscription}`;
    return this.#meets("letter-fails", where, moment, this.#nextTry(`${where} letter`, moment.id))
      ? demanded("UNAVAILABLE", `storing a dead letter of ${where}`)
      : undefined;
  }

  next(waiting: readonly DeliveryMoment[]): number {
    const [first] = waiting;
    if (first === undefined || waiting.length < 2) return 0;
    const where = `${first.topic}/${first.subscription}`;
    return this.#meets("reorder", where, first, first.attempt) ? 1 : 0;
  }

  #nextTry(where: string, id: string): number {
    const key = `${where} ${id}`;
    const attempt = (this.#tries.get(key) ?? 0) + 1;
    this.#tries.set(key, attempt);
    return attempt;
  }

  #meets(fault: FaultKind, where: string, { id }: PublishMoment, attempt: number): boolean {
    const { seed, rate, kinds, only, met } = this.#options;
    const found: MetFault = { fault, where, id, attempt };
    const key = keyOfFault(found);
    if (!kinds.has(fault) || only?.has(key) === false || uniform(`${seed} ${key}`) >= rate) return false;
    const before = this.#metBy.get(`${where} ${id}`) ?? 0;
    if (before >= MOST_FAULTS_OF_A_MESSAGE) return false;
    this.#metBy.set(`${where} ${id}`, before + 1);
    met(found);
    return true;
  }
}

/** The same number in [0, 1) for the same text. */
export function uniform(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
