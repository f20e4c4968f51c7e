import { NumberInput, SimpleGrid, Stack, Text, Title } from "@mantine/core";

import { ErrorAlert } from "@/components/ui/error-alert";
import { QueryView } from "@/components/ui/query-view";
import { humanize } from "@/lib/format";
import type { Weights } from "@/lib/models";

import { useSetWeights, useWeights } from "../api/weights";

/** Which kind of work labelers get first. Takes effect at once, also for what is open. */
export function WeightsForm({ projectId }: { projectId: number }) {
  const weights = useWeights(projectId);
  const change = useSetWeights(projectId);
  return (
    <Stack maw={560} mt="xl" component="section" gap="sm">
      <div>
        <Title order={2} size="h4">
          What is handed out first
        </Title>
        <Text size="sm" c="dimmed">
          The kind of work with the highest number comes first; of equal ones the older task. Evaluation lets a round end, so it
          leads.
        </Text>
      </div>
      <QueryView query={weights}>
        {(data) => (
          <SimpleGrid cols={{ base: 2, sm: 4 }}>
            {(Object.entries(data) as [keyof Weights, number][]).map(([work, weight]) => (
              <NumberInput
                key={`${work}-${weight}`}
                label={humanize(work)}
                min={1}
                max={9}
                clampBehavior="strict"
                allowDecimal={false}
                defaultValue={weight}
                onBlur={(event) => {
                  const wanted = Number(event.currentTarget.value);
                  if (wanted >= 1 && wanted !== weight) change.mutate({ [work]: wanted });
                }}
                data-testid={`weight-${work}`}
              />
            ))}
          </SimpleGrid>
        )}
      </QueryView>
      <ErrorAlert error={change.error} />
    </Stack>
  );
}
