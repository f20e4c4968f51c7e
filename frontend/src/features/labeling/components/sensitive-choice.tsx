import { Switch } from "@mantine/core";

import { useSetPreferences } from "../api/set-preferences";

/** The labeler's own choice, at any time and without a reason. */
export function SensitiveChoice({ projectId, takesSensitive }: { projectId: number; takesSensitive: boolean }) {
  const preferences = useSetPreferences(projectId);
  return (
    <Switch
      label="Give me tasks that others would rather not read"
      description="Your choice, at any time; it costs you nothing. You can skip any task as well."
      checked={preferences.isPending ? preferences.variables : takesSensitive}
      onChange={(event) => preferences.mutate(event.currentTarget.checked)}
      data-testid="takes-sensitive"
    />
  );
}
