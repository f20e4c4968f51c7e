import { Alert, Badge, Card, Group, Stack, Text, Title } from "@mantine/core";

import { Conversation } from "@/components/ui/conversation";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRoles } from "@/hooks/use-roles";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";
import type { PromptDetail } from "@/lib/models";

import { usePrompt } from "../api/get-prompt";
import { useRedactPrompt } from "../api/redact-prompt";

import { CompletionCard } from "./completion-card";
import { provenanceText } from "./provenance-text";
import { RankingCard } from "./ranking-card";
import { RedactButton } from "./redact-button";

export function PromptPage() {
  const projectId = useRouteId("projectId");
  const promptId = useRouteId("promptId");
  const prompt = usePrompt(projectId, promptId);
  return <QueryView query={prompt}>{(data) => <PromptView projectId={projectId} prompt={data} />}</QueryView>;
}

function PromptView({ projectId, prompt }: { projectId: number; prompt: PromptDetail }) {
  const redact = useRedactPrompt(projectId, prompt.id);
  const { isManager } = useRoles(projectId);
  return (
    <>
      <PageHeader
        title={`Prompt ${prompt.external_id.startsWith("sha256:") ? prompt.id : prompt.external_id}`}
        text={[prompt.origin, prompt.contributor && `by ${prompt.contributor}`, formatTime(prompt.created_at)]
          .filter(Boolean)
          .join(", ")}
        trail={[{ label: "Prompts", to: `/projects/${projectId}/prompts` }]}
      >
        <Badge variant="default" tt="none" radius="sm">
          {prompt.split}
        </Badge>
        {isManager && !prompt.is_redacted && (
          <RedactButton
            title="Redact this prompt"
            question="Its text and everything written for it are removed for good. The rows and counts stay."
            onRedact={redact.mutateAsync}
            data-testid="prompt-redact"
          />
        )}
      </PageHeader>
      <Stack gap="xl">
        {prompt.is_redacted && <Alert color="gray">The text of this prompt was redacted.</Alert>}
        <Conversation messages={prompt.messages} />
        <Section title="Completions" count={prompt.completions.length}>
          {prompt.completions.map((completion, index) => (
            <CompletionCard
              key={completion.id}
              projectId={projectId}
              completion={completion}
              number={index + 1}
              canRedact={isManager}
            />
          ))}
        </Section>
        <Section title="Rankings" count={prompt.rankings.length}>
          {prompt.rankings.map((ranking) => (
            <RankingCard key={ranking.id} ranking={ranking} completions={prompt.completions} />
          ))}
        </Section>
        <Section title="Demonstrations" count={prompt.demonstrations.length}>
          {prompt.demonstrations.map((demonstration) => (
            <Card key={demonstration.id} withBorder padding="md">
              <Group justify="space-between" mb="xs">
                <Text size="sm" fw={500}>
                  {demonstration.labeler_name || "Imported"}
                </Text>
                <Text size="xs" c="dimmed">
                  {[formatTime(demonstration.created_at), !demonstration.is_counted && "not counted", provenanceText(demonstration)]
                    .filter(Boolean)
                    .join(", ")}
                </Text>
              </Group>
              <Conversation messages={demonstration.messages.slice(prompt.messages.length)} />
            </Card>
          ))}
        </Section>
      </Stack>
    </>
  );
}

function Section({ title, count, children }: { title: string; count: number; children: React.ReactNode }) {
  return (
    <Stack gap="sm" component="section" aria-label={title}>
      <Group gap="xs">
        <Title order={2} size="h4">
          {title}
        </Title>
        <Text c="dimmed">{count}</Text>
      </Group>
      {count === 0 ? (
        <Text size="sm" c="dimmed">
          None yet.
        </Text>
      ) : (
        children
      )}
    </Stack>
  );
}
