// Shows a plain page in a browser that lacks what a call needs. It runs before everything else and
// in browsers of ten years ago, so its JavaScript is theirs.
(function () {
  "use strict";

  var needs = [
    // Modules are what the pages are made of; a browser without them stops here.
    ["modules", "noModule" in document.createElement("script")],
    ["WebRTC", "RTCPeerConnection" in window && "RTCRtpTransceiver" in window],
    ["WebSocket", "WebSocket" in window],
    ["dialog", "HTMLDialogElement" in window],
    ["ResizeObserver", "ResizeObserver" in window],
    ["AbortSignal", "AbortSignal" in window && "throwIfAborted" in AbortSignal.prototype],
    ["Intl.DisplayNames", "Intl" in window && "DisplayNames" in Intl],
    ["Array.at", "at" in Array.prototype],
    ["Object.hasOwn", "hasOwn" in Object],
  ];
  var missing = [];
  for (var i = 0; i < needs.length; i += 1) {
    if (!needs[i][1]) {
      missing.push(needs[i][0]);
    }
  }
  if (missing.length > 0) {
    show(missing);
  }

  // A browser that cannot read the pages' own scripts says so before anything is drawn.
  window.addEventListener("error", function (event) {
    var app = document.getElementById("app");
    if (event.error instanceof SyntaxError && app !== null && app.firstChild === null) {
      show([event.message]);
    }
  });

  function show(reasons) {
    document.documentElement.setAttribute("data-browser", "too-old");
    document.getElementById("old-browser-address").value = location.href;
    document.getElementById("old-browser-missing").textContent = reasons.join(", ");
    document.getElementById("old-browser").removeAttribute("hidden");
  }
})();
