import { Center, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** The frame of the pages before somebody is signed in. */
export function EntryPage({ title, text, children }: { title: string; text: ReactNode; children: ReactNode }) {
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" radius="lg" w="100%" maw={400} shadow="xs">
        <Stack gap="xs" mb="lg" align="center" ta="center">
          <img src="/icon.svg" alt="" width={44} height={44} />
          <Title order={1} size="h3">
            {title}
          </Title>
          <Text size="sm" c="dimmed" component="div">
            {text}
          </Text>
        </Stack>
        {children}
      </Paper>
    </Center>
  );
}
