// Which rows are shown. All but the text is answered from the index; text opens blocks one by one.

const REGRESSED = 1, IMPROVED = 2, BROKEN = 4;
const TABS = [["Regressed", REGRESSED], ["Improved", IMPROVED], ["Errors", BROKEN], ["All", 0]];

class Filters {
  constructor(index, rows, form) {
    this.index = index;
    this.rows = rows;
    this.form = form;
    this.latest = 0;
    this.offer();
    this.begin();
  }

  // The configuration that is looked at beside the baseline.
  get focus() {
    return Number(this.form.elements.focus.value);
  }

  offer() {
    const { datasets, repeats, facets, configurations, baseline } = this.index;
    const named = configurations.map(({ key, short }, place) => [place, `${key} ${short}`]);
    const variants = named.filter(([place]) => place !== baseline);
    this.fill("focus", variants.length ? variants : named);
    this.form.elements.focus.parentElement.hidden = variants.length < 2;
    if (datasets.length > 1) this.fill("dataset", datasets.map((name, place) => [place, name]));
    if (repeats > 1) this.fill("repeat", Array.from({ length: repeats }, (_, place) => [place, place + 1]));
    if (configurations.length > 1) {
      this.fill("differing", facets.map((facet, place) => [place, facet.name]));
      this.fill("by", named);
    }
    this.offerValues();
    const tabs = variants.length && baseline !== null ? TABS : TABS.slice(2);
    for (const [title, bits] of tabs) {
      const tab = Object.assign(document.createElement("input"), { type: "radio", name: "change", value: bits });
      element("tabs").append(make("label", "", tab, make("span", "", title, " ", make("b", ""))));
    }
  }

  offerValues() {
    const select = this.form.elements.value;
    this.index.facets.forEach((facet, place) => {
      if (!facet.values?.length) return;
      const group = document.createElement("optgroup");
      group.label = facet.name;
      facet.values.forEach((text, code) => group.append(new Option(text || "(empty)", `${place}:${code + 1}`)));
      select.append(group);
    });
    select.parentElement.hidden = !select.querySelector("optgroup");
  }

  fill(name, options) {
    const select = this.form.elements[name];
    for (const [value, text] of options) select.append(new Option(text, value));
    select.parentElement.hidden = !options.length;
  }

  // What a reviewer sees first: the lines that regressed, if there are any.
  begin() {
    this.form.elements.focus.value = this.index.focus;
    const counts = this.recount();
    this.form.elements.change.value = counts.get(REGRESSED) ? REGRESSED : 0;
  }

  recount() {
    const counts = new Map();
    for (const tab of element("tabs").querySelectorAll("input")) {
      const bits = Number(tab.value);
      let count = 0;
      for (let row = 0; row < this.rows.length; row += 1) count += this.isChanged(row, bits);
      tab.parentElement.querySelector("b").textContent = count.toLocaleString("en");
      counts.set(bits, count);
    }
    return counts;
  }

  // An error of the baseline counts too: the line can't be compared either way.
  isChanged(row, bits) {
    if (!bits) return true;
    const { changes, baseline } = this.index;
    const both = bits === BROKEN && baseline !== null ? changes[this.focus][row] | changes[baseline][row] : changes[this.focus][row];
    return Boolean(both & bits);
  }

  // Calls `found(rows, isLast)` whenever more is known; a newer search ends an older one.
  async search(found) {
    const mine = ++this.latest;
    const { by, value } = this.form.elements;
    by.parentElement.hidden = value.value === "" || by.length < 3;
    const candidates = this.byIndex();
    const text = this.form.elements.text.value.trim().toLowerCase();
    if (!text) return found(candidates, true);
    const wanted = JSON.stringify(text).slice(1, -1);
    const hits = [];
    let shown = performance.now();
    for (let place = 0; place < candidates.length;) {
      const number = this.rows.blockOf(candidates[place]);
      const start = this.rows.starts[number], end = this.rows.starts[number + 1] ?? this.rows.length;
      const block = await this.rows.block(number);
      if (mine !== this.latest) return;
      for (; place < candidates.length && candidates[place] < end; place += 1) {
        if (searched(block[candidates[place] - start]).includes(wanted)) hits.push(candidates[place]);
      }
      if (performance.now() - shown > 250) {
        found(hits.slice(), false);
        shown = performance.now();
      }
    }
    found(hits, true);
  }

  byIndex() {
    const { rows, facets } = this.index;
    const chosen = (name) => this.form.elements[name].value;
    const bits = Number(chosen("change"));
    const tests = [(row) => this.isChanged(row, bits)];
    for (const name of ["dataset", "repeat"]) {
      const value = chosen(name);
      if (value !== "") tests.push((row) => rows[name][row] === Number(value));
    }
    if (chosen("differing") !== "") {
      const bit = Number(chosen("differing"));
      tests.push((row) => (rows.differing[row] >>> bit) & 1);
    }
    if (chosen("value") !== "") {
      const [facet, code] = chosen("value").split(":").map(Number);
      const codes = facets[facet].codes;
      const by = chosen("by") === "" ? codes : [codes[Number(chosen("by"))]];
      tests.push((row) => by.some((column) => column[row] === code));
    }
    const found = [];
    for (let row = 0; row < this.rows.length; row += 1) if (tests.every((test) => test(row))) found.push(row);
    return found;
  }

  // A link names a line as people do: by its dataset, its number and who is looked at.
  link(row) {
    const { rows, datasets, repeats, configurations } = this.index;
    const link = new URLSearchParams({ line: rows.line[row] + 1, dataset: datasets[rows.dataset[row]] });
    if (repeats > 1) link.set("repeat", rows.repeat[row] + 1);
    link.set("with", configurations[this.focus].key);
    return link;
  }

  // Shows the row that a link names, and returns it; null where there is none.
  follow(link) {
    const { rows, datasets, configurations } = this.index;
    const dataset = link.has("dataset") ? datasets.indexOf(link.get("dataset")) : 0;
    const line = Number(link.get("line")) - 1, repeat = Number(link.get("repeat") ?? 1) - 1;
    const row = rows.line.findIndex((at, place) => at === line && rows.dataset[place] === dataset && rows.repeat[place] === repeat);
    if (row < 0) return null;
    for (const name of ["text", "dataset", "repeat", "differing", "value", "by"]) this.form.elements[name].value = "";
    this.begin();
    const focus = configurations.findIndex(({ key }) => key === link.get("with"));
    if (focus >= 0 && focus !== this.index.baseline) this.form.elements.focus.value = focus;
    this.recount();
    if (!this.byIndex().includes(row)) this.form.elements.change.value = 0;
    return row;
  }
}

function searched([data, results]) {
  const said = results.map((result) => result && [result[OUTPUTS], result[VERDICTS], result[ERROR], result[FAILED]]);
  return JSON.stringify([data, said]).toLowerCase();
}
