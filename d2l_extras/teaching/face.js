// The form of a question: a fieldset of native controls, so that keyboards and screen readers know
// it. What is right is known to the kernel only.
let forms = 0;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Text in which what stands between backticks is code: never read as HTML.
function words(text) {
  return text.split(/`([^`]+)`/).map((part, place) =>
    place % 2 ? element("code", { textContent: part }) : part);
}

function radios(name, pairs, type) {
  return pairs.map(([value, text]) =>
    element("label", {}, element("input", { type: "radio", name: name + type, value }), element("span", {}, ...words(text))));
}

function chosen(form, type) {
  return form.querySelector(`input[name$="${type}"]:checked`)?.value;
}

// The place in a picture: pointed at, or typed; a ring shows what the text says.
function pictureOf(model, form, field) {
  const [left, top, width, height] = model.get("axes");
  const image = element("img", { src: model.get("picture"), alt: model.get("words") });
  const ring = element("i", { hidden: true });
  const picture = element("div", { className: "picture" }, image, ring);
  picture.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height;
    ring.style.left = `${100 * across}%`;
    ring.style.top = `${100 * down}%`;
    ring.hidden = false;
    model.send({ pointed: [(across - left) / width, (down - top) / height] });
  });
  field.addEventListener("input", () => { ring.hidden = true; });
  return picture;
}

function render({ model, el }) {
  const name = `d2l-extras-question-${++forms}`, kind = model.get("kind");
  const form = element("form", { className: "d2l-extras-question" });
  const group = element("fieldset", {}, element("legend", { textContent: model.get("title"), hidden: true }));
  group.setAttribute("aria-label", model.get("title"));
  let field = null;
  if (kind === "choice") {
    group.append(...radios(name, model.get("options").map(([key, text]) => [key, `${key}. ${text}`]), "answer"));
  } else {
    field = element("input", { type: "text", autocomplete: "off" });
    if (kind === "place") group.append(pictureOf(model, form, field));
    const text = kind === "place" ? "Choose a place in the picture, or type it as x, y:" : model.get("hint");
    group.append(element("label", {}, element("span", {}, ...words(text)), field));
  }
  const sure = element("fieldset", { className: "row" }, element("span", { textContent: "How sure are you? (optional)" }),
    ...radios(name, model.get("sure_words").map((word) => [word, word]), "sure"));
  sure.setAttribute("aria-label", "How sure are you?");
  const answer = element("button", { type: "submit", textContent: "Answer" });
  const skip = element("button", { type: "button", textContent: "Skip" });
  const reply = element("div", { className: "reply" });
  reply.setAttribute("role", "status");
  reply.setAttribute("aria-live", "polite");

  const ready = () => { answer.disabled = !(field ? field.value.trim() : chosen(form, "answer")); };
  form.addEventListener("input", ready);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ready();
    if (answer.disabled) return;
    reply.textContent = "";
    model.send({ answer: field ? field.value : chosen(form, "answer"), sure: chosen(form, "sure") ?? null });
  });
  skip.addEventListener("click", () => model.send({ skip: true }));
  const said = () => {
    reply.className = `reply ${model.get("verdict")}`;
    reply.replaceChildren(...words(model.get("reply")));
  };
  // A second answer may get the same reply: said again, though nothing changes in the model.
  const heard = (message) => {
    if (message.place !== undefined) { field.value = message.place; ready(); }
    if (message.said) said();
  };
  model.on("change:reply", said);
  model.on("msg:custom", heard);
  // JupyterLab hears keys before the form does, and takes letters, arrows and Enter for its own.
  const silence = (event) => {
    if (!form.contains(event.target)) return;
    const plain = !(event.ctrlKey || event.metaKey || event.altKey);
    event.target.toggleAttribute("data-lm-suppress-shortcuts", plain);
    if (event.key === "Enter" && plain && event.target.matches("input")) {
      event.preventDefault();
      event.stopPropagation();
      form.requestSubmit();
    }
  };
  window.addEventListener("keydown", silence, true);
  form.append(group, sure, element("div", { className: "row" }, answer, skip), reply);
  ready();
  said();
  el.append(form);
  return () => { window.removeEventListener("keydown", silence, true); model.off("change:reply", said); model.off("msg:custom", heard); };
}

export default { render };
