import { Button, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconEye } from "@tabler/icons-react";

import { QueryView } from "@/components/ui/query-view";
import { useTexts } from "@/lib/language";

import { useNotice } from "../api/get-notice";
import { NoticeText } from "./notice-text";

/** The notice again, at any time. */
export function NoticeButton({ projectId }: { projectId: number }) {
  const { notice } = useTexts();
  const [isOpen, { open, close }] = useDisclosure(false);
  const found = useNotice(projectId);
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconEye size={16} />} onClick={open} data-testid="notice-button">
        {notice.open}
      </Button>
      <Modal opened={isOpen} onClose={close} size="lg" title={<Text fw={650}>{notice.title}</Text>}>
        <QueryView query={found}>{({ asks_ai_use }) => <NoticeText asksAiUse={asks_ai_use} />}</QueryView>
      </Modal>
    </>
  );
}
