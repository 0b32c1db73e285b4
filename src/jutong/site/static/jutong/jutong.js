/* What pages do beyond plain HTML: HTMX settings and CSRF, copying, unsaved changes, file drops, closing of menus. */
(function () {
  "use strict";

  function cookie(name) {
    var found = document.cookie.split("; ").find(function (part) { return part.indexOf(name + "=") === 0; });
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  function csrf() {
    var field = document.querySelector("input[name=csrfmiddlewaretoken]");
    var meta = document.querySelector("meta[name=csrf-token]");
    return (meta && meta.content) || (field && field.value) || cookie("jutong_csrf");
  }

  function say(words) {
    var region = document.getElementById("jt-live");
    if (region) { region.textContent = ""; window.setTimeout(function () { region.textContent = words; }, 30); }
  }

  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.verb !== "get") { event.detail.headers["X-CSRFToken"] = csrf(); }
  });
  /* A refusal carries its sentence: show it where the answer would have gone. */
  document.addEventListener("htmx:beforeSwap", function (event) {
    var status = event.detail.xhr.status;
    if (status >= 400 && event.detail.xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    var words = event.detail.target && event.detail.target.getAttribute("data-announce");
    if (words) { say(words); }
    boot(event.detail.target || document);
  });
  document.addEventListener("htmx:sendError", function () {
    var region = document.getElementById("jt-live");
    say((region && region.getAttribute("data-offline")) || "");
  });

  document.addEventListener("click", function (event) {
    var copy = event.target.closest("[data-copy]");
    if (copy) {
      var source = document.getElementById(copy.getAttribute("data-copy"));
      var copied = function () { say(copy.getAttribute("data-copied")); copy.classList.add("jt-copied"); };
      if (navigator.clipboard) { navigator.clipboard.writeText(source.textContent).then(copied); return; }
      window.getSelection().selectAllChildren(source);  // without HTTPS there is no clipboard: what is selected can be taken by hand
      if (document.execCommand("copy")) { copied(); }
      return;
    }
    document.querySelectorAll("details.jt-menu[open], details.jt-confirm[open], details.jt-fold[open]").forEach(function (box) {
      if (!box.contains(event.target)) { box.removeAttribute("open"); }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    document.querySelectorAll("details.jt-menu[open], details.jt-confirm[open], details.jt-fold[open]").forEach(function (box) {
      box.removeAttribute("open");
      box.querySelector("summary").focus();
    });
  });
  document.addEventListener("change", function (event) {
    var all = event.target.closest("[data-tick-all]");
    if (!all) { return; }
    document.querySelectorAll("input[name='" + all.getAttribute("data-tick-all") + "']").forEach(function (box) { box.checked = all.checked; });
  });
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });

  /* What a QR code carries behind the # never reaches a server by itself: it is put into the field for a person to send. */
  document.querySelectorAll("[data-from-hash] textarea").forEach(function (area) {
    if (location.hash.length > 1 && !area.value) { area.value = decodeURIComponent(location.hash.slice(1)); }
  });

  /* Leaving a changed form asks first; submitting it does not. */
  var changed = false;
  document.addEventListener("input", function (event) { if (event.target.closest("form[data-guard]")) { changed = true; } });
  document.addEventListener("submit", function (event) {
    changed = false;
    if (event.defaultPrevented) { return; } /* HTMX sends it and keeps its own state */
    var buttons = event.target.querySelectorAll("button[type=submit]");
    var set = function (off) { return function () { buttons.forEach(function (button) { button.disabled = off; }); }; };
    window.setTimeout(set(true), 0);
    window.setTimeout(set(false), 5000); /* the answer may be a file: the page stays */
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { document.querySelectorAll("button[type=submit]:disabled").forEach(function (button) { button.disabled = false; }); }
  });
  document.addEventListener("jutong:kept", function () { changed = false; });
  /* An answer that is neither an error, nor the door, nor the form again: what was sent has arrived and need not be kept. */
  var sent = sessionStorage.getItem("jutong-sent");
  if (sent && !document.querySelector(".jt-wrong, .jt-door, form[data-keep]")) { sessionStorage.removeItem(sent); }
  sessionStorage.removeItem("jutong-sent");
  window.addEventListener("beforeunload", function (event) { if (changed) { event.preventDefault(); } });

  function size(bytes) {
    return bytes < 1048576 ? (bytes / 1024).toFixed(1) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
  }

  function boot(root) {
    root.querySelectorAll(".jt-drop").forEach(function (drop) {
      var input = drop.querySelector("input[type=file]");
      if (!input || drop.dataset.ready) { return; }
      drop.dataset.ready = "1";
      ["dragenter", "dragover"].forEach(function (name) {
        drop.addEventListener(name, function (event) { event.preventDefault(); drop.classList.add("jt-drop-over"); });
      });
      ["dragleave", "drop"].forEach(function (name) { drop.addEventListener(name, function () { drop.classList.remove("jt-drop-over"); }); });
      drop.addEventListener("drop", function (event) {
        event.preventDefault();
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
      input.addEventListener("change", function () {
        var file = input.files[0];
        var most = Number(drop.getAttribute("data-most") || 0);
        var name = drop.querySelector(".jt-drop-name");
        if (!file) { return; }
        name.textContent = file.name + " · " + size(file.size);
        input.setCustomValidity(most && file.size > most ? drop.getAttribute("data-too-large") : "");
        input.reportValidity();
      });
    });
    if (window.matchMedia("(max-width: 61.99rem)").matches) {
      root.querySelectorAll("details.jt-facet[open]:not([data-active])").forEach(function (facet) { facet.removeAttribute("open"); });
    }
    if (window.jutongCharts) { window.jutongCharts(root); }
  }
  boot(document);
}());
