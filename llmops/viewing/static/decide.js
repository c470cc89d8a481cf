// Drafts the decision, shows what it says, and signs exactly that with the reviewer's key.

import { ask, onSubmit } from "./ask.js";
import { readKey, sign } from "./keys.js";

const form = document.querySelector("#decision");
const approval = document.querySelector("#approval");
const signing = document.querySelector("#signing");
const statement = document.querySelector("#statement");
const { address } = form.dataset;
let text = "";

function fit() {
  approval.hidden = approval.disabled = form.elements.verdict.value !== "approve";
  signing.hidden = true;
}

form.addEventListener("input", fit);
fit(); // a browser may bring back what was chosen before

onSubmit(form, async () => {
  signing.hidden = true;
  const fields = new FormData(form);
  const said = await ask("POST", `${address}/draft`, {
    ...Object.fromEntries(fields),
    percent: Number(fields.get("percent")),
    acknowledged: fields.getAll("acknowledged"),
  });
  text = said.text;
  statement.textContent = JSON.stringify(JSON.parse(text), null, 2);
  signing.hidden = false;
  signing.querySelector("h2").focus();
});

onSubmit(signing, async () => {
  const key = await readKey(signing.elements.key.files[0], signing.dataset.command);
  await ask("POST", `${address}/sign`, { signature: await sign(key, text) });
  location.assign(address);
});
