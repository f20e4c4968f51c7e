import { Button, Card, Grid, Group, NavLink, Stack, Tabs, Text, Textarea } from "@mantine/core";
import { IconBook, IconPlus } from "@tabler/icons-react";
import { useState } from "react";

import { EmptyState } from "@/components/ui/empty-state";
import { ErrorAlert } from "@/components/ui/error-alert";
import { Markdown } from "@/components/ui/markdown";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatTime } from "@/lib/format";
import type { GuidelineVersion } from "@/lib/models";

import { useCreateGuideline } from "../api/create-guideline";
import { useGuidelines } from "../api/get-guidelines";

export function GuidelinesPage() {
  const projectId = useRouteId("projectId");
  const guidelines = useGuidelines(projectId);
  const [isEditing, setIsEditing] = useState(false);
  const newest = guidelines.data?.results.reduce<GuidelineVersion | undefined>(
    (best, version) => (!best || version.number > best.number ? version : best),
    undefined,
  );
  const write = !isEditing && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setIsEditing(true)} data-testid="guideline-new">
      New version
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Guidelines"
        text="A version is never edited: every answer names the one it was given under. New tasks use the newest."
      >
        {write}
      </PageHeader>
      {isEditing ? (
        <GuidelineEditor projectId={projectId} start={newest?.text ?? ""} onDone={() => setIsEditing(false)} />
      ) : (
        <QueryView
          query={guidelines}
          isEmpty={({ results }) => results.length === 0}
          empty={
            <EmptyState
              icon={IconBook}
              title="No guideline yet"
              text="Say what a good answer is, in what order helpful, harmless and honest count, and what to skip."
            >
              {write}
            </EmptyState>
          }
        >
          {({ results }) => <GuidelineReader versions={results} />}
        </QueryView>
      )}
    </>
  );
}

function GuidelineReader({ versions }: { versions: GuidelineVersion[] }) {
  const [number, setNumber] = useUrlFilter("version");
  const ordered = [...versions].sort((a, b) => b.number - a.number);
  const shown = ordered.find((version) => String(version.number) === number) ?? ordered[0];
  return (
    <Grid>
      <Grid.Col span={{ base: 12, sm: 4, md: 3 }}>
        {ordered.map((version) => (
          <NavLink
            key={version.id}
            component="button"
            label={`Version ${version.number}`}
            description={formatTime(version.created_at)}
            active={version.id === shown?.id}
            onClick={() => setNumber(String(version.number))}
          />
        ))}
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 8, md: 9 }}>
        <Card withBorder padding="lg">
          {shown && <Markdown text={shown.text} />}
        </Card>
      </Grid.Col>
    </Grid>
  );
}

interface GuidelineEditorProps {
  projectId: number;
  start: string;
  onDone: () => void;
}

function GuidelineEditor({ projectId, start, onDone }: GuidelineEditorProps) {
  const create = useCreateGuideline(projectId);
  const [text, setText] = useState(start);
  return (
    <Stack>
      <Tabs defaultValue="write" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="write">Write</Tabs.Tab>
          <Tabs.Tab value="preview">Preview</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="write" pt="sm">
          <Textarea
            aria-label="Text of the guideline, in markdown"
            autosize
            minRows={14}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            data-testid="guideline-text"
          />
        </Tabs.Panel>
        <Tabs.Panel value="preview" pt="sm">
          <Card withBorder padding="lg">
            {text.trim() ? <Markdown text={text} /> : <Text c="dimmed">Nothing written yet.</Text>}
          </Card>
        </Tabs.Panel>
      </Tabs>
      <ErrorAlert error={create.error} />
      <Group>
        <Button
          loading={create.isPending}
          disabled={!text.trim() || text === start}
          onClick={() => create.mutate({ text }, { onSuccess: onDone })}
        >
          Save as new version
        </Button>
        <Button variant="default" onClick={onDone}>
          Go back
        </Button>
      </Group>
    </Stack>
  );
}
