import { SimulatedWorkers, type Numbered } from "./simulated-workers.ts";
import { seededRandom } from "./sim-clock.ts";

export interface Outcome {
  readonly violations: readonly string[];
  /** Messages that never ended, or that are still unsettled for the server. */
  readonly lost: number;
  readonly trace: readonly string[];
}

export interface OtherFaults {
  readonly restarts?: boolean;
  readonly standstills?: boolean;
  /** Not with `restarts`: two servers do not forget at once. */
  readonly elections?: boolean;
}

/** While faults happen and messages are published. */
const FAULTS_MS = 12_000;
const PATIENCE_MS = 120_000;

/**
 * One run of one to three workers, a publisher, and one to five faults: the server's process stopped, lines cut or
 * blocked, workers closed and opened; with `restarts` the server also killed, with `standstills` the event loops of workers
 * blocked, and with `elections` the consumer given another leader. The seed decides everything.
 */
export async function runSchedule(seed: number, also: OtherFaults = {}): Promise<Outcome> {
  const random = seededRandom(seed);
  const leaderLeaseMs = pick(random, [1000, 2000, 5000]);
  const run = new SimulatedWorkers({
    seed: random() * 2 ** 32,
    leaderLeaseMs,
    ackDeadlineMs: pick(random, [1000, 1500, 3000, 5000]),
    exactlyOnce: random() < 0.5,
    maxConcurrency: 1 + Math.floor(random() * 6),
    losesRedeliveries: random() < 0.5,
    isReplicated: also.elections ?? false,
  });
  const failing = random() < 0.5 ? 0.2 : 0;
  const slowMs = pick(random, [2, 50, 400, 1500]);
  const open = (): void => run.open(async (_event, attempt) => work(run, attempt, slowMs, failing));
  const workers = 1 + Math.floor(random() * 3);
  for (let count = 0; count < workers; count++) open();
  const total = publishRounds(run, random);
  const faults = 1 + Math.floor(random() * 5);
  for (let fault = 0; fault < faults; fault++)
    run.world.later(run.world.between(500, FAULTS_MS), () => breakSomething(run, leaderLeaseMs, also, open));

  await run.clock.run(FAULTS_MS);
  const { pending } = run.server.consumer;
  await run.clock.run(PATIENCE_MS, () => run.check.doneCount === total && pending.size === 0);
  run.note(`done ${run.check.doneCount} of ${total}, unsettled ${pending.size}`);
  const lost = total - run.check.doneCount + pending.size;
  await run.closeAll();
  return { violations: run.check.violations, lost, trace: run.trace };
}

async function work(run: SimulatedWorkers, attempt: number, slowMs: number, failing: number): Promise<void> {
  await run.sleep(run.world.between(0, run.world.chance(0.1) ? 3 * slowMs : slowMs));
  if (attempt < 4 && run.world.chance(failing)) throw new Error("not yet");
}

/** Rounds over all keys, as bursts or one by one. Returns how many messages there are. */
function publishRounds(run: SimulatedWorkers, random: () => number): number {
  const keys = 2 + Math.floor(random() * 4);
  const perKey = 4 + Math.floor(random() * 8);
  const bursts = random() < 0.5 ? perKey : 1 + Math.floor(random() * 3);
  for (let number = 1; number <= perKey; number++) {
    const burst = Math.floor(((number - 1) * bursts) / perKey);
    const within = bursts === perKey ? run.world.between(0.1, 0.9) : 0.5;
    // Rounds are further apart than the messages of one round.
    const atMs = ((burst + within) / bursts) * FAULTS_MS + 6 * number;
    for (let key = 0; key < keys; key++) {
      const event: Numbered = { key: `k${key}`, number };
      run.world.later(atMs + random() * 5, () => run.publish(event.key, event.number));
    }
  }
  return keys * perKey;
}

function breakSomething(
  run: SimulatedWorkers,
  leaderLeaseMs: number,
  { restarts = false, standstills = false, elections = false }: OtherFaults,
  open: () => void,
): void {
  const { world, workers } = run;
  const worker = pick(run.random, [...workers.values()]);
  const kind = run.random();
  if (elections && run.random() < 0.5) {
    changeLeaders(run);
  } else if (standstills && worker !== undefined && run.random() < 0.3) {
    const ms = world.between(0.3, 3) * leaderLeaseMs;
    run.note(`worker ${worker.id} stands still for ${ms.toFixed(0)} ms`);
    worker.process.standStill(ms);
  } else if (restarts && kind < 0.2) {
    const [staleMs, downMs] = [world.between(0, 300), world.between(0.1, 1.6) * leaderLeaseMs];
    run.note(`server restarts in ${staleMs.toFixed(0)} ms, down for ${downMs.toFixed(0)} ms`);
    run.restartServer(staleMs, downMs);
  } else if (kind < 0.4 || worker === undefined) {
    const ms = world.between(0.5, 1.6) * leaderLeaseMs;
    run.note(`server stopped for ${ms.toFixed(0)} ms`);
    world.freezeServer(ms);
  } else if (kind < 0.6) {
    const end = pick(run.random, ["closes", "half-open"] as const);
    const rest = pick(run.random, ["lost", "at-once", "late"] as const);
    run.note(`line of ${worker.id} cut: server ${end}, rest ${rest}`);
    worker.line.cut(end, rest);
  } else if (kind < 0.8) {
    const ms = world.between(0.3, 2) * leaderLeaseMs;
    const givesUp = world.chance(0.5);
    run.note(`line of ${worker.id} blocked for ${ms.toFixed(0)} ms, gives up: ${givesUp}`);
    worker.line.block(ms, givesUp);
  } else {
    if (kind < 0.9) {
      run.note(`worker ${worker.id} closes`);
      run.close(worker.id);
    }
    run.note("another worker opens");
    open();
  }
}

/** Up to four elections, one soon after the other. The first one may take a connection with it. */
function changeLeaders(run: SimulatedWorkers): void {
  const { world } = run;
  const elections = 1 + Math.floor(run.random() * 4);
  let atMs = 0;
  for (let election = 0; election < elections; election++) {
    const staleMs = world.chance(0.5) ? 0 : world.between(0, 100);
    const change = {
      leavingMs: world.chance(0.5) ? 250 : 0,
      leaderlessMs: world.between(5, world.chance(0.7) ? 50 : 5000),
      readingMs: world.between(0, world.chance(0.5) ? 10 : 300),
      hasLed: world.chance(0.5),
    };
    world.later(atMs, () => {
      run.note(`another leader: ${JSON.stringify({ staleMs, ...change })}`);
      run.changeLeader(staleMs, change);
    });
    atMs += world.between(300, 1500);
  }
  if (world.chance(0.5)) pick(run.random, [...run.workers.values()])?.line.cut("closes", "lost");
}

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}
