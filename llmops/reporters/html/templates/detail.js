// One line in full: its inputs, and what every configuration answered.

class Detail {
  constructor(index, rows) {
    this.index = index;
    this.rows = rows;
    this.dialog = element("detail");
    element("previous").addEventListener("click", () => this.step(-1));
    element("next").addEventListener("click", () => this.step(1));
    element("close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.panel.focus(this.place));
    this.dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) this.step(step);
    });
  }

  async open(panel, place) {
    this.panel = panel;
    this.place = place;
    const row = panel.found[place];
    const [data, results] = await this.rows.row(row);
    if (this.place !== place) return;
    element("detail-title").textContent = whereabouts(this.index, row);
    element("previous").disabled = place === 0;
    element("next").disabled = place === panel.found.length - 1;
    const answers = panel.shown.map((shown) => this.answer(this.index.configurations[shown], results[shown]));
    element("detail-body").replaceChildren(texts(this.index.data, data), make("div", "answers", ...answers));
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
  }

  step(by) {
    const place = this.place + by;
    if (place >= 0 && place < this.panel.found.length) this.open(this.panel, place);
  }

  answer({ key, label, baseline }, result) {
    const title = make("h3", "", make("b", "key", key), ` ${label}`, baseline ? make("em", "", " baseline") : "");
    const answer = make("article", "answer", title);
    if (!result) answer.append(make("p", "waiting", "no result"));
    else if (result[ERROR]) answer.append(make("p", "failed-text", result[ERROR]));
    else {
      const list = texts(this.index.outputs, result[OUTPUTS]);
      this.index.evaluations.forEach((names, place) => {
        const value = result[VERDICTS][place];
        if (value !== null) list.append(text(names.join("."), value, judgement(value)));
      });
      for (const [name, error] of Object.entries(result[FAILED] ?? {})) list.append(text(name, error, "no"));
      answer.append(list);
    }
    if (result) answer.append(make("p", "spent", this.spent(result)));
    return answer;
  }

  spent(result) {
    const parts = [
      `${result[SECONDS].toLocaleString("en")} s`,
      `${result[TOKENS_IN].toLocaleString("en")} + ${result[TOKENS_OUT].toLocaleString("en")} tokens`,
      `${result[CALLS]} ${result[CALLS] === 1 ? "call" : "calls"}`,
    ];
    if (result[COST] !== null) parts.push(`${this.index.currency} ${Number(result[COST].toPrecision(2))}`);
    return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
  }
}

function texts(names, values) {
  const list = make("dl", "texts");
  names.forEach((name, place) => {
    if (values[place] !== null) list.append(text(name, values[place], ""));
  });
  return list;
}

function text(name, value, kind) {
  return make("div", "", make("dt", "", name), make("dd", kind, image(value) ?? textOf(value)));
}
