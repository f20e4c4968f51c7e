import { wordDiff } from "@/lib/word-diff";
import { useMemo } from "react";

import classes from "./word-diff.module.css";

/** Two texts as one: what only the first has is struck out, what only the second has is underlined. Not by colour alone. */
export function WordDiff({ before, after }: { before: string; after: string }) {
  const parts = useMemo(() => wordDiff(before, after), [before, after]);
  return (
    <div className={classes.diff} data-testid="word-diff">
      {parts.map(({ kind, text }, index) => {
        if (kind === "removed") return <del key={index}>{text}</del>;
        if (kind === "added") return <ins key={index}>{text}</ins>;
        return <span key={index}>{text}</span>;
      })}
    </div>
  );
}
