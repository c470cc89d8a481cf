import { ask, onSubmit } from "./ask.js";
import { readKey, sign } from "./keys.js";

const form = document.querySelector("#sign-in");
const out = document.querySelector("#sign-out");

if (form) {
  onSubmit(form, async () => {
    const address = form.getAttribute("action");
    const key = await readKey(form.elements.key.files[0], form.dataset.command);
    const { challenge } = await ask("POST", `${address}/challenge`);
    await ask("POST", `${address}/sign-in`, { signature: await sign(key, challenge) });
    location.assign(`${address}/review`);
  });
}
if (out) {
  onSubmit(out, async () => {
    await ask("POST", "/sign-out");
    location.reload();
  });
}
