import { createBrowserRouter, Outlet, type RouteObject } from "react-router";

import { engineerRoutes, figuresRoutes, managerRoutes, projectRoutes, qualityRoutes } from "@/features/routes";
import { InEnglish } from "@/lib/language";

import { HomePage, ProjectHomePage } from "./home-page";
import { NotFoundPage } from "./not-found-page";
import { RequireSession } from "./require-session";
import { RouteError } from "./route-error";
import { Shell } from "./shell";

const labelerRoutes: RouteObject[] = [
  {
    path: "labeling",
    lazy: async () => ({ Component: (await import("@/features/labeling/components/labeler-home-page")).LabelerHomePage }),
  },
  {
    path: "labeling/task",
    lazy: async () => ({ Component: (await import("@/features/labeling/components/task-page")).TaskPage }),
  },
];

export const router = createBrowserRouter([
  {
    errorElement: <RouteError />,
    hydrateFallbackElement: <></>,
    children: [
      {
        path: "login",
        lazy: async () => ({ Component: (await import("@/features/account/components/login-page")).LoginPage }),
      },
      {
        path: "invitations/:token",
        lazy: async () => ({ Component: (await import("@/features/account/components/invitation-page")).InvitationPage }),
      },
      {
        element: (
          <RequireSession>
            <Shell />
          </RequireSession>
        ),
        children: [
          {
            errorElement: <RouteError />,
            children: [
              { index: true, element: <HomePage /> },
              {
                path: "account",
                lazy: async () => ({ Component: (await import("@/features/account/components/account-page")).AccountPage }),
              },
              ...projectRoutes,
              {
                path: "projects/:projectId",
                children: [
                  { index: true, element: <ProjectHomePage /> },
                  ...labelerRoutes,
                  ...figuresRoutes,
                  { element: <InEnglish><Outlet /></InEnglish>, children: [...managerRoutes, ...engineerRoutes, ...qualityRoutes] },
                ],
              },
              { path: "*", element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
  },
]);
