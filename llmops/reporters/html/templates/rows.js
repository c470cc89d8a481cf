// The list of rows: all have one height, and only those in sight exist.

class Panel {
  static WIDE_ROW = 108;
  static BEYOND = 6; // rows kept ready above and below

  constructor(index, rows, filters, open) {
    this.index = index;
    this.rows = rows;
    this.filters = filters;
    this.openDetail = open;
    this.panel = element("panel");
    this.canvas = element("canvas");
    this.shown = [];
    this.found = [];
    this.drawn = new Map(); // place in `found` -> element
    this.narrow = matchMedia("(max-width: 48rem)");
    this.panel.addEventListener("scroll", () => this.soon(), { passive: true });
    this.narrow.addEventListener("change", () => this.redraw());
    new ResizeObserver(() => this.soon()).observe(this.panel);
    this.canvas.addEventListener("click", (event) => this.opened(event));
    this.canvas.addEventListener("keydown", (event) => this.moved(event));
    this.boxes = index.configurations.map((_, place) => this.box(place));
    element("columns").hidden = this.boxes.length < 3;
  }

  box(place) {
    const { key, short } = this.index.configurations[place];
    const box = document.createElement("input");
    box.type = "checkbox";
    element("columns").append(make("label", "", box, make("b", "key", key), make("span", "", short)));
    return box;
  }

  show(found) {
    this.found = found;
    this.panel.scrollTop = 0;
    this.shown = this.columns();
    this.redraw();
  }

  // The baseline and the one in focus always stand side by side; others follow when asked for.
  columns() {
    const always = [...new Set([this.index.baseline ?? this.filters.focus, this.filters.focus])];
    this.boxes.forEach((box, place) => (box.parentElement.hidden = always.includes(place)));
    const asked = this.boxes.flatMap((box, place) => (box.checked && !always.includes(place) ? [place] : []));
    return [...always, ...asked];
  }

  get height() {
    return this.narrow.matches ? 96 + 60 * this.shown.length : Panel.WIDE_ROW;
  }

  redraw() {
    this.panel.style.setProperty("--shown", this.shown.length);
    element("head").replaceChildren(make("div", "", "Input"), ...this.shown.map((place) => this.heading(place)));
    this.canvas.replaceChildren();
    this.drawn.clear();
    this.canvas.style.height = `${this.found.length * this.height}px`;
    if (!this.found.length) this.canvas.append(make("p", "empty", "No line matches."));
    this.panel.setAttribute("aria-rowcount", this.found.length + 1);
    this.draw();
  }

  heading(place) {
    const { key, short, label, is_baseline: isBaseline } = this.index.configurations[place];
    const heading = make("div", "", make("b", "key", key), ` ${short}`, isBaseline ? make("em", "", " baseline") : "");
    heading.title = label;
    heading.setAttribute("role", "columnheader");
    return heading;
  }

  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const height = this.height, top = this.panel.scrollTop;
    const first = Math.max(0, Math.floor(top / height) - Panel.BEYOND);
    const last = Math.min(this.found.length, Math.ceil((top + this.panel.clientHeight) / height) + Panel.BEYOND);
    for (const [place, line] of this.drawn) {
      if ((place < first || place >= last) && !line.contains(document.activeElement)) {
        line.remove();
        this.drawn.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) if (!this.drawn.has(place)) this.add(place);
  }

  add(place) {
    const row = this.found[place];
    const button = make("button", "open", whereabouts(this.index, row));
    const input = make("div", "input", button);
    const line = make("div", "line", input);
    input.setAttribute("role", "rowheader");
    line.setAttribute("role", "row");
    line.setAttribute("aria-rowindex", place + 2);
    line.dataset.place = place;
    line.style.transform = `translateY(${place * this.height}px)`;
    line.style.height = `${this.height}px`;
    this.drawn.set(place, line);
    // Reading order is the order of the elements, so a row goes before the first one behind it.
    const behind = [...this.canvas.children].find((other) => Number(other.dataset.place) > place);
    this.canvas.insertBefore(line, behind ?? null);
    this.fill(line, input, row);
  }

  async fill(line, input, row) {
    const [data, results] = await this.rows.row(row);
    if (!line.isConnected) return;
    input.append(clipped(this.index.data, data));
    line.append(...this.shown.map((place) => answerCell(this.index, row, place, results[place])));
  }

  opened(event) {
    const line = event.target.closest(".line");
    if (line && !String(getSelection())) this.openDetail(Number(line.dataset.place));
  }

  moved(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    const line = event.target.closest(".line");
    if (!step || !line) return;
    event.preventDefault();
    this.focus(Number(line.dataset.place) + step);
  }

  focus(place) {
    const wanted = Math.min(this.found.length - 1, Math.max(0, place));
    const top = wanted * this.height, head = element("head").offsetHeight;
    const view = this.panel.clientHeight - head;
    if (top < this.panel.scrollTop) this.panel.scrollTop = top;
    if (top + this.height > this.panel.scrollTop + view) this.panel.scrollTop = top + this.height - view;
    this.draw();
    this.drawn.get(wanted)?.querySelector(".open").focus({ preventScroll: true });
  }
}
