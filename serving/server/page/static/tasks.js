// The tasks of model.json: which field a person fills, with what, and which view draws the answer.

import * as boxes from "./views/boxes.js";
import * as json from "./views/json.js";
import * as labels from "./views/labels.js";
import * as mask from "./views/mask.js";
import * as neighbours from "./views/neighbours.js";
import * as nextWords from "./views/next_words.js";
import * as restored from "./views/restored.js";
import * as tokens from "./views/tokens.js";
import * as translations from "./views/translations.js";
import * as editor from "./inputs/editor.js";
import * as picture from "./inputs/picture.js";
import * as text from "./inputs/text.js";

const TASKS = {
  classify: { input: picture, field: "image_bytes", view: labels },
  detect: { input: picture, field: "image_bytes", view: boxes },
  segment: { input: picture, field: "image_bytes", view: mask },
  denoise: { input: picture, field: "image_bytes", view: restored },
  ngram: { input: text, field: "text", view: nextWords, label: "Text to continue", whole: true },
  word2vec: { input: text, field: "words", view: neighbours, label: "A word", line: true },
  translate: { input: text, field: "text", view: translations, label: "Text to translate" },
  mask_lm: { input: text, field: "text", view: tokens, label: "Text with [MASK]" },
};

const ANY = { input: editor, view: json };

// The task of a version; any SavedModel that does not answer as its task promises gets the JSON editor.
export function taskOf(version) {
  const task = TASKS[version.task];
  return task && version.signatures.serving_default?.inputs[task.field] ? task : ANY;
}
