import { Button, Kbd, Modal, Stack, Text } from "@mantine/core";

import { useTexts } from "@/lib/language";
import type { AiUse } from "@/lib/task-models";

import { useWindowKeys } from "../hooks/use-window-keys";

const CHOICES: AiUse[] = ["none", "help", "text"];

/** The labeler's own word on AI, asked at submit where the project asks for it. 1, 2 and 3 choose, Escape goes back to the answer. */
export function AiUseDialog({ onChoose, onClose }: { onChoose: (choice: AiUse) => void; onClose: () => void }) {
  const { notice } = useTexts();
  useWindowKeys((event) => {
    const choice = CHOICES[Number(event.key) - 1];
    if (!choice || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    event.preventDefault();
    onChoose(choice);
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{notice.aiTitle}</Text>} data-testid="ai-use">
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          {notice.aiText}
        </Text>
        {CHOICES.map((choice, index) => (
          <Button
            key={choice}
            variant="default"
            justify="flex-start"
            h="auto"
            py="xs"
            styles={{ label: { whiteSpace: "normal", textAlign: "left", lineHeight: 1.4 } }}
            leftSection={<Kbd size="xs">{index + 1}</Kbd>}
            data-autofocus={index === 0 || undefined}
            onClick={() => onChoose(choice)}
            data-testid={`ai-use-${choice}`}
          >
            {notice.aiChoices[choice]}
          </Button>
        ))}
      </Stack>
    </Modal>
  );
}
