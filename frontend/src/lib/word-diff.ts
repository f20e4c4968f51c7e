/** What became of a run of words between two texts. */
export interface DiffPart {
  kind: "same" | "removed" | "added";
  text: string;
}

const MAX_CELLS = 16_000_000; // beyond this the changed middle is shown as replaced, which stays quick

/** Words, blanks and marks, which together are the text. */
function tokensOf(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_'-]+|[^\s\p{L}\p{N}_'-]/gu) ?? [];
}

/** For each pair of positions, the length of the longest common run of tokens from there on. */
function commonLengths(a: string[], b: string[]): Uint16Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = lengths[i] as Uint16Array;
    const below = lengths[i + 1] as Uint16Array;
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? (below[j + 1] as number) + 1 : Math.max(below[j] as number, row[j + 1] as number);
    }
  }
  return lengths;
}

function middleDiff(a: string[], b: string[]): DiffPart[] {
  const parts: DiffPart[] = [];
  if (a.length * b.length > MAX_CELLS) {
    return [
      { kind: "removed", text: a.join("") },
      { kind: "added", text: b.join("") },
    ];
  }
  const lengths = commonLengths(a, b);
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      parts.push({ kind: "same", text: a[i] ?? "" });
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) {
      parts.push({ kind: "removed", text: a[i] ?? "" });
      i += 1;
    } else {
      parts.push({ kind: "added", text: b[j] ?? "" });
      j += 1;
    }
  }
  return parts;
}

/** The way from one text to another, word by word. Same and removed parts make the first text, same and added the second. */
export function wordDiff(before: string, after: string): DiffPart[] {
  const [a, b] = [tokensOf(before), tokensOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const parts: DiffPart[] = [
    { kind: "same", text: a.slice(0, start).join("") },
    ...middleDiff(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    { kind: "same", text: a.slice(a.length - end).join("") },
  ];
  return parts.reduce<DiffPart[]>((joined, part) => {
    const last = joined[joined.length - 1];
    if (!part.text) return joined;
    if (last?.kind === part.kind) last.text += part.text;
    else joined.push({ ...part });
    return joined;
  }, []);
}
