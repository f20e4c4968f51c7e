import { Button, Drawer, Text } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconBook } from "@tabler/icons-react";

import { Markdown } from "@/components/ui/markdown";
import { QueryView } from "@/components/ui/query-view";
import { useTexts } from "@/lib/language";

import { useGuideline } from "../api/get-guideline";

/** The guidelines, one key (G) away. On a task: the version that the task was made with. */
export function GuidelinesButton({ projectId, number }: { projectId: number; number?: number }) {
  const { task } = useTexts();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const guideline = useGuideline(projectId, number);
  useHotkeys([["g", toggle]]);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconBook size={16} />}
        onClick={toggle}
        aria-keyshortcuts="G"
        data-testid="guidelines-button"
      >
        {task.guidelines}
      </Button>
      <Drawer
        opened={isOpen}
        onClose={close}
        position="right"
        size="lg"
        title={<Text fw={650}>{guideline.data ? task.guidelinesVersion(guideline.data.number) : task.guidelines}</Text>}
      >
        <QueryView query={guideline}>
          {(version) => (version ? <Markdown text={version.text} /> : <Text c="dimmed">{task.noGuidelines}</Text>)}
        </QueryView>
      </Drawer>
    </>
  );
}
