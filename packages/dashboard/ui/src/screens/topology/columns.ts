const GAP_PART = 0.06;

export interface Column {
  readonly column: number;
  readonly x: number;
  readonly width: number;
}

export type Columns = Readonly<Record<"topics" | "subscriptions" | "letters", Column>> & {
  readonly services: Column | undefined;
};

/** The places of the columns. Without services, theirs is left out. */
export function columnsOf(width: number, hasServices: boolean): Columns {
  const parts = hasServices ? ([0.16, 0.24, 0.31, 0.11] as const) : ([0, 0.31, 0.43, 0.14] as const);
  const gap = GAP_PART * width;
  let x = 1;
  const [services, topics, subscriptions, letters] = parts.map((part, column) => {
    const placed = { column, x, width: part * width };
    if (part > 0) x += placed.width + gap;
    return placed;
  }) as [Column, Column, Column, Column];
  return { services: hasServices ? services : undefined, topics, subscriptions, letters };
}
