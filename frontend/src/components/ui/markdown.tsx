import { useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";

import { useTexts } from "@/lib/language";
import type { Texts } from "@/texts/texts";

import classes from "./markdown.module.css";

// Text here comes from models and from people. Nothing in it may fetch an address by being looked at.
const componentsIn = ({ imageLeftOut }: Texts["common"]): Components => ({
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ alt }) => <em>{imageLeftOut(alt ?? "")}</em>,
});

interface MarkdownNode {
  type: string;
  children?: MarkdownNode[];
}

/** HTML in a text is shown as it was written: a reader must see all that the writer wrote. */
function htmlAsText() {
  const convert = (node: MarkdownNode) => {
    if (node.type === "html") node.type = "text";
    node.children?.forEach(convert);
  };
  return convert;
}

/** Sanitised markdown: no raw HTML, no remote images. */
export function Markdown({ text }: { text: string }) {
  const { common } = useTexts();
  const components = useMemo(() => componentsIn(common), [common]);
  return (
    <div className={classes.markdown}>
      <ReactMarkdown remarkPlugins={[remarkGfm, htmlAsText]} rehypePlugins={[rehypeSanitize]} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
}
