import { Button, Center } from "@mantine/core";

import { useTexts } from "@/lib/language";

interface PagedQuery {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The next page of a long list, on request. */
export function LoadMore({ query }: { query: PagedQuery }) {
  const { common } = useTexts();
  if (!query.hasNextPage) return null;
  return (
    <Center mt="md">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        {common.showMore}
      </Button>
    </Center>
  );
}
