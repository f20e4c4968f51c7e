import { Text } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";
import { useTexts } from "@/lib/language";

export function CompletionText({ text }: { text: string }) {
  const { task } = useTexts();
  return text.trim() ? <Markdown text={text} /> : <Text c="dimmed">{task.emptyCompletion}</Text>;
}
