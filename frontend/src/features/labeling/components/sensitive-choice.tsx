import { Switch } from "@mantine/core";

import { useTexts } from "@/lib/language";

import { useSetPreferences } from "../api/set-preferences";

/** The labeler's own choice, at any time and without a reason. */
export function SensitiveChoice({ projectId, takesSensitive }: { projectId: number; takesSensitive: boolean }) {
  const { home } = useTexts();
  const preferences = useSetPreferences(projectId);
  return (
    <Switch
      label={home.sensitive}
      description={home.sensitiveText}
      checked={preferences.isPending ? preferences.variables : takesSensitive}
      onChange={(event) => preferences.mutate(event.currentTarget.checked)}
      data-testid="takes-sensitive"
    />
  );
}
