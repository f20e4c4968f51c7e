import { List, Stack, Text } from "@mantine/core";

import { useTexts } from "@/lib/language";

/** What is recorded while somebody writes, why, and who sees it. */
export function NoticeText({ asksAiUse }: { asksAiUse: boolean }) {
  const { notice } = useTexts();
  return (
    <Stack gap="sm">
      <Text size="sm">{notice.why}</Text>
      <List size="sm" spacing={4}>
        {notice.recorded.map((text) => (
          <List.Item key={text}>{text}</List.Item>
        ))}
      </List>
      <Text size="sm">{notice.never}</Text>
      <Text size="sm">{notice.who}</Text>
      {asksAiUse && <Text size="sm">{notice.asksAi}</Text>}
    </Stack>
  );
}
