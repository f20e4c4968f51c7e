import { Alert } from "@mantine/core";

/** Why the last change did not happen, said beside the button that asked for it. */
export function ErrorAlert({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <Alert color="red" variant="light" role="alert">
      {error.message}
    </Alert>
  );
}
