import { SimpleGrid, Stack, Text } from "@mantine/core";

import { QueryView } from "@/components/ui/query-view";
import { WinRate } from "@/components/ui/win-rate";
import type { Evaluation } from "@/lib/models";

import { useRoundEvaluations } from "../api/get-round-evaluations";

interface StageEvaluationsProps {
  projectId: number;
  number: number;
}

function byPair(evaluations: Evaluation[]): Map<string, Evaluation[]> {
  const pairs = new Map<string, Evaluation[]>();
  for (const evaluation of evaluations) {
    const key = `${evaluation.a.name} against ${evaluation.b.name}`;
    pairs.set(key, [...(pairs.get(key) ?? []), evaluation]);
  }
  return pairs;
}

export function StageEvaluations({ projectId, number }: StageEvaluationsProps) {
  const evaluations = useRoundEvaluations(projectId, number);
  return (
    <QueryView query={evaluations} isEmpty={({ results }) => results.length === 0} empty={null}>
      {({ results }) => (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
          {[...byPair(results)].map(([pair, rows]) => (
            <Stack key={pair} gap="sm">
              <Text size="sm" c="dimmed">
                {pair}
              </Text>
              {rows.map((evaluation) => (
                <WinRate key={evaluation.id} evaluation={evaluation} />
              ))}
            </Stack>
          ))}
        </SimpleGrid>
      )}
    </QueryView>
  );
}
