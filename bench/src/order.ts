/** An event as applications publish them: 1 KiB of JSON in many fields. */
export interface BenchOrder {
  readonly id: string;
  readonly placedAt: string;
  readonly customer: { readonly id: number; readonly name: string; readonly email: string; readonly vip: boolean };
  readonly shipTo: { readonly street: string; readonly city: string; readonly zip: string; readonly country: string };
  readonly lines: readonly BenchOrderLine[];
  readonly currency: string;
  readonly totalCents: number;
  readonly coupon: string | null;
}

interface BenchOrderLine {
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly priceCents: number;
  readonly tags: readonly string[];
}

const LINES = 6;
let made = 0;

/** A new order, so that no form profits from encoding the same one again. */
export function nextOrder(): BenchOrder {
  made += 1;
  const lines = Array.from({ length: LINES }, (_, index) => ({
    sku: `SKU-${made % 10_000}-${index}`,
    title: "Notebook, dotted, A5, 120 g, natural",
    quantity: 1 + ((made + index) % 5),
    priceCents: 1295 + index,
    tags: ["paper", "office"],
  }));
  return {
    id: `order-${1_000_000 + made}`,
    placedAt: "2026-11-23T09:30:00.000Z",
    customer: { id: made, name: "Ada Lovelace", email: "ada@example.org", vip: made % 7 === 0 },
    shipTo: { street: "12 St James's Square", city: "London", zip: "SW1Y 4JH", country: "GB" },
    lines,
    currency: "EUR",
    totalCents: lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0),
    coupon: null,
  };
}
