// Mathematics first, then the slides; what is higher than a slide is made smaller, never cut off.
renderMathInElement(document.querySelector(".slides"), {
  output: "mathml",
  throwOnError: false,
  delimiters: [
    { left: "$$", right: "$$", display: true },
    { left: "$", right: "$", display: false },
  ],
});
const HEIGHT = 690;
function fit(slide) {
  if (!slide || slide.dataset.fitted || !slide.offsetHeight) return;
  slide.dataset.fitted = "1";
  for (let scale = 0.95; slide.scrollHeight > HEIGHT && scale > 0.35; scale -= 0.05) {
    for (const part of slide.children) part.style.zoom = scale;
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
