// The attribute board: keeps `props.value` (the overrides) in step with the switches. `element`, `props`, `trigger` and
// `watch` are given by gr.HTML.
const rows = [...element.querySelectorAll('.fg-row')];
const search = element.querySelector('.fg-search');
const reset = element.querySelector('.fg-reset');
const more = element.querySelector('.fg-more');

function show() {
  const overrides = props.value || {};
  const text = props.said || {};
  for (const row of rows) {
    const name = row.dataset.name;
    const state = name in overrides ? (overrides[name] ? 'yes' : 'no') : 'auto';
    const input = row.querySelector(`input[value="${state}"]`);
    if (!input.checked) input.checked = true;
    const said = name in text ? (text[name] ? 'yes' : 'no') : '';
    row.dataset.said = said;
    row.classList.toggle('fg-set', state !== 'auto');
    row.querySelector('.fg-auto span').textContent = said ? `text: ${said}` : 'text';
  }
  reset.disabled = Object.keys(overrides).length === 0;
}

function change(overrides) {
  props.value = overrides;
  show();
  trigger('input');
}

element.addEventListener('change', (event) => {
  const row = event.target.closest('.fg-row');
  if (!row) return;
  const overrides = { ...(props.value || {}) };
  const name = row.dataset.name;
  if (event.target.value === 'auto') delete overrides[name];
  else overrides[name] = event.target.value === 'yes';
  if (overrides[name] && row.dataset.exclusive) {
    // Yes to one of an exclusive group takes back the yes of another.
    for (const other of rows) {
      const rival = other.dataset.name;
      if (rival !== name && other.dataset.exclusive === row.dataset.exclusive && overrides[rival]) delete overrides[rival];
    }
  }
  change(overrides);
});

reset.addEventListener('click', () => change({}));

search.addEventListener('input', () => {
  const wanted = search.value.trim().toLowerCase();
  let found = 0;
  for (const row of rows) {
    const hit = row.dataset.label.includes(wanted) || row.dataset.name.replaceAll('_', ' ').includes(wanted);
    row.hidden = !hit;
    found += hit;
  }
  for (const group of element.querySelectorAll('.fg-group')) {
    group.hidden = ![...group.querySelectorAll('.fg-row')].some((row) => !row.hidden);
  }
  if (wanted) more.open = true;
  element.querySelector('.fg-none').hidden = found > 0;
});

watch(['value', 'said'], show);
show();
