import { useParams } from "react-router";

/** The number in the path under this name; NaN, which no object has, where the path holds something else. */
export function useRouteId(name: string): number {
  return Number(useParams()[name]);
}
