import { Badge, Button, Card, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconMoodSmile } from "@tabler/icons-react";
import { useState } from "react";

import { Conversation } from "@/components/ui/conversation";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorAlert } from "@/components/ui/error-alert";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime, humanize } from "@/lib/format";
import type { StoppedTask } from "@/lib/models";

import { useStoppedTasks } from "../api/get-stopped-tasks";
import { useReopenTask } from "../api/reopen-task";

export function StoppedTasksPage() {
  const projectId = useRouteId("projectId");
  const tasks = useStoppedTasks(projectId);
  return (
    <>
      <PageHeader title="Stopped tasks" text="Many skipped these. Mend the guidelines or say who can do them, then offer them again." />
      <QueryView query={tasks}>
        {({ results }) =>
          results.length ? (
            <Stack>
              {results.map((task) => (
                <StoppedTaskCard key={task.id} projectId={projectId} task={task} />
              ))}
            </Stack>
          ) : (
            <EmptyState icon={IconMoodSmile} title="No task has stopped" text="A task stops when several labelers skip it." />
          )
        }
      </QueryView>
      <LoadMore query={tasks} />
    </>
  );
}

function StoppedTaskCard({ projectId, task }: { projectId: number; task: StoppedTask }) {
  const reopen = useReopenTask(projectId);
  const [needs, setNeeds] = useState({ language: task.language, expertise: task.expertise });
  return (
    <Card withBorder padding="md" data-testid={`stopped-task-${task.id}`}>
      <Group justify="space-between" mb="xs" gap="xs">
        <Text size="sm" c="dimmed">
          {humanize(task.kind)} task {task.id}, stopped {formatTime(task.stopped_at)}
        </Text>
        <Button
          size="xs"
          variant="light"
          loading={reopen.isPending}
          onClick={() => reopen.mutate({ taskId: task.id, ...needs })}
          data-testid={`reopen-${task.id}`}
        >
          Offer it again
        </Button>
      </Group>
      <ErrorAlert error={reopen.error} />
      {task.messages.length > 0 ? <Conversation messages={task.messages} /> : <Text size="sm">{task.brief || "A prompt of the labeler's own."}</Text>}
      <Group gap="sm" mt="sm" grow preventGrowOverflow={false}>
        <TextInput
          size="xs"
          label="Only for people who read"
          placeholder="any language; or a code such as de"
          value={needs.language}
          onChange={(event) => setNeeds({ ...needs, language: event.currentTarget.value })}
          data-testid={`reopen-language-${task.id}`}
        />
        <TextInput
          size="xs"
          label="Only for people who know"
          placeholder="anything; or a tag such as medicine"
          value={needs.expertise}
          onChange={(event) => setNeeds({ ...needs, expertise: event.currentTarget.value })}
          data-testid={`reopen-expertise-${task.id}`}
        />
      </Group>
      <Stack gap={4} mt="sm">
        {task.skips.map(({ reason, note, labeler_name, created_at }) => (
          <Group key={labeler_name + created_at} gap="xs">
            <Badge color="orange" variant="light" radius="sm" tt="none">
              {humanize(reason)}
            </Badge>
            <Text size="sm">{note}</Text>
            <Text size="xs" c="dimmed">
              {labeler_name}, {formatTime(created_at)}
            </Text>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
