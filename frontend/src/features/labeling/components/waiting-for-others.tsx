import { List, Text } from "@mantine/core";

import { useLanguage, useTexts } from "@/lib/language";
import { languageName } from "@/lib/language-name";
import type { Needs } from "@/lib/task-models";

/** Open tasks that ask for what this labeler does not have: so that nobody wonders why the round goes on without them. */
export function WaitingForOthers({ waiting }: { waiting: Needs[] }) {
  const { home } = useTexts();
  const { language: mine } = useLanguage();
  if (waiting.length === 0) return null;
  return (
    <div data-testid="waiting-for-others">
      <List size="sm" c="dimmed" withPadding={false} listStyleType="none">
        {waiting.map(({ language, expertise, num_tasks }) => (
          <List.Item key={`${language}+${expertise}`}>
            {home.waitingFor(num_tasks, language && languageName(language, mine), expertise.replaceAll("_", " "))}
          </List.Item>
        ))}
      </List>
      <Text size="sm" c="dimmed">
        {home.askManager}
      </Text>
    </div>
  );
}
