import { Alert, Text } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";

import type { PromptStyle } from "@/lib/models";

const TEXTS: Record<Exclude<PromptStyle, "given">, { title: string; text: string }> = {
  plain: {
    title: "Write a request of your own, and its answer",
    text: "Any task that somebody could ask for. Make it unlike what you wrote before.",
  },
  few_shot: {
    title: "Write an instruction, with several requests and answers",
    text: "The instruction holds for every request below it. Two requests at the least; each answer shows how it is done.",
  },
  use_case: { title: "Write a request for this use case, and its answer", text: "" },
};

/** What to write where no prompt is given. */
export function Brief({ style, brief }: { style: PromptStyle; brief: string }) {
  if (style === "given") return null;
  const { title, text } = TEXTS[style];
  return (
    <Alert variant="light" icon={<IconPencil size={18} />} title={title} mb="sm" data-testid="brief" data-style={style}>
      <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>
        {text || brief}
      </Text>
    </Alert>
  );
}
