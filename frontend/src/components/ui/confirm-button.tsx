import { Alert, Button, Group, Modal, Stack, Text, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { useErrorText, useTexts } from "@/lib/language";

interface ConfirmButtonProps extends ButtonProps {
  title: string;
  question: ReactNode;
  confirmLabel: string;
  onConfirm: () => Promise<unknown>;
  children: ReactNode;
  fields?: ReactNode;
  isReady?: boolean;
  "data-testid"?: string;
}

/** A button whose deed is not easily undone: it says what will happen and waits for a second yes. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const { title, question, confirmLabel, onConfirm, children, fields, isReady = true, color, ...buttonProps } = props;
  const { common } = useTexts();
  const errorText = useErrorText();
  const [isOpen, { open, close }] = useDisclosure(false);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState("");

  const confirm = async () => {
    setIsBusy(true);
    setError("");
    try {
      await onConfirm();
      close();
    } catch (failure) {
      setError(failure instanceof Error ? errorText(failure) : String(failure));
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <>
      <Button color={color} {...buttonProps} onClick={open}>
        {children}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} centered>
        <Stack>
          <Text size="sm" component="div">
            {question}
          </Text>
          {fields}
          {error && (
            <Alert color="red" role="alert">
              {error}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {common.goBack}
            </Button>
            <Button
              color={color}
              loading={isBusy}
              disabled={!isReady}
              onClick={confirm}
              data-testid="confirm"
              data-autofocus
            >
              {confirmLabel}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
