import { Alert } from "@mantine/core";

import { useErrorText } from "@/lib/language";

/** Why the last change did not happen, said beside the button that asked for it. */
export function ErrorAlert({ error }: { error: Error | null }) {
  const errorText = useErrorText();
  if (!error) return null;
  return (
    <Alert color="red" variant="light" role="alert">
      {errorText(error)}
    </Alert>
  );
}
