import { Switch, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { QueryView } from "@/components/ui/query-view";

import { useRunLog } from "../api/use-run-log";

import classes from "./run-log.module.css";

interface RunLogProps {
  runId: number;
  isLive: boolean;
}

/** The tail of the log; follows the end until the reader scrolls away from it. */
export function RunLog({ runId, isLive }: RunLogProps) {
  const log = useRunLog(runId, isLive);
  const [isFollowing, setIsFollowing] = useState(true);
  const frame = useRef<HTMLPreElement>(null);
  const text = log.data?.text ?? "";
  useEffect(() => {
    if (isFollowing && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [text, isFollowing]);
  return (
    <QueryView
      query={log}
      isEmpty={(data) => data.text === ""}
      empty={
        <Text size="sm" c="dimmed">
          Nothing has been written yet.
        </Text>
      }
    >
      {(data) => (
        <>
          <pre
            ref={frame}
            className={classes.log}
            tabIndex={0}
            aria-label="Log of the run"
            onWheel={() => setIsFollowing(false)}
          >
            {data.text}
          </pre>
          {isLive && (
            <Switch
              mt="xs"
              size="xs"
              label="Follow the end"
              checked={isFollowing}
              onChange={(event) => setIsFollowing(event.currentTarget.checked)}
            />
          )}
        </>
      )}
    </QueryView>
  );
}
