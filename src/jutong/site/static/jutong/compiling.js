/* The editing page of an entry: what was typed survives the session, and rows copied from a spreadsheet are pasted as rows. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-keep]");
  if (!form) { return; }
  var key = "jutong-kept:" + form.getAttribute("data-keep") + ":" + location.pathname;
  var rows = document.getElementById("item-rows");

  /* ---- rows: as many as are needed come from the server ---- */

  function after(wanted, then) {
    var lacking = wanted - rows.children.length;
    if (lacking <= 0) { then(); return; }
    var address = document.getElementById("add-row").getAttribute("hx-get") + "&more=" + lacking;
    window.htmx.ajax("GET", address, { target: "#item-rows", swap: "beforeend" }).then(then);
  }

  /* Returns whether the value could be put in. */
  function put(field, value) {
    if (!field) { return !value; }
    if (field.type === "checkbox") { field.checked = /^(是|√|✓|1|y|yes|true|on)$/i.test(value); return true; }
    if (field.tagName !== "SELECT") { field.value = value; return true; }
    var found = Array.prototype.find.call(field.options, function (one) { return one.text.trim() === value || one.value === value; });
    if (found) { field.value = found.value; }
    return Boolean(found) || !value;
  }

  function changed(target) {
    ["input", "change"].forEach(function (name) { target.dispatchEvent(new Event(name, { bubbles: true })); });
  }

  function tell(words) {
    var place = document.getElementById("pasted");
    place.textContent = words;
    place.hidden = false;
  }

  document.addEventListener("paste", function (event) {
    var cell = event.target.closest("#item-rows td");
    var text = cell && event.clipboardData ? event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n+$/, "") : "";
    if (!/[\t\n]/.test(text)) { return; }
    event.preventDefault();
    var lines = text.split("\n").map(function (line) { return line.split("\t"); });
    var top = Array.prototype.indexOf.call(rows.children, cell.parentElement);
    var left = Array.prototype.indexOf.call(cell.parentElement.children, cell);
    after(top + lines.length, function () {
      var missed = 0;
      lines.forEach(function (cells, down) {
        cells.forEach(function (value, across) {
          var place = rows.children[top + down] && rows.children[top + down].children[left + across];
          if (!put(place && place.querySelector("input, select, textarea"), value.trim())) { missed += 1; }
        });
      });
      var words = document.getElementById("pasted");
      tell(words.getAttribute("data-rows").replace("#", lines.length) + (missed ? words.getAttribute("data-missed").replace("#", missed) : ""));
      changed(cell.querySelector("input, select, textarea"));
    });
  });

  /* ---- what was typed: kept in this window until it is saved ---- */

  /* Without the version: who restores after somebody else saved has seen the newer one on this page. */
  function typed() {
    return Array.from(new FormData(form).entries()).filter(function (pair) {
      return typeof pair[1] === "string" && form.elements[pair[0]].type !== "hidden";
    });
  }

  function keep() { sessionStorage.setItem(key, JSON.stringify(typed())); }

  function restore(kept) {
    var places = kept.map(function (pair) { return /^items-(\d+)-/.exec(pair[0]); }).filter(Boolean);
    var most = places.reduce(function (high, found) { return Math.max(high, Number(found[1]) + 1); }, 0);
    after(most, function () {
      form.querySelectorAll("[type=checkbox]").forEach(function (box) { box.checked = false; });
      kept.forEach(function (pair) {
        form.querySelectorAll("[name='" + CSS.escape(pair[0]) + "']").forEach(function (field) {
          if (field.type !== "checkbox") { field.value = pair[1]; } else if (field.value === pair[1]) { field.checked = true; }
        });
      });
      changed(form.querySelector("textarea, input:not([type=hidden])"));
    });
  }

  function offer(kept) {
    var box = document.getElementById("kept");
    box.hidden = false;
    box.querySelector("[data-restore]").addEventListener("click", function () { box.hidden = true; restore(kept); });
    box.querySelector("[data-forget]").addEventListener("click", function () { box.hidden = true; sessionStorage.removeItem(key); });
  }

  var kept = sessionStorage.getItem(key);
  if (kept && kept !== JSON.stringify(typed())) { offer(JSON.parse(kept)); }
  var waiting = 0;
  form.addEventListener("input", function () { window.clearTimeout(waiting); waiting = window.setTimeout(keep, 500); });
  form.addEventListener("submit", function () { window.clearTimeout(waiting); keep(); sessionStorage.setItem("jutong-sent", key); });
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.xhr.status === 401) { keep(); document.dispatchEvent(new Event("jutong:kept")); }
  });
}());
