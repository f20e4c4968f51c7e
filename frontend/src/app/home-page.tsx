import { Navigate } from "react-router";

import { useRouteId } from "@/hooks/use-route-id";
import { useSession } from "@/lib/queries/get-session";

import { useProjectMenu } from "./navigation";
import { NotFoundPage } from "./not-found-page";

/** Where work is: somebody with one project goes straight there, everybody else to the list of projects. */
export function HomePage() {
  const { data } = useSession();
  const [only, ...others] = (data?.projects ?? []).filter(({ is_archived }) => !is_archived);
  const goesStraight = only && others.length === 0 && !data?.user?.is_superuser;
  return <Navigate to={goesStraight ? `/projects/${only.id}` : "/projects"} replace />;
}

/** The first page of a project that this person may open. */
export function ProjectHomePage() {
  const projectId = useRouteId("projectId");
  const [first] = useProjectMenu(projectId);
  return first ? <Navigate to={`/projects/${projectId}/${first.to}`} replace /> : <NotFoundPage />;
}
