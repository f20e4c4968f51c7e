import { Button, Group, NumberInput, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import type { Project } from "@/lib/models";

import { useProject } from "../api/get-project";
import { useUpdateProject } from "../api/update-project";

export function SettingsPage() {
  const projectId = useRouteId("projectId");
  const project = useProject(projectId);
  return (
    <>
      <PageHeader title="Settings" text="What the project is called and how long a labeler may hold a task." />
      <QueryView query={project}>{(data) => <SettingsForm key={data.id} project={data} />}</QueryView>
    </>
  );
}

function SettingsForm({ project }: { project: Project }) {
  const update = useUpdateProject(project.id);
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  const [minutes, setMinutes] = useState(project.lease_seconds / 60);
  const [asksAiUse, setAsksAiUse] = useState(project.asks_ai_use);
  const [isArchived, setIsArchived] = useState(project.is_archived);
  return (
    <Stack
      component="form"
      maw={560}
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate(
          { name, description, lease_seconds: Math.round(minutes * 60), is_archived: isArchived, asks_ai_use: asksAiUse },
          { onSuccess: () => notifications.show({ message: "Settings saved.", color: "teal" }) },
        );
      }}
    >
      <TextInput
        label="Name"
        required
        maxLength={128}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label="Description"
        autosize
        minRows={3}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <NumberInput
        label="Lease, in minutes"
        description="A task not answered in this time is offered to others; the draft is kept."
        min={0.5}
        max={1440}
        value={minutes}
        onChange={(value) => setMinutes(Number(value))}
      />
      <Switch
        label="Ask whether AI helped"
        description="Labelers say so of each answer as they submit it. They are told before their first task what is recorded."
        checked={asksAiUse}
        onChange={(event) => setAsksAiUse(event.currentTarget.checked)}
        data-testid="asks-ai-use"
      />
      <Switch
        label="Archived"
        description="No work is handed out and no round starts."
        checked={isArchived}
        onChange={(event) => setIsArchived(event.currentTarget.checked)}
      />
      <ErrorAlert error={update.error} />
      <Group>
        <Button type="submit" loading={update.isPending} disabled={!name.trim() || minutes < 0.5}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}
