import { ActionIcon, Kbd, Modal, Table } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";

const COMMON: [string, string][] = [
  ["G", "Open or close the guidelines"],
  ["?", "Open or close this list"],
  ["Ctrl + Enter", "Submit, from inside a text field too"],
];
export function ShortcutsButton({ shortcuts }: { shortcuts: [string, string][] }) {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  useWindowEvent("keydown", (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key === "?" && !isTyping) toggle();
  });
  const rows = [...shortcuts, ...COMMON];
  return (
    <>
      <ActionIcon variant="default" size={30} onClick={toggle} aria-label="Keyboard shortcuts" aria-keyshortcuts="?">
        <IconKeyboard size={18} />
      </ActionIcon>
      <Modal opened={isOpen} onClose={close} title="Keyboard" centered>
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
