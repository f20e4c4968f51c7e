import { Badge } from "@mantine/core";

const COLORS: Record<string, string> = {
  queued: "gray",
  waiting: "gray",
  submitted: "cyan",
  frozen: "cyan",
  running: "blue",
  done: "teal",
  sealed: "teal",
  published: "teal",
  registered: "indigo",
  failed: "red",
  refused: "red",
  cancelled: "gray",
  skipped: "gray",
  retired: "gray",
  approved: "teal",
  rejected: "orange",
};

/** A state as a coloured word; the word, never the colour alone, carries the meaning. */
export function StateBadge({ state }: { state: string }) {
  const color = COLORS[state] ?? "gray";
  return (
    <Badge color={color} variant={color === "gray" ? "default" : "light"} radius="sm" tt="none" miw="max-content">
      {state}
    </Badge>
  );
}
