import { useRef, useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";

import type { AiUse } from "@/lib/task-models";

import { useActiveSeconds } from "../hooks/use-active-seconds";
import { useAnswerDraft } from "../hooks/use-answer-draft";
import { useLease } from "../hooks/use-lease";
import type { HeldTask, SubmitContent, useTaskQueue } from "../hooks/use-task-queue";
import { useTypingCounts } from "../hooks/use-typing-counts";
import { writtenText } from "../draft-store";
import { KINDS } from "../kinds/kinds";
import { countsRead, typingOf } from "../typing-counts";
import { AiUseDialog } from "./ai-use-dialog";
import { LeaseNotice } from "./lease-notice";
import { PromptPanel } from "./prompt-panel";
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
  const { Task } = KINDS[assignment.task.kind];
  const savedSeconds = useRef(Number(assignment.draft?.body.seconds ?? 0));
  const seconds = useActiveSeconds(savedSeconds.current);
  const { draft, change, saveState, forget, stop } = useAnswerDraft(assignment, userId, seconds, () => typing.counts.current);
  const typing = useTypingCounts(countsRead(draft.typing));
  const [asked, setAsked] = useState<SubmitContent["answer"] | null>(null); // the answer that waits for a word on AI
  const lease = useLease(task);
  const isLost = queue.isLost; // a lease lost to another may still be answered late, once

  const send = (answer: SubmitContent["answer"], aiUse?: AiUse) => {
    setAsked(null);
    stop();
    const edits = Object.entries(draft.edits).map(([completion, text]) => ({ completion: Number(completion), text }));
    const made = { typing: typingOf(typing.counts.current), ...(aiUse && { ai_use: aiUse }) };
    void queue.submit(task, { seconds: seconds.current, notes: draft.notes, answer, edits, ...made }, forget);
  };
  const submit = (answer: SubmitContent["answer"]) => {
    if (isLost) return;
    if (assignment.task.asks_ai_use) setAsked(answer);
    else send(answer);
  };
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
      <LeaseNotice isLate={lease.isLost && !isLost} isLost={isLost} isExpired={lease.isExpired} error={lease.error} text={writtenText(draft)} onExtend={lease.extend} onNext={queue.load} />
      {queue.error && !queue.isLost && <ErrorAlert error={queue.error} />}
      {assignment.task.prompt && <PromptPanel messages={assignment.task.prompt.messages} />}
      <div {...typing.handlers}>
        <Task {...{ assignment, draft, change, submit, isLost }} isSending={queue.busy.includes(assignment.place.id)} />
      </div>
      {asked && <AiUseDialog onChoose={(choice) => send(asked, choice)} onClose={() => setAsked(null)} />}
    </div>
  );
}
