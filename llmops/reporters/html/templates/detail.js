// One line in full: its inputs, the baseline and the configuration in focus, then the others.

class Detail {
  constructor(index, rows, filters) {
    this.index = index;
    this.rows = rows;
    this.filters = filters;
    this.dialog = element("detail");
    element("previous").addEventListener("click", () => this.step(-1));
    element("next").addEventListener("click", () => this.step(1));
    element("close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.closed());
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
    element("detail-title").replaceChildren(whereabouts(this.index, row), " ", ...tags(this.index, row, this.filters.focus));
    element("previous").disabled = place === 0;
    element("next").disabled = place === panel.found.length - 1;
    element("detail-body").replaceChildren(...this.body(data, results));
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    history.replaceState(null, "", `#${this.filters.link(row)}`);
  }

  body(data, results) {
    const { index } = this, { focus } = this.filters, baseline = index.baseline;
    const pair = baseline === null || baseline === focus
      ? make("div", "answers", answer(index, focus, results, PLAIN))
      : sideBySide(index, results, baseline, focus);
    const parts = [texts(index.data, data), pair];
    const expected = index.data.indexOf(index.expected);
    if (expected >= 0 && data[expected] !== null) {
      parts.splice(1, 0, make("p", "expected", "Expected ", make("b", "", textOf(data[expected]))));
    }
    const others = results.map((_, place) => place).filter((place) => place !== focus && place !== baseline);
    if (others.length) {
      const cards = others.map((place) => answer(index, place, results, PLAIN));
      const title = others.length === 1 ? "The other configuration" : `The ${others.length} other configurations`;
      parts.push(make("details", "", make("summary", "", title), make("div", "answers", ...cards)));
    }
    return parts;
  }

  step(by) {
    const place = this.place + by;
    if (place >= 0 && place < this.panel.found.length) this.open(this.panel, place);
  }

  closed() {
    history.replaceState(null, "", "#lines");
    this.panel.focus(this.place);
  }
}
