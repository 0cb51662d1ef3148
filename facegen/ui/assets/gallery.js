// The gallery: faces that this browser keeps, and those of this visit. `element` and `trigger` are given by gr.HTML.
const make = (tag, more = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), more);
  node.append(...inside);
  return node;
};

function cell(entry, kept) {
  const image = make('img', { src: entry.src, alt: '', width: 112, height: 112 });
  const button = make('button', { type: 'button', className: 'fg-cell' }, image, make('span', {}, entry.caption));
  button.addEventListener('click', () => window.facegen.open(entry.link));
  if (!kept) return button;
  const away = make('button', { type: 'button', className: 'fg-away', ariaLabel: `Remove: ${entry.caption}` }, '×');
  away.addEventListener('click', () => window.facegen.forget(entry.link));
  return make('div', { className: 'fg-kept-cell' }, button, away);
}

function show() {
  const lists = window.facegen.lists();
  for (const [name, none] of [['gallery', 'Nothing here yet: “Add to gallery” under the face puts it here.'], ['trail', 'Nothing drawn yet.']]) {
    const place = element.querySelector(`[data-list="${name}"]`);
    const cells = lists[name].map((entry) => cell(entry, name === 'gallery')).reverse();
    place.replaceChildren(...(cells.length ? cells : [make('p', { className: 'fg-quiet' }, none)]));
    place.classList.toggle('fg-grid', cells.length > 0);
  }
  element.querySelector('[data-pack]').disabled = lists.gallery.length === 0;
}

element.querySelector('[data-pack]').addEventListener('click', () => {
  trigger('pack', { links: window.facegen.lists().gallery.map((entry) => entry.link) });
});
addEventListener('facegen-lists', show);
addEventListener('storage', show); // another tab of this browser
show();
