import { Stack } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";

import { EmptyState } from "@/components/ui/empty-state";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";

import { useImports } from "../api/get-imports";

import { ImportCard } from "./import-card";
import { ImportForm } from "./import-form";

export function ImportsPage() {
  const projectId = useRouteId("projectId");
  const imports = useImports(projectId);
  return (
    <>
      <PageHeader title="Imports" text="All rows of a file enter, or none: a file with a bad row changes nothing." />
      <Stack gap="lg">
        <ImportForm projectId={projectId} />
        <QueryView
          query={imports}
          isEmpty={({ results }) => results.length === 0}
          empty={
            <EmptyState
              icon={IconFileImport}
              title="Nothing imported yet"
              text="Prompts first; demonstrations and rankings made elsewhere can follow, and plain texts for pretraining."
            />
          }
        >
          {({ results }) => results.map((item) => <ImportCard key={item.id} item={item} />)}
        </QueryView>
        <LoadMore query={imports} />
      </Stack>
    </>
  );
}
