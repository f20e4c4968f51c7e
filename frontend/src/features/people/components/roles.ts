import type { Role } from "@/lib/models";

export const ROLES: Role[] = ["labeler", "manager", "engineer"];
