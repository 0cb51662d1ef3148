// What the page does by itself: heat maps, before/after, links, the way back, themes and keys. Delegated from the document,
// because Gradio renders (and renders again) the elements later.
(() => {
  const find = (selector) => document.querySelector(selector);
  const stage = () => find('.fg-stage');
  const store = (where, key, value) => {
    try {
      if (value !== undefined) where.setItem(`facegen.${key}`, JSON.stringify(value));
      return JSON.parse(where.getItem(`facegen.${key}`));
    } catch {
      return null; // a browser may forbid it, or be full
    }
  };
  const facegen = (window.facegen = { restore: () => {} });

  // --- where a word acts ---
  function heat(source) {
    const image = find('#fg-main .fg-heat');
    const label = find('#fg-main .fg-heat-label');
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
    const mark = target.closest('mark[data-span]');
    return target.closest('.fg-word') || (mark && find(`.fg-word[data-span="${mark.dataset.span}"]`));
  };
  for (const [on, off] of [['pointerover', 'pointerout'], ['focusin', 'focusout']]) {
    document.addEventListener(on, (event) => { const word = wordFor(event.target); if (word) heat(word); });
    document.addEventListener(off, (event) => { if (wordFor(event.target)) heat(null); });
  }

  // --- before and now ---
  let before = null;
  function compare() {
    const figure = stage();
    if (!figure) return;
    const input = figure.querySelector('.fg-compare input');
    const image = figure.querySelector('.fg-before');
    input.disabled = image.hidden = !before;
    if (before && image.getAttribute('src') !== before) image.src = before;
    // 100 is all "now"; the older face is uncovered from the left as the handle moves there.
    image.style.clipPath = `inset(0 ${input.value}% 0 0)`;
  }
  document.addEventListener('input', (event) => { if (event.target.matches?.('.fg-compare input')) compare(); });

  // --- the way back: the address bar holds the face, the browser's history the faces before it ---
  const same = (a, b) => [a, b].map((q) => [...new URLSearchParams(q)].sort().join('&')).reduce((x, y) => x === y);
  const named = (query) => ['text', 'person', 'seed', 'set'].some((key) => new URLSearchParams(query).has(key));
  let home = null; // the face of a plain visit, which has no link in the address bar
  let awaited = named(location.search); // a face by link is on its way; the one on the page is not it
  let pending = null; // the same for Back, undo and the gallery: { link, until }
  const restore = (link) => {
    pending = { link, until: performance.now() + 10000 };
    facegen.restore(link);
  };
  const at = () => history.state?.at ?? 0;
  function steps() {
    const last = store(sessionStorage, 'last') ?? 0;
    const states = { undo: at() <= 0, redo: at() >= last };
    for (const [action, off] of Object.entries(states)) {
      for (const button of document.querySelectorAll(`[data-action="${action}"]`)) button.disabled = off;
    }
  }
  let wordy = 0; // until when the words in the box are waited for
  function typing(link) {
    const box = find('#fg-text textarea');
    const drawn = box?.value.trim() === new URLSearchParams(link).get('text').trim();
    if (drawn || !find('#fg-live input')?.checked) { wordy = 0; return false; }
    wordy = wordy || performance.now() + 10000;
    return performance.now() < wordy;
  }
  function settle() {
    const link = stage()?.dataset.link;
    if (!link || (awaited && same(link, home))) return;
    if (typing(link)) { settleSoon(); return; }
    awaited = false;
    if (pending && !same(link, pending.link) && performance.now() < pending.until) { settleSoon(); return; }
    pending = null;
    const here = named(location.search) ? location.search : home;
    if (!same(link, here)) {
      if (history.state?.at === undefined) {
        history.replaceState({ at: 0 }, '', link);
      } else {
        history.pushState({ at: at() + 1 }, '', link);
        store(sessionStorage, 'last', at());
      }
    } else if (history.state?.at === undefined) {
      history.replaceState({ at: 0 }, '');
    }
    steps();
    remember('trail', sessionStorage, 24);
  }
  addEventListener('popstate', () => {
    const link = named(location.search) ? location.search : home;
    if (link && (pending || !same(link, stage()?.dataset.link ?? ''))) restore(link);
    steps();
  });
  let timer;
  const settleSoon = () => { clearTimeout(timer); timer = setTimeout(settle, 600); };

  // --- the gallery lives in this browser: links and small pictures ---
  function small() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 112, height: 112 });
    canvas.getContext('2d').drawImage(find('#fg-face'), 0, 0, 112, 112);
    return canvas.toDataURL('image/webp', 0.82);
  }
  function remember(list, where, most, link = stage().dataset.link, src = small()) {
    const entries = (store(where, list) ?? []).filter((entry) => !same(entry.link, link));
    const caption = new URLSearchParams(link).get('text').slice(0, 60) || 'left to chance';
    store(where, list, [...entries, { link, src, caption }].slice(-most));
    dispatchEvent(new Event('facegen-lists'));
  }
  facegen.lists = () => ({ gallery: store(localStorage, 'gallery') ?? [], trail: store(sessionStorage, 'trail') ?? [] });
  facegen.forget = (link) => {
    store(localStorage, 'gallery', facegen.lists().gallery.filter((entry) => !same(entry.link, link)));
    dispatchEvent(new Event('facegen-lists'));
  };
  const starred = (link) => facegen.lists().gallery.some((entry) => same(entry.link, link));
  function stars() { // a star is full where its face is in the gallery, whoever put it there
    for (const button of document.querySelectorAll('[data-action="star"]')) {
      const full = String(starred(button.dataset.link));
      if (button.getAttribute('aria-pressed') === full) continue;
      button.setAttribute('aria-pressed', full);
      button.textContent = full === 'true' ? '★' : '☆';
    }
  }
  addEventListener('facegen-lists', stars);
  facegen.open = (link) => { find('[role="tab"][data-tab-id="describe"]')?.click(); restore(link); };

  // --- buttons ---
  function say(button, words) {
    const old = button.dataset.words || button.textContent;
    button.dataset.words = old;
    button.textContent = words;
    setTimeout(() => { button.textContent = old; }, 1600);
  }
  function dark(on) {
    document.body.classList.toggle('dark', on);
    return document.body.classList.contains('dark');
  }
  const actions = {
    theme: () => store(localStorage, 'dark', dark()),
    undo: () => history.back(),
    redo: () => history.forward(),
    clear: () => find('#fg-board .fg-reset').click(),
    help: () => find('#fg-help')?.showModal(),
    tour: () => { store(localStorage, 'toured', true); find('.fg-tour').hidden = true; },
    next: () => {
      const tips = [...document.querySelectorAll('.fg-tour li')];
      const now = tips.findIndex((tip) => !tip.hidden);
      if (now + 1 >= tips.length) { actions.tour(); return; }
      tips[now].hidden = true;
      tips[now + 1].hidden = false;
    },
    keep: (button) => { remember('gallery', localStorage, 96); say(button, 'In the gallery'); },
    film: () => Object.assign(document.createElement('a'), { href: find('#fg-film img').src, download: 'facegen-morph.webp' }).click(),
    star: (button) => {
      const { link } = button.dataset;
      if (starred(link)) facegen.forget(link);
      else remember('gallery', localStorage, 96, link, button.parentElement.querySelector('img').src);
    },
    face: () => {
      find('[role="tab"][data-tab-id="describe"]')?.click();
      requestAnimationFrame(() => find('#fg-main').scrollIntoView({ block: 'center' }));
    },
    link: async (button) => {
      const url = location.origin + location.pathname + stage().dataset.link;
      try {
        await navigator.clipboard.writeText(url);
        say(button, 'Copied');
      } catch {
        settle();
        say(button, 'In the address bar');
      }
    },
  };
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-action]');
    if (button) actions[button.dataset.action](button);
  });

  // --- keys: shortcuts outside of text, arrows inside a group of buttons ---
  const press = (selector) => () => find(selector)?.click();
  const keys = { n: press('#fg-new'), u: actions.undo, r: actions.redo, '?': actions.help, '/': () => find('#fg-text textarea')?.focus() };
  document.addEventListener('keydown', (event) => {
    const target = event.target;
    const typing = target.matches?.('textarea, select, input:not([type=radio], [type=checkbox], [type=range])');
    const group = target.closest?.('[data-roving]');
    if (group && ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'Home', 'End'].includes(event.key)) {
      const buttons = [...group.querySelectorAll('button')];
      const now = buttons.indexOf(target.closest('button'));
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = event.key === 'Home' ? 0 : event.key === 'End' ? buttons.length - 1 : now + step;
      buttons[(next + buttons.length) % buttons.length].focus();
      event.preventDefault();
    } else if (!typing && (event.ctrlKey || event.metaKey) && ['z', 'y'].includes(event.key.toLowerCase())) {
      (event.key.toLowerCase() === 'y' || event.shiftKey ? actions.redo : actions.undo)();
      event.preventDefault();
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
      keys[event.key]();
      event.preventDefault();
    }
  });
  document.addEventListener('focusin', (event) => {
    const group = event.target.closest?.('[data-roving]');
    if (group) for (const button of group.querySelectorAll('button')) button.tabIndex = button === event.target ? 0 : -1;
  });

  // --- what was said of the face before is pale until it is said of this one ---
  function stale() {
    const answer = stage()?.dataset.answer;
    for (const part of document.querySelectorAll('#fg-strip, #fg-seen')) {
      const of = part.querySelector('[data-answer]')?.dataset.answer;
      part.classList.toggle('fg-stale', of !== undefined && of !== answer);
    }
    const seen = find('#fg-seen [data-answer]');
    if (!seen || seen.dataset.answer !== answer) return;
    for (const mark of document.querySelectorAll('#fg-sentence mark.fg-used')) {
      const rows = mark.dataset.names.split(' ').map((name) => seen.querySelector(`li[data-names="${name}"]`));
      const missing = rows.some((row) => row?.dataset.state === 'not seen');
      mark.classList.toggle('fg-not-seen', missing);
      if (missing && !mark.title.endsWith('not seen')) {
        mark.title = `${mark.title.split(':')[0]}: asked, not seen`;
        mark.querySelector('.fg-sr').textContent = ` (${mark.title})`;
      }
    }
    const region = find('#fg-told');
    const told = seen.querySelector('.fg-readback')?.dataset.told ?? '';
    if (region && region.dataset.answer !== answer) {
      if (region.dataset.answer !== undefined) region.textContent = told; // not for the face that the page starts with
      region.dataset.answer = answer;
    }
  }

  // --- the face stays in sight while the switches below it or the people of the second tab change it ---
  function peek() {
    const small = find('.fg-peek');
    const large = find('#fg-main .fg-frame');
    if (!small || !large) return;
    const tab = find('[role="tab"][aria-selected="true"]')?.dataset.tabId;
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
    if (!due) requestAnimationFrame(() => { due = false; peek(); stale(); stars(); });
    due = true;
  };
  document.addEventListener('scroll', soon, { passive: true, capture: true });
  addEventListener('resize', soon);

  // --- the page is shown once it has stopped growing ---
  const parts = ['chips', 'sentence', 'legend', 'words', 'synthetic', 'readback', 'board'];
  function ready(height = -1, calm = 0) {
    const now = parts.every((part) => find(`.fg-${part}`)) ? document.documentElement.scrollHeight : -1;
    if (now < 0 || calm < 6) { setTimeout(() => ready(now, now === height ? calm + 1 : 0), 40); return; }
    document.documentElement.classList.add('fg-ready');
    find('#fg-splash')?.remove();
  }

  // --- a face has arrived ---
  let shown = null;
  new MutationObserver(() => {
    const figure = stage();
    if (!figure) return;
    const { src } = figure.querySelector('.fg-face').attributes;
    if (shown === null) { // the page has just been built
      home = figure.dataset.link;
      ready();
      if (!awaited && history.state?.at === undefined) history.replaceState({ at: 0 }, '');
      if (store(localStorage, 'dark') !== null) dark(store(localStorage, 'dark'));
      const tour = find('.fg-tour');
      if (tour) tour.hidden = !!store(localStorage, 'toured');
      steps();
      settleSoon();
    } else if (src.value !== shown) {
      before = shown;
      heat(null);
      figure.querySelector('.fg-compare input').value = 100;
    }
    if (src.value !== shown || figure.dataset.link !== figure.dataset.settled) settleSoon();
    if (figure.dataset.settled !== figure.dataset.link) figure.dataset.settled = figure.dataset.link;
    shown = src.value;
    compare();
    soon();
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true,
    attributeFilter: ['src', 'data-link', 'data-answer', 'aria-selected'],
  });
})();
