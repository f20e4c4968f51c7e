import { ActionIcon, Kbd, Modal, Table } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";

import { useTexts } from "@/lib/language";
import type { Shortcut } from "@/texts/texts";

export function ShortcutsButton({ shortcuts }: { shortcuts: Shortcut[] }) {
  const { task } = useTexts();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  useWindowEvent("keydown", (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key === "?" && !isTyping) toggle();
  });
  const rows = [...shortcuts, ...task.commonShortcuts];
  return (
    <>
      <ActionIcon variant="default" size={30} onClick={toggle} aria-label={task.shortcuts} aria-keyshortcuts="?">
        <IconKeyboard size={18} />
      </ActionIcon>
      <Modal opened={isOpen} onClose={close} title={task.keyboard} centered>
        <Table>
          <Table.Tbody>
            {rows.map(([key, text]) => (
              <Table.Tr key={key}>
                <Table.Td miw={130}>
                  <Kbd>{key}</Kbd>
                </Table.Td>
                <Table.Td>{text}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </>
  );
}
