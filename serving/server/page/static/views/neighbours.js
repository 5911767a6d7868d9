// word2vec: the nearest words by cosine similarity.

import { bars, element, fixed } from "../elements.js";

const LOWER = ["words", "letters", "english"]; // the tokenizers that lower-case

export function draw(target, { row, request, version }) {
  if (!row.in_vocabulary) {
    target.append(element("p", {}, `“${request.text}” is not in the vocabulary. ${hint(request.text, version.input.tokenizer)}`));
    return;
  }
  target.append(bars(row.neighbours.map((name, i) => ({ name, value: row.similarities[i] })), fixed));
}

// Why a word may be missing that is in the vocabulary under another spelling.
function hint(word, tokenizer) {
  if (tokenizer === "characters") return [...word].length > 1 ? "It holds single characters." : "";
  const lower = LOWER.includes(tokenizer) ? word.toLowerCase() : word;
  const other = lower.replace(/\s+/g, "_");
  const reasons = [
    lower !== word && "the vocabulary is in lower case",
    other !== lower && "phrases, if it has any, are joined by _",
  ].filter(Boolean);
  return reasons.length ? `Words are looked up as they are spelled, and ${reasons.join("; ")}. Try “${other}”.` : "";
}
