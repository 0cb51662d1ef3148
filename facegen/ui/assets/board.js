// The attribute board: keeps `props.value` (the overrides) in step with the switches. `element`, `props`, `trigger` and
// `watch` are given by gr.HTML.
const rows = [...element.querySelectorAll('.fg-row')];
const search = element.querySelector('.fg-search');
const reset = element.querySelector('.fg-reset');
const more = element.querySelector('.fg-more');
const cannot = element.querySelector('.fg-cannot');

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
    row.querySelector('.fg-auto span').textContent = said ? `auto: ${row.dataset[said]}` : 'auto';
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
  const heard = (row) => [row.dataset.label, row.dataset.name.replaceAll('_', ' ')].some((word) => word.includes(wanted))
    || ` ${row.dataset.words}`.includes(` ${wanted}`);
  for (const row of rows) row.hidden = !heard(row);
  for (const group of element.querySelectorAll('.fg-group')) {
    group.hidden = ![...group.querySelectorAll('.fg-row')].some((row) => !row.hidden);
  }
  const off = [...(cannot?.querySelectorAll('li') ?? [])];
  for (const item of off) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  if (wanted) {
    more.open = true;
    if (cannot) cannot.open = off.some((item) => !item.hidden);
  }
  element.querySelector('.fg-none').hidden = [...rows, ...off].some((row) => !row.hidden);
});

watch(['value', 'said'], show);
show();
