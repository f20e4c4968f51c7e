import { Alert, Button, Center, Loader, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useErrorText, useTexts } from "@/lib/language";

interface QueryLike<T> {
  data: T | undefined;
  error: Error | null;
  isPending: boolean;
  refetch: () => unknown;
}

interface QueryViewProps<T> {
  query: QueryLike<T>;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** A query's four faces: loading, error with a way to try again, empty, and its data. */
export function QueryView<T>({ query, isEmpty, empty, children }: QueryViewProps<T>) {
  const { common } = useTexts();
  const errorText = useErrorText();
  if (query.data === undefined && query.isPending) {
    return (
      <Center mih={160} role="status" aria-label={common.loading}>
        <Loader type="dots" />
      </Center>
    );
  }
  if (query.data === undefined) {
    return (
      <Alert color="red" variant="light" icon={<IconAlertTriangle />} title={common.notLoaded} role="alert">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">{query.error ? errorText(query.error) : common.emptyReply}</Text>
          <Button size="xs" variant="default" onClick={() => query.refetch()}>
            {common.tryAgain}
          </Button>
        </Stack>
      </Alert>
    );
  }
  if (isEmpty?.(query.data)) return <>{empty}</>;
  return <>{children(query.data)}</>;
}
