import { List, Text } from "@mantine/core";

import { languageName } from "@/lib/language-name";
import type { Needs } from "@/lib/task-models";

function sentence({ language, expertise, num_tasks }: Needs): string {
  const asked = [language && `read ${languageName(language)}`, expertise && `know ${expertise.replaceAll("_", " ")}`].filter(Boolean).join(" and ");
  return num_tasks === 1 ? `1 task waits for people who ${asked}` : `${num_tasks} tasks wait for people who ${asked}`;
}

/** Open tasks that ask for what this labeler does not have: so that nobody wonders why the round goes on without them. */
export function WaitingForOthers({ waiting }: { waiting: Needs[] }) {
  if (waiting.length === 0) return null;
  return (
    <div data-testid="waiting-for-others">
      <List size="sm" c="dimmed" withPadding={false} listStyleType="none">
        {waiting.map((needs) => (
          <List.Item key={`${needs.language}+${needs.expertise}`}>{sentence(needs)}</List.Item>
        ))}
      </List>
      <Text size="sm" c="dimmed">
        If that is you, ask a manager to add it under People.
      </Text>
    </div>
  );
}
