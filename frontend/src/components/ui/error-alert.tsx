import { Alert, List } from "@mantine/core";

import { useErrorText, useFieldTexts } from "@/lib/language";

/** Why the last change did not happen, said beside the button that asked for it, with what is wrong in which field. */
export function ErrorAlert({ error }: { error: Error | null }) {
  const errorText = useErrorText();
  const fieldTexts = useFieldTexts();
  if (!error) return null;
  const text = errorText(error);
  const more = Object.values(fieldTexts(error)).filter((line) => !text.includes(line));
  return (
    <Alert color="red" variant="light" role="alert">
      {text}
      {more.length > 0 && (
        <List size="sm" mt={4} data-testid="error-fields">
          {more.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
