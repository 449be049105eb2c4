// Trades the code behind the address's `#` for a session, then goes on to the page it was meant for.
"use strict";

const AGAIN = "Run `andiron open` in a terminal to get a link.";

async function signIn() {
  tell("Signing this browser in …");
  const given = new URLSearchParams(location.hash.slice(1));
  const code = given.get("code");
  const page = given.get("page") || "/docs";
  // The code is not to stay in the address bar or the history.
  history.replaceState(null, "", location.pathname);
  if (!code) {
    tell(`There is no code in this address. ${AGAIN}`);
    return;
  }
  const answer = await fetch("/signin", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code }),
  });
  if (answer.ok) {
    // Pages of this browser that wait for a session hear of it.
    localStorage.setItem("signed-in", String(Date.now()));
    // Only ever to a path of this daemon.
    location.replace(new URL(page, location.origin).pathname);
    return;
  }
  const { error } = await answer.json();
  tell(`This did not work: ${error.message}. ${error.hint || AGAIN}`);
}

function tell(text) {
  document.getElementById("told").textContent = text;
}

function start() {
  signIn().catch((error) => tell(`This did not work: ${error.message}. ${AGAIN}`));
}

// A second link followed in the same tab changes what is behind the `#` only.
addEventListener("hashchange", start);
start();
