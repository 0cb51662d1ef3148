// What the page does by itself: heat maps, before/after, download, copied links, dark mode. Delegated from the
// document, because Gradio renders (and renders again) the elements later.
(() => {
  const stage = () => document.querySelector('.fg-stage');

  function heat(source) {
    const frame = document.querySelector('#fg-main .fg-frame') || document.querySelector('.fg-frame');
    if (!frame) return;
    const image = frame.querySelector('.fg-heat');
    const label = frame.querySelector('.fg-heat-label');
    if (!image || !label) return;
    image.hidden = label.hidden = !source;
    if (source) {
      image.src = source.dataset.heat;
      label.textContent = `what “${source.dataset.label}” changes`;
    }
    for (const mark of document.querySelectorAll('mark[data-span]')) {
      mark.classList.toggle('fg-lit', !!source && mark.dataset.span === source.dataset.span);
    }
  }

  const wordFor = (target) => {
    if (!(target instanceof Element)) return null;
    const word = target.closest('.fg-word');
    if (word) return word;
    const mark = target.closest('mark[data-span]');
    return mark && document.querySelector(`.fg-word[data-span="${mark.dataset.span}"]`);
  };

  for (const [on, off] of [['pointerover', 'pointerout'], ['focusin', 'focusout']]) {
    document.addEventListener(on, (event) => { const word = wordFor(event.target); if (word) heat(word); });
    document.addEventListener(off, (event) => { if (wordFor(event.target)) heat(null); });
  }

  function compare(input) {
    const before = input.closest('.fg-stage').querySelector('.fg-before');
    // 100 is all "now"; the older face is uncovered from the left as the handle moves there.
    if (before) before.style.clipPath = `inset(0 ${input.value}% 0 0)`;
  }
  document.addEventListener('input', (event) => {
    if (event.target.matches?.('.fg-compare input')) compare(event.target);
  });

  function say(button, words) {
    const old = button.dataset.words || button.textContent;
    button.dataset.words = old;
    button.textContent = words;
    setTimeout(() => { button.textContent = old; }, 1600);
  }

  document.addEventListener('click', async (event) => {
    const button = event.target.closest?.('[data-action]');
    if (!button) return;
    if (button.dataset.action === 'theme') {
      document.body.classList.toggle('dark');
    } else if (button.dataset.action === 'download') {
      const figure = stage();
      const anchor = document.createElement('a');
      anchor.href = figure.querySelector('.fg-face').src;
      anchor.download = figure.dataset.file;
      anchor.click();
    } else if (button.dataset.action === 'link') {
      const url = location.origin + location.pathname + stage().dataset.link;
      history.replaceState(null, '', url);
      try {
        await navigator.clipboard.writeText(url);
        say(button, 'Copied');
      } catch {
        say(button, 'In the address bar');
      }
    }
  });

  // What was said of the face before is pale until it is said of this one.
  const late = () => document.querySelectorAll('#fg-strip, #fg-seen');
  const stale = (is) => { for (const part of late()) part.classList.toggle('fg-stale', is); };
  new MutationObserver((changes) => {
    for (const { target } of changes) target.closest('.fg-stale')?.classList.remove('fg-stale');
  }).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-answer'] });

  // A new face starts without the comparison drawn over it.
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (target.classList?.contains('fg-face')) {
        heat(null);
        stale(true);
        const input = target.closest('.fg-stage')?.querySelector('.fg-compare input');
        if (input) { input.value = 100; compare(input); }
      }
    }
  }).observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: ['src'] });
})();
