import { Alert, Button, Center, Loader, Stack } from "@mantine/core";
import { IconMoodSmile } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { useRouteId } from "@/hooks/use-route-id";
import { useSession } from "@/lib/queries/get-session";

import { useLabelingSummary } from "../api/get-labeling-summary";
import { useTaskQueue } from "../hooks/use-task-queue";
import { GuidelineGate } from "./guideline-gate";
import { TaskView } from "./task-view";
import { WaitingForOthers } from "./waiting-for-others";

function WaitingNow({ projectId }: { projectId: number }) {
  const summary = useLabelingSummary(projectId);
  return <WaitingForOthers waiting={summary.data?.waiting_for_others ?? []} />;
}

export function TaskPage() {
  const projectId = useRouteId("projectId");
  const userId = useSession().data?.user?.id ?? 0;
  const queue = useTaskQueue(projectId);
  const { status, task, error } = queue;

  if (task) {
    return <TaskView key={task.assignment.place.id + task.assignment.place.lease_token} {...{ projectId, userId, task, queue }} />;
  }
  if (status === "failed") {
    return (
      <Alert color="red" variant="light" title="No task could be fetched" role="alert">
        <Stack align="flex-start" gap="sm">
          {error?.message}
          <Button size="xs" variant="default" onClick={() => void queue.load()}>
            Try again
          </Button>
        </Stack>
      </Alert>
    );
  }
  if (status === "unread") return <GuidelineGate projectId={projectId} onRead={queue.load} />;
  if (status === "empty" && queue.busy.length === 0) {
    return (
      <div data-testid="nothing-open">
        <EmptyState icon={IconMoodSmile} title="Nothing is open right now" text="You have done all there is. New tasks come when the round moves on.">
          <Button onClick={() => void queue.load()} variant="light">
            Look again
          </Button>
          <Button component={Link} to={`/projects/${projectId}/labeling`} variant="subtle">
            Back
          </Button>
          <WaitingNow projectId={projectId} />
        </EmptyState>
      </div>
    );
  }
  return (
    <Center mih={240} role="status" aria-label="Fetching a task">
      <Loader type="dots" />
    </Center>
  );
}
