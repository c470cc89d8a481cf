// What configurations answered on one line, in full.

// The baseline and another side by side; words that only one of them has are marked.
function sideBySide(index, results, baseline, focus) {
  const [before, after] = [results[baseline], results[focus]];
  const outputs = index.outputs.map((_, place) => [before, after].map((result) => said(result, OUTPUTS, place)));
  const differing = outputs.map(([a, b]) => (a === null || b === null ? null : difference(a, b)));
  const judged = index.evaluations.map((_, place) => said(before, VERDICTS, place) !== said(after, VERDICTS, place));
  const side = (own, tag) => answer(index, own ? focus : baseline, results, {
    output: (place, value) => {
      const marked = differing[place]?.[own];
      return marked && !image(value) ? marked.map(([text, isMarked]) => (isMarked ? make(tag, "", text) : text)) : null;
    },
    changed: (place) => own && Boolean(before && after) && judged[place],
  });
  return make("div", "pair", side(0, "del"), side(1, "ins"));
}

function said(result, part, place) {
  const value = result && !result[ERROR] ? result[part][place] : null;
  return value === null ? null : textOf(value);
}

const PLAIN = { output: () => null, changed: () => false };

function answer(index, place, results, { output, changed }) {
  const { key, short, is_baseline: isBaseline } = index.configurations[place];
  const result = results[place];
  const title = make("h3", "", make("b", "key", key), ` ${short}`, isBaseline ? make("em", "", " baseline") : "");
  const shown = make("article", "answer", title);
  if (!result) shown.append(make("p", "waiting", "no result"));
  else if (result[ERROR]) shown.append(make("p", "failed-text", `Error: ${result[ERROR]}`));
  else {
    const list = make("dl", "texts");
    index.outputs.forEach((name, at) => {
      const value = result[OUTPUTS][at];
      if (value !== null) list.append(text(name, value, "", output(at, value)));
    });
    index.evaluations.forEach((names, at) => {
      const value = result[VERDICTS][at];
      if (value === null) return;
      const judged = text(names.join("."), value, judgement(value));
      if (changed(at)) judged.lastChild.append(make("em", "", " ← changed"));
      list.append(judged);
    });
    for (const [name, error] of Object.entries(result[FAILED] ?? {})) list.append(text(`${name} failed`, error, "no"));
    shown.append(list);
  }
  if (result) shown.append(make("p", "took", took(index, result)));
  return shown;
}

function took(index, result) {
  const parts = [
    `${result[SECONDS].toLocaleString("en")} s`,
    `${result[TOKENS_IN].toLocaleString("en")} + ${result[TOKENS_OUT].toLocaleString("en")} tokens`,
    `${result[CALLS]} ${result[CALLS] === 1 ? "call" : "calls"}`,
  ];
  if (result[COST] !== null) parts.push(`${index.currency} ${Number(result[COST].toPrecision(2))}`);
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

function texts(names, values) {
  const list = make("dl", "texts inputs");
  names.forEach((name, place) => {
    if (values[place] !== null) list.append(text(name, values[place], ""));
  });
  return list;
}

function text(name, value, kind, marked = null) {
  const size = !marked && textOf(value).length <= 40 ? "brief" : "";
  return make("div", size, make("dt", "", name), make("dd", kind, ...(marked ?? [image(value) ?? textOf(value)])));
}
