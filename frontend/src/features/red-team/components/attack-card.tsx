import { Anchor, Badge, Card, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import { Conversation } from "@/components/ui/conversation";
import { formatTime, humanize } from "@/lib/format";
import type { Attack, AttackLists } from "@/lib/models";

interface AttackCardProps {
  projectId: number;
  attack: Attack;
  lists: AttackLists;
}

function counted(num: number, one: string): string {
  return `${num} ${one}${num === 1 ? "" : "s"}`;
}

/** One conversation: its labels, how it began, and the whole of it on request. */
export function AttackCard({ projectId, attack, lists }: AttackCardProps) {
  const { messages, num_turns, num_findings, labeler_name, created_at, is_counted, notes, brief, last_prompt } = attack;
  const nameOf = (list: keyof AttackLists, key: string) => lists[list].find((row) => row.key === key)?.label ?? humanize(key);
  const hasResisted = attack.success_level === lists.success_levels[0]?.key;
  return (
    <Card withBorder padding="md" data-testid={`attack-${attack.id}`}>
      <Group gap={6} mb="xs">
        <Badge color={hasResisted ? "teal" : "red"} variant="light" radius="sm" tt="none">
          {nameOf("success_levels", attack.success_level)}
        </Badge>
        <Badge variant="default" radius="sm" tt="none">
          {nameOf("harm_categories", attack.harm_category)}
        </Badge>
        <Badge variant="default" radius="sm" tt="none">
          {nameOf("attack_kinds", attack.attack_kind)}
        </Badge>
      </Group>
      <Text size="sm" lineClamp={2} style={{ overflowWrap: "anywhere" }}>
        {messages[0]?.content}
      </Text>
      {notes && (
        <Text size="sm" mt="xs">
          {labeler_name}: {notes}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt="xs">
        {[
          labeler_name,
          formatTime(created_at),
          counted(num_turns, "turn"),
          num_findings > 0 && counted(num_findings, "finding"),
          !is_counted && "not counted",
        ]
          .filter(Boolean)
          .join(", ")}
      </Text>
      <details>
        <Text component="summary" size="sm" mt="xs" style={{ cursor: "pointer" }}>
          The conversation
        </Text>
        {brief && (
          <Text size="sm" c="dimmed" my="xs">
            Asked for: {brief}
          </Text>
        )}
        <Conversation messages={messages} />
        <Anchor component={Link} to={`/projects/${projectId}/prompts/${last_prompt}`} size="sm" mt="xs" display="inline-block" underline="always">
          The last two replies, and what was made of them
        </Anchor>
      </details>
    </Card>
  );
}
