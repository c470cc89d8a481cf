// The reviewer's private key: read in this page, used in this page, sent nowhere.

const PEM = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;

export async function readKey(file, command) {
  if (!file) throw new Error("Choose your private key first.");
  const text = file.size < 10_000 ? await file.text() : "";
  if (text.includes("BEGIN OPENSSH PRIVATE KEY")) {
    throw new Error(`A browser cannot read an OpenSSH key; in a terminal: ${command}`);
  }
  if (text.includes("BEGIN ENCRYPTED PRIVATE KEY")) {
    throw new Error(`A browser cannot read a key with a passphrase; in a terminal: ${command}`);
  }
  const found = PEM.exec(text);
  if (!found) throw new Error("This file is no private key in PEM form, as `llmops keygen` writes it.");
  const bytes = Uint8Array.from(atob(found[1].replace(/\s/g, "")), (sign) => sign.charCodeAt(0));
  try {
    return await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", false, ["sign"]);
  } catch (error) {
    const why = error.name === "NotSupportedError"
      ? "This browser cannot sign with Ed25519" : "This is no Ed25519 key";
    throw new Error(`${why}; in a terminal: ${command}`);
  }
}

// Returns the signature of the text in base64.
export async function sign(key, text) {
  const bytes = await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
