import { usageOf } from "./broker-process.ts";
import { ownCpuMs, ownUsage } from "./own-usage.ts";
import type { ScaleBroker } from "./scale-broker.ts";
import { countTimers } from "./watch-timers.ts";

/** Named figures of one size, in the order in which they were measured. */
export type Figures = Record<string, number>;

const MS_PER_HOUR = 3_600_000;

/** Measures one size of one adapter, through the public API and the counters of the broker. */
export class Measurement {
  readonly figures: Figures = {};
  readonly #broker: ScaleBroker;
  readonly #log: boolean;
  readonly #before = ownUsage();
  readonly #brokerBeforeMb: number;

  constructor(broker: ScaleBroker, log: boolean) {
    this.#broker = broker;
    this.#log = log;
    const pid = broker.pid();
    this.#brokerBeforeMb = pid === undefined ? 0 : usageOf(pid).rssMb;
  }

  set(name: string, value: number): void {
    this.figures[name] = Math.round(value * 100) / 100;
    if (this.#log) console.error(`  ${name}: ${this.figures[name]}`);
  }

  /** Notes for how long `work` takes, and how much CPU time of this process and of the broker. */
  async time<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const pid = this.#broker.pid();
    const brokerBefore = pid === undefined ? 0 : usageOf(pid).cpuMs;
    const cpuBefore = ownCpuMs();
    const startedMs = performance.now();
    const result = await work();
    this.set(`${name} ms`, performance.now() - startedMs);
    this.set(`${name} client CPU ms`, ownCpuMs() - cpuBefore);
    const pidAfter = this.#broker.pid();
    if (pidAfter !== undefined) this.set(`${name} broker CPU ms`, usageOf(pidAfter).cpuMs - brokerBefore);
    return result;
  }

  /** Notes what is held now: memory above the level at the start. */
  hold(name: string): void {
    const { heapMb, rssMb, sockets, timers } = ownUsage();
    this.set(`${name} heap MB`, heapMb - this.#before.heapMb);
    this.set(`${name} RSS MB`, rssMb - this.#before.rssMb);
    this.set(`${name} sockets`, sockets);
    this.set(`${name} timers`, timers);
    const pid = this.#broker.pid();
    if (pid === undefined) return;
    const { rssMb: brokerMb, threads } = usageOf(pid);
    this.set(`${name} broker RSS MB`, brokerMb - this.#brokerBeforeMb);
    this.set(`${name} broker threads`, threads);
  }

  async objects(): Promise<void> {
    for (const [name, count] of Object.entries(await this.#broker.objects())) this.set(name, count);
  }

  /** Does nothing for so long, and notes what that costs in an hour. */
  async idle(idleMs: number): Promise<void> {
    const wireBefore = await this.#broker.wire();
    const pid = this.#broker.pid();
    const brokerBefore = pid === undefined ? 0 : usageOf(pid).cpuMs;
    const cpuBefore = ownCpuMs();
    const timersBefore = countTimers().set;
    const startedMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const tookMs = performance.now() - startedMs;
    const cpuMs = ownCpuMs() - cpuBefore;
    const brokerMs = pid === undefined ? 0 : usageOf(pid).cpuMs - brokerBefore;
    const timers = countTimers().set - timersBefore;
    const wire = await this.#broker.wire();
    const hourly = (count: number): number => (count * MS_PER_HOUR) / tookMs;
    this.set("idle client CPU %", (100 * cpuMs) / tookMs);
    if (pid !== undefined) this.set("idle broker CPU %", (100 * brokerMs) / tookMs);
    this.set("idle timers set per hour", hourly(timers));
    if (pid === undefined) return;
    const { unit } = this.#broker;
    this.set(`idle ${unit} sent per hour`, hourly(wire.sent - wireBefore.sent));
    this.set(`idle ${unit} received per hour`, hourly(wire.received - wireBefore.received));
    this.set("idle KB per hour", hourly(wire.bytes - wireBefore.bytes) / 1024);
  }
}
