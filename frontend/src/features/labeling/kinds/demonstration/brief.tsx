import { Alert, Text } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";

import { useTexts } from "@/lib/language";
import type { PromptStyle } from "@/lib/models";

/** What to write where no prompt is given. */
export function Brief({ style, brief }: { style: PromptStyle; brief: string }) {
  const { briefs } = useTexts().kinds.demonstration;
  if (style === "given") return null;
  const { title, text } = briefs[style];
  return (
    <Alert variant="light" icon={<IconPencil size={18} />} title={title} mb="sm" data-testid="brief" data-style={style}>
      <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>
        {text || brief}
      </Text>
    </Alert>
  );
}
