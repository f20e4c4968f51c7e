import { Group, Stack, Text } from "@mantine/core";

import { ConfirmButton } from "@/components/ui/confirm-button";
import { QueryView } from "@/components/ui/query-view";
import { formatTime } from "@/lib/format";

import { useDeleteToken } from "../api/delete-token";
import { useTokens } from "../api/get-tokens";

export function TokenList() {
  const tokens = useTokens();
  const remove = useDeleteToken();
  const empty = (
    <Text size="sm" c="dimmed">
      You have no tokens.
    </Text>
  );
  return (
    <QueryView query={tokens} isEmpty={({ results }) => results.length === 0} empty={empty}>
      {({ results }) => (
        <Stack gap={0}>
          {results.map((token) => (
            <Group key={token.id} justify="space-between" py="xs" wrap="nowrap" data-testid={`token-${token.id}`}>
              <div>
                <Text size="sm" fw={500}>
                  {token.name}
                </Text>
                <Text size="xs" c="dimmed">
                  {token.scopes.join(", ")} · made {formatTime(token.created_at)} ·{" "}
                  {token.last_used_at ? `last used ${formatTime(token.last_used_at)}` : "never used"}
                </Text>
              </div>
              <ConfirmButton
                size="compact-sm"
                miw="max-content"
                variant="light"
                color="red"
                title={`Revoke "${token.name}"?`}
                question="Whatever uses it is refused from then on."
                confirmLabel="Revoke"
                onConfirm={() => remove.mutateAsync(token.id)}
              >
                Revoke
              </ConfirmButton>
            </Group>
          ))}
        </Stack>
      )}
    </QueryView>
  );
}
