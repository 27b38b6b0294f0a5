// Mathematics first, then the slides. What is higher than a slide is made smaller, never cut off.
renderMathInElement(document.querySelector(".slides"), {
  throwOnError: false,
  delimiters: [
    { left: "$$", right: "$$", display: true },
    { left: "$", right: "$", display: false },
  ],
});
const HEIGHT = 690, LITTLE = 260;
function fit(slide) {
  if (!slide || slide.dataset.fitted || !slide.offsetHeight) return;
  slide.dataset.fitted = "1";
  const zoom = (scale) => { for (const part of slide.children) part.style.zoom = scale; };
  if (slide.scrollHeight < LITTLE && !slide.querySelector("pre")) zoom(1.35); // for the last row
  for (let scale = 0.95; slide.scrollHeight > HEIGHT && scale > 0.35; scale -= 0.05) {
    zoom(scale);
  }
}
Reveal.initialize({
  width: 1280, height: 720, margin: 0.02, hash: true, center: false, slideNumber: "c/t",
  transition: "none", plugins: [RevealNotes],
}).then(() => {
  const present = () => { fit(Reveal.getCurrentSlide()); Reveal.layout(); };
  Reveal.on("slidechanged", present);
  present();
});
