// The API to read and to try: Swagger UI over this daemon's own description, and whether this browser is signed in.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");

function followTheSystem() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

async function showSession() {
  const told = document.getElementById("session");
  const answer = await fetch("/api/v1/system/session");
  const session = answer.ok ? await answer.json() : { admitted_by: null };
  document.getElementById("sign-out").hidden = session.admitted_by !== "session";
  told.textContent =
    {
      session: "Signed in: requests from this page are let in.",
      nothing: "No token is asked for here.",
    }[session.admitted_by] ||
    "Not signed in: run `andiron open` in a terminal, or give the token under Authorize.";
}

async function signOut() {
  await fetch("/signout", { method: "POST" });
  await showSession();
}

followTheSystem();
dark.addEventListener("change", followTheSystem);
document.getElementById("sign-out").addEventListener("click", signOut);
showSession();
SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("api"),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  // Nothing is asked of, or sent to, any other machine.
  validatorUrl: null,
  withCredentials: false,
  tryItOutEnabled: true,
});
