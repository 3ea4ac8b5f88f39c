// A notice is said once: the address that carried it is put right, so that reloading the page, or
// coming back to it, does not say again what was done before.
"use strict";
(() => {
  const address = new URL(location.href);
  const said = ["done", "did", "answer", "refused", "setup"].filter((name) => address.searchParams.has(name));
  if (!said.length) return;
  said.forEach((name) => address.searchParams.delete(name));
  history.replaceState(history.state, "", address);
})();
