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
    } else if (button.dataset.action === 'face') {
      document.querySelector('[role="tab"][data-tab-id="describe"]')?.click();
      requestAnimationFrame(() => document.querySelector('#fg-main').scrollIntoView({ block: 'center' }));
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

  // The face stays in sight while the switches below it or the people of the second tab change it.
  function peek() {
    const small = document.querySelector('.fg-peek');
    const large = document.querySelector('#fg-main .fg-frame');
    if (!small || !large) return;
    const tab = document.querySelector('[role="tab"][aria-selected="true"]')?.dataset.tabId;
    const box = large.getBoundingClientRect();
    const seen = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0) > box.height * 0.4;
    const hide = !['describe', 'people'].includes(tab) || (box.height > 0 && seen);
    if (small.hidden !== hide) small.hidden = hide;
    const face = large.querySelector('.fg-face');
    const image = small.querySelector('img');
    if (image.src !== face.src) image.src = face.src;
    const words = face.alt.replace(/^Synthetic face[:,] /, '');
    if (small.querySelector('b').textContent !== words) small.querySelector('b').textContent = words;
  }
  let due = false;
  const soon = () => {
    if (!due) requestAnimationFrame(() => { due = false; peek(); });
    due = true;
  };
  document.addEventListener('scroll', soon, { passive: true, capture: true });
  addEventListener('resize', soon);
  new MutationObserver(soon).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['src', 'aria-selected'] });

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
