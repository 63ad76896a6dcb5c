const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/** Reads `1500`, `1,500`, `2.5k`, `10M`. `undefined` when it is no number. */
export function amountOf(text: string): number | undefined {
  const plain = text.replaceAll(/[,\s]/g, "").toLowerCase();
  const [, digits, factor = ""] = /^(\d{1,15}(?:\.\d{1,9})?)([kmg]?)$/.exec(plain) ?? [];
  return digits === undefined ? undefined : Number(digits) * (FACTORS[factor] ?? 1);
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,234,567` */
export function shownWhole(amount: number): string {
  return whole.format(amount);
}

const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `12.34`; `<0.01` for what is more than nothing; a dash for what nobody knows. */
export function shownMoney(amount: number | undefined): string {
  if (amount === undefined) return "–";
  return amount > 0 && amount < 0.005 ? "<0.01" : money.format(amount);
}
