// What ipywidgets leaves unsaid to a screen reader. Runs in the browser, once in each view of a lab.
const set = (node, name, value) => {
  if (node && node.getAttribute(name) !== value) node.setAttribute(name, value);
};

function complete(lab) {
  for (const row of lab.querySelectorAll(".widget-slider")) {
    const label = row.querySelector("label").textContent;
    const readout = row.querySelector(".widget-readout");
    const handle = row.querySelector("[role=slider]");
    set(handle, "aria-label", label);
    set(handle, "aria-valuetext", readout.textContent); // not the exponent or place it stands for
    set(readout, "aria-label", label + ": type a value");
    if (readout.isContentEditable) set(readout, "role", "textbox");
  }
  for (const row of lab.querySelectorAll(".widget-toggle-buttons")) {
    set(row, "role", "group");
    set(row, "aria-label", row.querySelector("label").textContent);
    for (const button of row.querySelectorAll("button")) {
      set(button, "aria-pressed", String(button.classList.contains("mod-active")));
    }
  }
  for (const bar of lab.querySelectorAll("[role=progressbar]")) set(bar, "aria-label", "progress");
  // The text is replaced as a whole: what is announced must lie in a region that stays.
  const text = lab.querySelector("[role=status]");
  if (text) set(text.parentElement, "aria-live", "polite");
}

function begin(tries) {
  const lab = element.closest(".widget-vbox");
  if (lab) {
    const watch = { subtree: true, childList: true, characterData: true };
    watch.attributeFilter = ["class", "aria-valuetext"];
    new MutationObserver(() => complete(lab)).observe(lab, watch);
    complete(lab);
  } else if (tries) {
    setTimeout(() => begin(tries - 1), 50); // not in the page yet
  }
}

begin(200);
