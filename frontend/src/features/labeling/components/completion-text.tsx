import { Text } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";

export function CompletionText({ text }: { text: string }) {
  return text.trim() ? <Markdown text={text} /> : <Text c="dimmed">(an empty completion)</Text>;
}
