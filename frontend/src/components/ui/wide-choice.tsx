import { SegmentedControl, useMatches, type SegmentedControlProps } from "@mantine/core";

/** A choice between phrases rather than words: side by side where there is room, one under the other on a phone. */
export function WideChoice(props: SegmentedControlProps<string>) {
  const orientation = useMatches<"vertical" | "horizontal">({ base: "vertical", sm: "horizontal" });
  return <SegmentedControl w={{ base: "100%", sm: "fit-content" }} orientation={orientation} {...props} />;
}
