// Values as elements. Text is only ever set as text: what a model answers can't become markup.

// Only words that can't mean anything else: `true` is good for one metric and bad for another.
const GOOD = new Set(["pass", "passed", "correct", "right"]);
const POOR = new Set(["fail", "failed", "incorrect", "wrong"]);

function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function textOf(value) {
  if (value === null || value === undefined) return "—";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function image(value) {
  const [name, content] = (value && typeof value === "object" && Object.entries(value)[0]) || [];
  if (!/^data:image\/(png|jpeg|gif|webp);base64$/.test(name ?? "") || typeof content !== "string") return null;
  const picture = document.createElement("img");
  picture.src = `${name},${content}`;
  picture.alt = "image";
  return picture;
}

// Short values come first and share a line: a label must not be hidden behind a long text, nor a
// text behind many labels.
function clipped(names, values) {
  const text = make("div", "clip");
  const parts = names.map((name, place) => [name, values[place]]).filter(([, value]) => value !== null);
  const shown = parts.map(([name, value]) => [name, textOf(value).slice(0, 600)]);
  const isLong = ([, value]) => value.length > 40;
  for (const part of [...shown.filter((each) => !isLong(each)), ...shown.filter(isLong)]) {
    if (text.childNodes.length) text.append("  ", ...(isLong(part) ? [document.createElement("br")] : []));
    if (names.length > 1) text.append(make("span", "field", part[0]));
    text.append(part[1]);
  }
  return text;
}

function judgement(value) {
  const said = textOf(value).toLowerCase();
  return GOOD.has(said) ? "yes" : POOR.has(said) ? "no" : "";
}

function verdicts(index, result) {
  const list = make("div", "verdicts");
  index.evaluations.forEach(([evaluator, name], place) => {
    const value = result[VERDICTS][place];
    if (value === null) return;
    const text = textOf(value);
    const shown = make("span", `verdict ${judgement(value)}`, `${name} ${text.slice(0, 80)}`);
    shown.title = `${evaluator}.${name}: ${text.slice(0, 400)}`;
    list.append(shown);
  });
  for (const [evaluator, error] of Object.entries(result[FAILED] ?? {})) {
    const shown = make("span", "verdict failed", `${evaluator} failed`);
    shown.title = error;
    list.append(shown);
  }
  return list;
}

function whereabouts(index, row) {
  const { dataset, line, repeat } = index.rows;
  const parts = [`Line ${(line[row] + 1).toLocaleString("en")}`];
  if (index.datasets.length > 1) parts.push(index.datasets[dataset[row]]);
  if (index.repeats > 1) parts.push(`repeat ${repeat[row] + 1}`);
  return parts.join(" · ");
}

const SAID = [[REGRESSED, "no", "▼ regressed"], [IMPROVED, "yes", "▲ improved"], [BROKEN, "failed", "error"]];

function tags(index, row, place) {
  const bits = index.changes[place][row];
  return SAID.filter(([bit]) => bits & bit).map(([, kind, text]) => make("span", `verdict ${kind}`, text));
}

function answerCell(index, row, place, result) {
  const body = make("div", "");
  if (!result) body.append(make("span", "waiting", "no result"));
  else if (result[ERROR]) body.append(make("div", "clip failed-text", `Error: ${result[ERROR]}`));
  else {
    const said = verdicts(index, result);
    said.prepend(...tags(index, row, place));
    body.append(said, clipped(index.outputs, result[OUTPUTS]));
  }
  const cell = make("div", "cell", make("b", "key", index.configurations[place].key), body);
  cell.setAttribute("role", "cell");
  return cell;
}
