import { Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconShieldSearch } from "@tabler/icons-react";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import { formatCount } from "@/lib/format";
import type { Attack, AttackLists } from "@/lib/models";

import { useAttacks } from "../api/get-attacks";

import { AttackCard } from "./attack-card";
import { AttackTable } from "./attack-table";

const FILTERS = [
  { name: "harm_category", list: "harm_categories", label: "Harm that was sought" },
  { name: "attack_kind", list: "attack_kinds", label: "Kind of attack" },
  { name: "success_level", list: "success_levels", label: "How far the model went" },
] as const;

/** What the red team found: how far the model went for each harm, and every conversation, by its labels. */
export function RedTeamPage() {
  const projectId = useRouteId("projectId");
  const [harm_category, setHarm] = useUrlFilter("harm_category");
  const [attack_kind, setAttack] = useUrlFilter("attack_kind");
  const [success_level, setSuccess] = useUrlFilter("success_level");
  const filters = { harm_category, attack_kind, success_level };
  const setters = { harm_category: setHarm, attack_kind: setAttack, success_level: setSuccess };
  const attacks = useAttacks(projectId, filters);
  return (
    <>
      <PageHeader
        title="Red team"
        text="Conversations in which labelers tried to make the model do what it must not. A finding is a bad reply that its labeler edited into what the model should have said."
      />
      <QueryView
        query={attacks}
        isEmpty={({ pages }) => !pages[0]?.counts.length}
        empty={
          <EmptyState icon={IconShieldSearch} title="No conversation yet" text="Open red-team tasks under Chats; what labelers hand in is listed here." />
        }
      >
        {({ pages: [first, ...others] }) =>
          first && (
            <Stack gap="lg">
              <AttackTable counts={first.counts} lists={first.lists} />
              <SimpleGrid cols={{ base: 1, sm: 3 }}>
                {FILTERS.map(({ name, list, label }) => (
                  <Select
                    key={name}
                    label={label}
                    placeholder="Any"
                    clearable
                    value={filters[name] || null}
                    data={first.lists[list].map((row) => ({ value: row.key, label: row.label }))}
                    onChange={setters[name]}
                    data-testid={`filter-${name}`}
                  />
                ))}
              </SimpleGrid>
              <Conversations projectId={projectId} count={first.count} lists={first.lists} attacks={[first, ...others].flatMap(({ results }) => results)} />
            </Stack>
          )
        }
      </QueryView>
      <LoadMore query={attacks} />
    </>
  );
}

interface ConversationsProps {
  projectId: number;
  count: number;
  lists: AttackLists;
  attacks: Attack[];
}

function Conversations({ projectId, count, lists, attacks }: ConversationsProps) {
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" aria-live="polite" data-testid="attack-count">
        {count === 1 ? "1 conversation" : `${formatCount(count)} conversations`}
      </Text>
      {attacks.map((attack) => (
        <AttackCard key={attack.id} projectId={projectId} attack={attack} lists={lists} />
      ))}
    </Stack>
  );
}
