import type { DeadLetter } from "@anytopic/core";

import type { JournalEntry, JournalEvent } from "./journal.ts";
import type { Item, Mail, Order } from "./topics.ts";

export interface ShopResult {
  readonly orders: readonly Order[];
  readonly journal: readonly JournalEntry[];
  readonly mails: ReadonlyMap<string, Mail>;
  readonly sales: ReadonlyMap<Item, number>;
  readonly stock: ReadonlyMap<Item, number>;
  readonly deadLetter: DeadLetter;
  readonly released: number;
}

const ONE_AFTER_THE_OTHER: readonly JournalEvent[] = ["placed", "reserved", "shipped", "mail requested"];

/**
 * What happened, without times and without anything that may differ between runs. Orders and customers are sorted;
 * the events of each are in the order in which they happened.
 */
export function report(result: ShopResult): string {
  const { orders, journal, mails, sales, stock, deadLetter, released } = result;
  const lines: string[] = [];
  for (const { order, customer, item, quantity } of orders.toSorted((a, b) => compare(a.order, b.order))) {
    lines.push(`order ${order} of ${customer}: ${quantity} x ${item}`);
    for (const entry of journal.filter((entry) => entry.order === order)) lines.push(`  ${shownEntry(entry)}`);
    const mail = mails.get(order);
    lines.push(mail === undefined ? "  no mail" : `  mail to ${mail.to}: ${mail.text}`);
  }
  for (const customer of [...new Set(orders.map(({ customer }) => customer))].toSorted(compare)) {
    lines.push(`customer ${customer}`);
    for (const event of ONE_AFTER_THE_OTHER) {
      const entries = journal.filter((entry) => entry.customer === customer && entry.event === event);
      lines.push(`  ${event} ${entries.map(({ order }) => order).join(", ")}`);
    }
  }
  lines.push(`sold ${shownItems(sales)}`, `in stock ${shownItems(stock)}`);
  lines.push(`dead letter ${deadLetter.id} of ${deadLetter.subscription}`);
  lines.push(`  ${deadLetter.reason} at attempt ${deadLetter.attempts}`);
  lines.push(`  ${deadLetter.errorName}: ${deadLetter.errorMessage}`);
  lines.push(`  ${Buffer.from(deadLetter.body).toString("utf8")}`);
  lines.push(`  released ${released}`);
  return `${lines.join("\n")}\n`;
}

function shownEntry({ event, attempt }: JournalEntry): string {
  return attempt === undefined ? event : `${event}, attempt ${attempt}`;
}

function shownItems(items: ReadonlyMap<Item, number>): string {
  return [...items]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([item, quantity]) => `${quantity} x ${item}`)
    .join(", ");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
