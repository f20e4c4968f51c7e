import { Stack, Tabs } from "@mantine/core";

import { PageHeader } from "@/components/ui/page-header";
import { useRoles } from "@/hooks/use-roles";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";

import { AgreementView } from "./agreement-view";
import { LabelersView } from "./labelers-view";
import { ProgressView } from "./progress-view";
import { ProvenancePanel } from "./provenance-panel";
import { WinRatesView } from "./win-rates-view";

/** All four stand in one line of a phone. */
const TAB_PADDING = { base: 8, sm: "md" };

export function QualityPage() {
  const projectId = useRouteId("projectId");
  const { isManager } = useRoles(projectId);
  const [view, setView] = useUrlFilter("view");
  return (
    <>
      <PageHeader
        title="Quality"
        text="How far the labeling is, how much its answers can be trusted, and whether the policies get better."
      />
      <Tabs value={view || "progress"} onChange={setView} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab px={TAB_PADDING} value="progress">Progress</Tabs.Tab>
          <Tabs.Tab px={TAB_PADDING} value="agreement">Agreement</Tabs.Tab>
          {isManager && <Tabs.Tab px={TAB_PADDING} value="labelers">Labelers</Tabs.Tab>}
          <Tabs.Tab px={TAB_PADDING} value="win-rates">Win rates</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="progress">
          <ProgressView projectId={projectId} />
        </Tabs.Panel>
        <Tabs.Panel value="agreement">
          <AgreementView projectId={projectId} />
        </Tabs.Panel>
        <Tabs.Panel value="labelers">
          <Stack gap="md">
            <LabelersView projectId={projectId} />
            <ProvenancePanel projectId={projectId} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="win-rates">
          <WinRatesView projectId={projectId} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
