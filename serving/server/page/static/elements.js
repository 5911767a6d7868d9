// Elements, numbers and bars that several modules draw with.

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export function number(value, digits = 4) {
  return typeof value === "number" ? String(Number(value.toPrecision(digits))).replace("-", "−") : String(value);
}

// As many digits after the point for each number of a column; NaN stays as it is.
export function fixed(value, digits = 3) {
  return typeof value === "number" ? value.toFixed(digits).replace("-", "−") : String(value);
}

// 0.9731 as "97.3 %"; NaN and what is no share stay as they are.
export function percent(value) {
  return typeof value === "number" && value >= 0 && value <= 1 ? `${(100 * value).toFixed(1)} %` : number(value);
}

// A list of names with values, each with a bar as long as its share of 1; `swatch`: a colour beside the name.
export function bars(rows, write = percent) {
  const items = rows.map(({ name, value, swatch }) => {
    const fill = element("span", { className: "fill" });
    fill.style.width = `${100 * Math.min(1, Math.max(0, Number(value) || 0))}%`;
    const label = element("span", { className: "name" }, name);
    if (swatch) {
      const patch = element("span", { className: "swatch" });
      patch.style.background = swatch;
      label.prepend(patch);
    }
    const shown = element("span", { className: "value" }, write(value));
    return element("li", {}, label, shown, element("span", { className: "bar", "aria-hidden": "true" }, fill));
  });
  return element("ol", { className: "bars" }, ...items);
}

// A range input under its label; `change` is called at once and at every move.
export function slider(label, { min = 0, max = 1, step = 0.01, value }, change) {
  const input = element("input", { type: "range", min, max, step });
  input.value = value;
  input.addEventListener("input", () => change(Number(input.value)));
  change(value);
  return element("label", { className: "slider" }, element("span", {}, label), input);
}

// Colour `i` of as many as are wanted, far from its neighbours: hues a golden angle apart.
export function colour(i, alpha = 1) {
  return `hsl(${(172 + 137.508 * i) % 360} 70% ${i % 2 ? 60 : 45}% / ${alpha})`;
}
