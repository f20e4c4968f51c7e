import type { AnswerProps } from "../answer-props";
import { ChatView } from "../chat/chat-view";
import { AttackLabels } from "./attack-labels";

/** The same chat with the aim to break the model: what was sought, how, and how far it went; a bad reply is mended by editing it. */
export function RedTeamTask(props: AnswerProps) {
  const { assignment, draft, change } = props;
  const labels = { harm_category: draft.harm_category, attack_kind: draft.attack_kind, success_level: draft.success_level };
  return (
    <ChatView {...props} isJudged={false} labels={labels}>
      <AttackLabels schema={assignment.task.label_schema.schema} {...{ draft, change }} />
    </ChatView>
  );
}
