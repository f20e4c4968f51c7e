import { Center, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";

import { QueryView } from "@/components/ui/query-view";
import { useTexts } from "@/lib/language";
import { useSession } from "@/lib/queries/get-session";

/** Its children for somebody signed in; the login page, which comes back here, for everybody else. */
export function RequireSession({ children }: { children: ReactNode }) {
  const session = useSession();
  const { common } = useTexts();
  const location = useLocation();
  if (session.isPending) {
    return (
      <Center mih="60vh" role="status" aria-label={common.loading}>
        <Loader type="dots" />
      </Center>
    );
  }
  if (session.data && !session.data.user) {
    const next = location.pathname + location.search;
    return <Navigate to={next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`} replace />;
  }
  return <QueryView query={session}>{() => children}</QueryView>;
}
