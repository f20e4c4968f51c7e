import { Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface PanelProps {
  title: string;
  text?: ReactNode;
  children: ReactNode;
}

/** One picture with its title and one line of explanation. */
export function Panel({ title, text, children }: PanelProps) {
  return (
    <Paper withBorder radius="md" p="md" component="section" miw={0}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          {text && (
            <Text size="sm" c="dimmed">
              {text}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </Paper>
  );
}
