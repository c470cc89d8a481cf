async function start() {
  if (!("DecompressionStream" in globalThis)) {
    element("count").textContent = "This browser is too old to unpack the lines; they are also in results.csv.";
    return;
  }
  const index = await unpack("index");
  const rows = new Rows(index);
  const form = element("filters");
  const filters = new Filters(index, rows, form);
  const detail = new Detail(index, rows, filters);
  const panel = new Panel(index, rows, filters, (place) => detail.open(panel, place));

  const apply = () => filters.search((found, isLast) => {
    panel.show(found);
    const all = rows.length.toLocaleString("en"), some = found.length.toLocaleString("en");
    const count = found.length === rows.length ? `${all} lines` : `${some} of ${all} lines`;
    element("count").textContent = isLast ? count : `${count}, searching…`;
  });
  let pause;
  form.addEventListener("input", (event) => {
    clearTimeout(pause);
    if (event.target.name === "focus") filters.recount();
    pause = setTimeout(apply, event.target.name === "text" ? 200 : 0);
  });
  form.addEventListener("reset", () => setTimeout(() => {
    filters.begin();
    apply();
  }));
  form.addEventListener("submit", (event) => event.preventDefault());

  const openLinked = async () => {
    const row = filters.follow(new URLSearchParams(location.hash.slice(1)));
    if (row === null) return;
    await apply();
    await detail.open(panel, panel.found.indexOf(row));
  };
  addEventListener("hashchange", openLinked);
  await apply();
  await openLinked();
}

start();
