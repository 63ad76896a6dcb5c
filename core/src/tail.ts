/** For tools that show the messages of a topic as they come, through a subscription of their own that they remove again. */
export { openTail, type Tail, type TailOptions } from "./tail/open-tail.ts";
export { sweepTails } from "./tail/sweep-tails.ts";
export { TailJournal } from "./tail/tail-journal.ts";
