import { Card, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";

import { CheckpointSelect } from "@/components/ui/checkpoint-select";
import { Conversation } from "@/components/ui/conversation";
import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import type { CheckpointRole, ComparedPrompt, Completion } from "@/lib/models";

import { useComparison } from "../api/get-comparison";

const ROLES: CheckpointRole[] = ["base", "policy"];

export function ComparePage() {
  const projectId = useRouteId("projectId");
  const [a, setA] = useUrlFilter("a");
  const [b, setB] = useUrlFilter("b");
  return (
    <>
      <PageHeader title="Compare" text="What two checkpoints wrote for the same prompts, side by side." />
      <SimpleGrid cols={{ base: 1, sm: 2 }} mb="lg">
        <CheckpointSelect projectId={projectId} label="A" roles={ROLES} value={a} onChange={setA} />
        <CheckpointSelect projectId={projectId} label="B" roles={ROLES} value={b} onChange={setB} />
      </SimpleGrid>
      {a && b ? (
        <Comparison key={`${a}-${b}`} projectId={projectId} a={Number(a)} b={Number(b)} />
      ) : (
        <EmptyState
          icon={IconArrowsDiff}
          title="Choose two checkpoints"
          text="Prompts for which both have completions are shown here."
        />
      )}
    </>
  );
}

function Comparison({ projectId, a, b }: { projectId: number; a: number; b: number }) {
  const comparison = useComparison(projectId, { a, b });
  return (
    <>
      <QueryView
        query={comparison}
        isEmpty={({ pages }) => !pages[0]?.results.length}
        empty={
          <EmptyState
            icon={IconArrowsDiff}
            title="No prompt in common"
            text="These two have not written for the same prompt. A sampling run with both policies makes such pairs."
          />
        }
      >
        {({ pages }) => (
          <Stack gap="lg">
            {pages
              .flatMap(({ results }) => results)
              .map((row) => (
                <ComparedCard key={row.prompt.id} row={row} />
              ))}
          </Stack>
        )}
      </QueryView>
      <LoadMore query={comparison} />
    </>
  );
}

function ComparedCard({ row }: { row: ComparedPrompt }) {
  return (
    <Card withBorder padding="md">
      <Stack>
        <Conversation messages={row.prompt.messages} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Texts label="A" completions={row.a} />
          <Texts label="B" completions={row.b} />
        </SimpleGrid>
      </Stack>
    </Card>
  );
}

function Texts({ label, completions }: { label: string; completions: Completion[] }) {
  return (
    <Stack gap="xs">
      <Text size="xs" fw={700} c="dimmed">
        {label}
      </Text>
      {completions.map(({ id, text, temperature }) => (
        <Card key={id} withBorder padding="sm" title={`Temperature ${temperature}`}>
          <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {text || "(empty)"}
          </Text>
        </Card>
      ))}
    </Stack>
  );
}
