import type { Behaviour, Statement } from "./behaviour.ts";
import { behaviours } from "./behaviours/index.ts";
import { elsewhere, openPoints } from "./contract-elsewhere.ts";

/** What every adapter and core promise together. */
export const statements: Readonly<Record<Statement, string>> = {
  C1: "`publish` resolves only when the broker has durably accepted the message; refusal, timeout and disconnect reject.",
  C2: "The returned id is `ctx.id` of every delivery, on every attempt and every subscription.",
  C3: "Limits are checked before the network and named in the error; attributes and bodies round-trip exactly or are rejected.",
  C4: "`publishBatch` gives a result per entry; a failed entry does not fail its neighbours; batches split by count and bytes.",
  C5: "Publishing is pipelined with a bounded window; beyond it callers wait.",
  C6: "A failed publish pauses its ordering key until the failure was seen, so that nothing overtakes.",
  C7: "Each subscription gets every message published after it exists, independently of the others.",
  C8: "Several processes on one subscription compete: together they get each message once, failures aside.",
  C9: "At most `maxConcurrency` handlers run per worker, and that number is reached; fetched-but-unstarted messages are bounded.",
  C10: "A handler may outlast the ack deadline, up to a stated maximum; past it the signal aborts and the message is redelivered.",
  C11: "An acknowledgement is durable, barring the broker's documented loss window.",
  C12: "`attempt` is true: 1, 2, 3 … across restarts of workers and brokers, and crashes.",
  C13: "Settling twice is a no-op that says so; settling after a reconnect is refused and never settles another message.",
  C14: "Retries are delayed by `min(maxBackoff, minBackoff · 2^(n-1))` and jitter; waiting messages block nothing.",
  C15: "Exactly `maxRetries + 1` deliveries, then the subscription's dead-letter queue; 0 and Infinity are legal.",
  C16: "A dead letter keeps its message and says why; it is stored before the original is settled, and never lost.",
  C17: "The broker's own delivery limits are a backstop beyond ours, never instead of ours.",
  C18: "Undecodable or invalid messages are dead letters at once, with their bytes; the loop never stops or spins.",
  C19: "`redrive` returns letters to that subscription only, attempts reset; resumable, and safe under live traffic.",
  C20: "For one key a message starts only after its predecessor settled, across retries and workers; keys run in parallel.",
  C21: "Exactly-once: each published id completes its handler once within the stated window; a failed attempt runs again.",
  C22: "An adapter refuses what it cannot do, naming the capability and what would provide it.",
  C23: "`close()` stops intake, waits for handlers, releases unstarted messages at once, flushes, disconnects; idempotent.",
  C24: "Lost connections are reconnected without a limit; one consumer each, no leaks; fatal conditions are shown and retried slowly.",
  C25: "No handler outcome can break the loop.",
  C26: "`signal` aborts are prompt and reject with the abort reason.",
  C27: 'Provisioning is `"ensure"`, `"verify"` or `"off"`.',
  C28: "Errors have a closed set of codes; caller mistakes are `TypeError`; secrets and payloads never appear.",
  C29: "The wire format is the plain one: foreign clients read what we publish, and we read what they publish.",
  C30: "Everything is observable through structured hooks; `stats()` tells what the broker knows, and nothing that it does not know.",
  C31: "What is published is the value at the time of the call: event, bytes, attributes and options.",
  C32: "`close()` has one time limit for the whole of it, on every adapter, whatever the connection or the broker does; handlers can publish until they end.",
  C33: "Nothing that a message contains can harm its neighbours, the connection, the process or the operator's tools; metadata that strangers can write is not trusted.",
  C34: "A handler starts in the async context of its `subscribe`, never in a publisher's.",
  C35: "A success counts: when a handler has returned, its message is acknowledged wherever the broker still permits it, and the attempt never counts as failed.",
  C36: "When an attempt ends, its claim, lease and place end too; a claim belongs to its token.",
  C37: "`health()` is true: what was reported as failing is reported as receiving when it receives again, and what cannot make progress is not up.",
  C38: "Waiting times are measured with a monotonic clock.",
  C39: "A subscription handles exactly what its filter lets pass; the rest is acknowledged without an attempt. Core decides; a filter at the broker may only let too much through.",
  C40: "A publish with a delay resolves when the schedule is durable; the message is never delivered early, survives restarts, holds up no other, and can be cancelled and listed where that is stated.",
  C41: "A message that expires is not handled from its time on, by the clock of its worker, and never dropped before it; it is dropped or dead-lettered by choice, and spends no attempt.",
  C42: "A paused worker, a rate and an open circuit start nothing; a pause gives back what has not started; none of them spends an attempt where the broker allows.",
  C43: "With a batch handler, leases, attempts, retries, deadlines and dead letters stay those of each message; a batch takes one place and has at most one message of a key; what one message does, does not spoil the others.",
  C44: "An event that is published to an outbox is published exactly if its transaction commits, those of a key in the order of the commits, and a relay that repeats one repeats its id. With the inbox in the database of the effect, the effect of an id happens once.",
  C45: "Instrumentations see and can wrap every publish and every attempt; what they add to a message reaches handlers, letters and redriven messages; without them it costs nothing.",
  C46: "`drain` ends by itself when the subscription is empty, and never because the broker is away; it starts no more than it was told, and gives the rest back.",
  C47: "A subscription can be put to a time, to the beginning or to the end: from there everything comes again in order, with the same ids and attempt 1, to it alone; what was delivered before cannot settle it.",
};

/** The behaviours that prove a statement, in part or in whole. */
export function proofsOf(statement: Statement): readonly Behaviour[] {
  return behaviours.filter((behaviour) => behaviour.statements.includes(statement));
}

/** Rows of the catalogue that no behaviour covers; 50 rows in all. */
export function uncoveredRows(): readonly number[] {
  const covered = new Set(behaviours.flatMap(({ rows }) => rows));
  return Array.from({ length: 50 }, (_, index) => index + 1).filter((row) => !covered.has(row));
}

/** The contract as Markdown: each statement, what proves it, and what is still open. */
export function contractMarkdown(): string {
  const sections = (Object.keys(statements) as Statement[]).map((statement) => {
    const proofs = proofsOf(statement).map(({ id, title, tier }) => `- \`${id}\` (${tier}): ${title}`);
    const others = (elsewhere[statement] ?? []).map(({ file, proves }) => `- [\`${file}\`](../${file}): ${proves}`);
    const open = (openPoints[statement] ?? []).map((reason) => `- **open**: ${reason}`);
    return `## ${statement}\n\n${statements[statement]}\n\n${[...proofs, ...others, ...open].join("\n")}`;
  });
  const openCount = Object.values(openPoints).flat().length;
  return `# The contract

<!-- Generated: UPDATE_DOCS=1 npm run test:unit -- conformance/test/contract.test.ts -->

What every adapter does, whatever the broker, and what proves it. The behaviours are those of \`@anytopic/conformance\`;
[conformance.md](conformance.md) shows the results of each adapter. ${behaviours.length} behaviours prove ${Object.keys(statements).length} statements; ${openCount} points are open.

${sections.join("\n\n")}
`;
}
