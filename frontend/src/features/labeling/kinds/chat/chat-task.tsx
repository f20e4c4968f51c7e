import type { AnswerProps } from "../answer-props";
import { ChatView } from "./chat-view";

/** Talk with two models that are not named, judge every turn, and go on with the better reply. */
export function ChatTask(props: AnswerProps) {
  return <ChatView {...props} isJudged labels={{}} />;
}
