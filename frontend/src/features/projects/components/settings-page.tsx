import { Button, Group, NumberInput, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import type { Project } from "@/lib/models";

import { useProject } from "../api/get-project";
import { useUpdateProject } from "../api/update-project";

import { WeightsForm } from "./weights-form";

export function SettingsPage() {
  const projectId = useRouteId("projectId");
  const project = useProject(projectId);
  return (
    <>
      <PageHeader title="Settings" text="What the project is called, how labelers work in it, and what they get first." />
      <QueryView query={project}>{(data) => <SettingsForm key={data.id} project={data} />}</QueryView>
      <WeightsForm projectId={projectId} />
    </>
  );
}

function SettingsForm({ project }: { project: Project }) {
  const update = useUpdateProject(project.id);
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  const [minutes, setMinutes] = useState(project.lease_seconds / 60);
  const [asksAiUse, setAsksAiUse] = useState(project.asks_ai_use);
  const [repeats, setRepeats] = useState({
    percent: project.repeat_share * 100,
    hours: project.repeat_after_hours,
    answers: project.repeat_after_answers,
  });
  const [isArchived, setIsArchived] = useState(project.is_archived);
  return (
    <Stack
      component="form"
      maw={560}
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate(
          {
            name,
            description,
            lease_seconds: Math.round(minutes * 60),
            is_archived: isArchived,
            asks_ai_use: asksAiUse,
            repeat_share: repeats.percent / 100,
            repeat_after_hours: repeats.hours,
            repeat_after_answers: repeats.answers,
          },
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
      <Stack gap={4} component="fieldset" m={0} p={0} style={{ border: 0 }}>
        <Text component="legend" size="sm" fw={500}>
          Rankings and pairs that a labeler meets again
        </Text>
        <Text size="xs" c="dimmed">
          In another order, after so many hours and so many other answers, to see how far people agree with themselves. They enter no dataset.
        </Text>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <NumberInput
            label="Share"
            suffix=" %"
            min={0}
            max={50}
            clampBehavior="strict"
            value={repeats.percent}
            onChange={(value) => setRepeats({ ...repeats, percent: Number(value) })}
            data-testid="repeat-share"
          />
          <NumberInput
            label="After (hours)"
            min={1}
            max={720}
            allowDecimal={false}
            value={repeats.hours}
            onChange={(value) => setRepeats({ ...repeats, hours: Number(value) })}
          />
          <NumberInput
            label="After (answers)"
            min={0}
            max={1000}
            allowDecimal={false}
            value={repeats.answers}
            onChange={(value) => setRepeats({ ...repeats, answers: Number(value) })}
          />
        </SimpleGrid>
      </Stack>
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
