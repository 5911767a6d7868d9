// A typed text; Enter sends it, in an area of several lines Shift + Enter begins a new one.

import { element } from "../elements.js";

// `task.line`: one line, a word. `task.whole`: the text is sent as it is typed, be it empty.
export function build(form, { task, send }) {
  const field = task.line ? line() : area(form);
  const note = element("span", { className: "quiet", role: "status" }, "Enter sends");
  form.append(
    element("label", { for: "text" }, task.label),
    field,
    element("div", { className: "row between" }, element("button", {}, "Send"), note),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = task.whole ? field.value : field.value.trim();
    const missing = !text && !task.whole;
    note.textContent = missing ? `Type a ${task.line ? "word" : "text"} first` : "Enter sends";
    if (missing) field.focus();
    else send({ row: { [task.field]: text }, text });
  };
}

// Where phones would begin a word with a capital, it would be another word.
function line() {
  return element("input", { id: "text", type: "text", autocapitalize: "none", autocomplete: "off", spellcheck: false });
}

function area(form) {
  const made = element("textarea", { id: "text", rows: 3 });
  made.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  return made;
}
