// ngram: how likely the text is, and which words may come next.

import { bars, element, number } from "../elements.js";

const END = "</s>";

export function draw(target, { row, request, version }) {
  const [first] = row.next_words;
  const between = version.input.tokenizer === "characters" ? "" : " ";
  target.append(
    element("p", { className: "reading" }, `${request.text}${between}`, element("mark", {}, named(first ?? ""))),
    bars(row.next_words.map((name, i) => ({ name: named(name), value: row.next_scores[i] }))),
    element(
      "dl",
      {},
      element("dt", {}, "Perplexity"),
      element("dd", {}, number(row.perplexity)),
      element("dt", {}, "Log probability"),
      element("dd", {}, number(row.log_prob)),
    ),
  );
}

function named(word) {
  return word === END ? element("em", {}, "end of sentence") : word;
}
