// A button that makes or uses a passkey, with allauth's script. The form is shown only where the browser can.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const button = form.querySelector("button[id]");
  const credential = form.querySelector("input[name$=credential]");
  const ids = { add: button.id, authenticate: button.id, credential: credential.id, data: "passkey-data" };
  form.hidden = false;
  for (const text of document.querySelectorAll("[data-without-passkeys]")) text.hidden = true;
  allauth.webauthn.forms[form.dataset.passkey]({ ids });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    form.querySelector("[data-failed]").hidden = false;
  });
}
