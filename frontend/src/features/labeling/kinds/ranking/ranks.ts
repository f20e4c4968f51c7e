/** The order that a labeler gives. A rank is 1 for the best; equal ranks are ties; a completion without a rank is not placed yet. */
export type Ranks = Readonly<Record<number, number>>;

export function rankOf(ranks: Ranks, id: number): number | null {
  return ranks[id] ?? null;
}

/** Puts the completion into a row; whoever is there already ties with it. */
export function rankSet(ranks: Ranks, id: number, rank: number): Ranks {
  return { ...ranks, [id]: rank };
}

export function rankClear(ranks: Ranks, id: number): Ranks {
  const { [id]: _, ...rest } = ranks;
  return rest;
}

/** Rows without holes: 2, 2, 5 becomes 1, 1, 2. */
export function ranksDense(ranks: Ranks): Ranks {
  const order = [...new Set(Object.values(ranks))].sort((a, b) => a - b);
  return Object.fromEntries(Object.entries(ranks).map(([id, rank]) => [id, order.indexOf(rank) + 1]));
}

/** Puts the completion alone between two rows: before `row`, which moves down with all below it. */
export function rankInsert(ranks: Ranks, id: number, row: number, numRows: number): Ranks {
  const others = rankClear(ranks, id);
  const moved = Object.fromEntries(Object.entries(others).map(([other, rank]) => [other, rank >= row ? rank + 1 : rank]));
  const placed: Ranks = { ...moved, [id]: row };
  return Math.max(...Object.values(placed)) > numRows ? ranksDense(placed) : placed;
}

/** Ties with the nearest better row; a completion not placed yet joins the worst row. */
export function rankTie(ranks: Ranks, id: number): Ranks {
  const mine = ranks[id] ?? Infinity;
  const better = Object.values(rankClear(ranks, id)).filter((rank) => rank < mine);
  return better.length ? rankSet(ranks, id, Math.max(...better)) : ranks;
}

/** One row up (-1) or down (+1). */
export function rankMove(ranks: Ranks, id: number, step: -1 | 1, numRows: number): Ranks {
  const mine = ranks[id];
  if (mine === undefined) return rankSet(ranks, id, step < 0 ? 1 : numRows);
  return rankSet(ranks, id, Math.min(Math.max(mine + step, 1), numRows));
}

export function idsInRow(ranks: Ranks, shown: number[], row: number): number[] {
  return shown.filter((id) => ranks[id] === row);
}

export function idsUnplaced(ranks: Ranks, shown: number[]): number[] {
  return shown.filter((id) => ranks[id] === undefined);
}

/** Position 0 is shown as A. */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

/** "B > A = C": the order in words, best first. */
export function orderText(ranks: Ranks, shown: number[]): string {
  const rows = [...new Set(shown.map((id) => ranks[id]).filter((rank) => rank !== undefined))].sort((a, b) => a - b);
  return rows.map((row) => idsInRow(ranks, shown, row).map((id) => letterOf(shown.indexOf(id))).join(" = ")).join(" > ");
}

/** The order that ratings give: the highest first, equal ones tied. Null unless every completion is rated. */
export function ranksByRating(shown: number[], ratingOf: (id: number) => number | undefined): Ranks | null {
  const rated = shown.map((id) => [id, ratingOf(id)] as const);
  if (rated.some(([, rating]) => rating === undefined)) return null;
  const highestFirst = [...new Set(rated.map(([, rating]) => rating as number))].sort((a, b) => b - a);
  return Object.fromEntries(rated.map(([id, rating]) => [id, highestFirst.indexOf(rating as number) + 1]));
}
