async function start() {
  if (!("DecompressionStream" in globalThis)) {
    element("count").textContent = "This browser is too old to unpack the lines; they are also in results.csv.";
    return;
  }
  const index = await unpack("index");
  const rows = new Rows(index);
  const form = element("filters");
  const filters = new Filters(index, rows, form);
  const detail = new Detail(index, rows);
  const panel = new Panel(index, rows, (place) => detail.open(panel, place));

  const apply = () => filters.search((found, isLast) => {
    panel.show(found);
    const all = rows.length.toLocaleString("en"), some = found.length.toLocaleString("en");
    const count = found.length === rows.length ? `${all} lines` : `${some} of ${all} lines`;
    element("count").textContent = isLast ? count : `${count}, searching…`;
  });
  let pause;
  form.addEventListener("input", (event) => {
    clearTimeout(pause);
    pause = setTimeout(apply, event.target.name === "text" ? 200 : 0);
  });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());

  const boxes = index.configurations.map(({ key, label }) => {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    element("columns").append(make("label", "", box, make("b", "key", key), make("span", "", label)));
    return box;
  });
  element("columns").addEventListener("change", () => {
    panel.chooseColumns(boxes.flatMap((box, place) => (box.checked ? [place] : [])));
  });
  element("columns").hidden = boxes.length < 2;
  await apply();
}

start();
