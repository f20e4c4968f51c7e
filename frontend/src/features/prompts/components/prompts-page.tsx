import { Anchor, Badge, Button, Group, SegmentedControl, Table, Text } from "@mantine/core";
import { IconMessages } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { SearchField } from "@/components/ui/search-field";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatCount } from "@/lib/format";
import type { Prompt, Split } from "@/lib/models";

import { usePrompts } from "../api/get-prompts";

const SPLITS = [
  { value: "", label: "All" },
  { value: "train", label: "Train" },
  { value: "validation", label: "Validation" },
  { value: "test", label: "Test" },
];

export function PromptsPage() {
  const projectId = useRouteId("projectId");
  const [search, setSearch] = useUrlFilter("search");
  const [split, setSplit] = useUrlFilter("split");
  const prompts = usePrompts(projectId, { ...(search && { search }), ...(split && { split: [split as Split] }) });
  const count = prompts.data?.pages[0]?.count;
  return (
    <>
      <PageHeader
        title="Prompts"
        text={
          count !== undefined ? `${formatCount(count)} prompts` : "Input conversations, with what was written for them."
        }
      />
      <Group mb="md">
        <SearchField label="Search the text" value={search} onChange={setSearch} />
        <SegmentedControl data={SPLITS} value={split} onChange={setSplit} aria-label="Split" />
      </Group>
      <QueryView
        query={prompts}
        isEmpty={({ pages }) => !pages[0]?.results.length}
        empty={
          <EmptyState
            icon={IconMessages}
            title={search || split ? "No prompt matches" : "No prompt yet"}
            text={search || split ? "Try other words or another split." : "Import a file of prompts to begin."}
          >
            {!search && !split && (
              <Button component={Link} to={`/projects/${projectId}/imports`}>
                Import prompts
              </Button>
            )}
          </EmptyState>
        }
      >
        {({ pages }) => (
          <Table highlightOnHover verticalSpacing="sm" layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Prompt</Table.Th>
                <Table.Th w={110}>Split</Table.Th>
                <Table.Th w={140} visibleFrom="sm">
                  Contributor
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages
                .flatMap(({ results }) => results)
                .map((prompt) => (
                  <PromptRow key={prompt.id} prompt={prompt} />
                ))}
            </Table.Tbody>
          </Table>
        )}
      </QueryView>
      <LoadMore query={prompts} />
    </>
  );
}

function PromptRow({ prompt }: { prompt: Prompt }) {
  const last = prompt.messages[prompt.messages.length - 1];
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={String(prompt.id)} lineClamp={2} size="sm" style={{ overflowWrap: "anywhere" }}>
          {prompt.is_redacted ? "(redacted)" : last?.content}
        </Anchor>
        {prompt.messages.length > 1 && (
          <Text size="xs" c="dimmed">
            {prompt.messages.length} messages
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Badge variant="default" tt="none" radius="sm">
          {prompt.split}
        </Badge>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm" c="dimmed" truncate>
          {prompt.contributor}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
