// Which rows are shown. All but the text is answered from the index; text opens blocks one by one.

class Filters {
  constructor(index, rows, form) {
    this.index = index;
    this.rows = rows;
    this.form = form;
    this.latest = 0;
    this.offer();
  }

  offer() {
    const { datasets, repeats, facets, configurations } = this.index;
    if (datasets.length > 1) this.fill("dataset", datasets.map((name, place) => [place, name]));
    if (repeats > 1) this.fill("repeat", Array.from({ length: repeats }, (_, place) => [place, place + 1]));
    if (configurations.length > 1) {
      this.fill("differing", facets.map((facet, place) => [place, facet.name]));
      this.fill("by", configurations.map((item, place) => [place, `${item.key} ${item.label}`]));
      this.form.elements.by.parentElement.hidden = true; // until there is a value to be given
    }
    const select = this.form.elements.value;
    facets.forEach((facet, place) => {
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
    const tests = [];
    for (const name of ["dataset", "repeat", "failed"]) {
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
}

function searched([data, results]) {
  const said = results.map((result) => result && [result[OUTPUTS], result[VERDICTS], result[ERROR], result[FAILED]]);
  return JSON.stringify([data, said]).toLowerCase();
}
