// Asks the server; what it refuses becomes an error with its words.

export async function ask(method, address, content = {}, options = {}) {
  const answer = await fetch(address, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(content),
    ...options,
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

// Runs what a form asks for, once at a time; what goes wrong is said in the form's own place.
export function onSubmit(form, work) {
  const fault = form.querySelector("[role=alert]");
  const button = form.querySelector("button:not([type=button])");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fault.textContent = "";
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      fault.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}
