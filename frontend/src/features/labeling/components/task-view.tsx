import { useRef } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";

import { useActiveSeconds } from "../hooks/use-active-seconds";
import { useAnswerDraft } from "../hooks/use-answer-draft";
import { useLease } from "../hooks/use-lease";
import type { HeldTask, useTaskQueue } from "../hooks/use-task-queue";
import { DemonstrationTask } from "./demonstration-task";
import { LeaseNotice } from "./lease-notice";
import { PromptPanel } from "./prompt-panel";
import { RankingTask } from "./ranking-task";
import { TaskBar } from "./task-bar";

interface TaskViewProps {
  projectId: number;
  userId: number;
  task: HeldTask;
  queue: ReturnType<typeof useTaskQueue>;
}

/** One task from its claim to its answer. */
export function TaskView({ projectId, userId, task, queue }: TaskViewProps) {
  const { assignment } = task;
  const savedSeconds = useRef(Number(assignment.draft?.body.seconds ?? 0));
  const seconds = useActiveSeconds(savedSeconds.current);
  const { draft, change, saveState, forget, stop } = useAnswerDraft(assignment, userId, seconds);
  const lease = useLease(task);
  const isLost = lease.isLost || queue.isLost;

  const submit = (content: Parameters<typeof queue.submit>[1]["answer"]) => {
    if (isLost) return;
    stop();
    void queue.submit(task, { seconds: seconds.current, notes: draft.notes, answer: content }, forget);
  };
  const answerProps = { assignment, draft, change, submit, isSending: queue.busy.includes(assignment.place.id), isLost };
  return (
    <div data-testid="task" data-task-id={assignment.task.id} data-kind={assignment.task.kind}>
      <TaskBar
        projectId={projectId}
        assignment={assignment}
        lease={lease}
        saveState={saveState}
        onSkip={async (reason, note) => {
          stop();
          await queue.skip(task, reason, note);
          forget();
        }}
      />
      <LeaseNotice isLost={isLost} isExpired={lease.isExpired} error={lease.error} text={draft.text} onExtend={lease.extend} onNext={queue.load} />
      {queue.error && !queue.isLost && <ErrorAlert error={queue.error} />}
      <PromptPanel messages={assignment.task.prompt.messages} />
      {assignment.task.kind === "demonstration" ? <DemonstrationTask {...answerProps} /> : <RankingTask {...answerProps} />}
    </div>
  );
}
