// The attribute board: keeps `props.value` (the overrides) in step with the switches. `element`, `props`, `trigger` and
// `watch` are given by gr.HTML.
const rows = [...element.querySelectorAll('.fg-row')];
const search = element.querySelector('.fg-search');
const reset = element.querySelector('.fg-reset');
const more = element.querySelector('.fg-more');
const cannot = element.querySelector('.fg-cannot');

// An override is true, false or the word of a degree; a switch has the states yes, no and auto, a slider degrees, too.
const word = (value) => (value === undefined ? '' : value === true ? 'yes' : value === false ? 'no' : value);
const override = (state) => (state === 'yes' ? true : state === 'no' ? false : state);
const steps = (slider) => slider.dataset.steps.split(' ');

function show() {
  const overrides = props.value || {};
  const text = props.said || {};
  for (const row of rows) {
    const name = row.dataset.name;
    const state = word(overrides[name]) || 'auto';
    const said = word(text[name]);
    const slider = row.querySelector('[type="range"]');
    const auto = said ? `auto: ${row.dataset[said] || said}` : 'auto';
    if (slider) {
      slider.value = steps(slider).indexOf(state);
      row.querySelector('output').textContent = state === 'auto' ? auto : state;
      slider.setAttribute('aria-valuetext', state === 'auto' ? auto : state);
    } else {
      // A switch has no degrees: a link or a picture of another model may.
      const input = row.querySelector(`input[value="${state}"]`) || row.querySelector('input[value="yes"]');
      if (!input.checked) input.checked = true;
      row.querySelector('.fg-auto span').textContent = auto;
    }
    row.dataset.said = said && said !== 'no' ? 'yes' : said;
    row.classList.toggle('fg-set', state !== 'auto');
    row.querySelector('.fg-hold').setAttribute('aria-pressed', String(state !== 'auto'));
  }
  reset.disabled = Object.keys(overrides).length === 0;
}

function change(overrides) {
  props.value = overrides;
  show();
  trigger('input');
}

function set(row, state) {
  const overrides = { ...(props.value || {}) };
  const name = row.dataset.name;
  if (state === 'auto') delete overrides[name];
  else overrides[name] = override(state);
  if (overrides[name] && row.dataset.exclusive) {
    // Yes to one of an exclusive group takes back the yes of another.
    for (const other of rows) {
      const rival = other.dataset.name;
      if (rival !== name && other.dataset.exclusive === row.dataset.exclusive && overrides[rival]) delete overrides[rival];
    }
  }
  change(overrides);
}

element.addEventListener('input', (event) => {
  const row = event.target.closest('.fg-row');
  if (row) set(row, event.target.type === 'range' ? steps(event.target)[event.target.value] : event.target.value);
});

// Held: set by hand to what it is, as it is asked for or else as it is seen. Held no longer: as the text says.
function hold(row) {
  const name = row.dataset.name;
  const seen = JSON.parse(document.querySelector('#fg-seen .fg-readback')?.dataset.seen || '{}');
  if (name in (props.value || {})) set(row, 'auto');
  else set(row, word((props.said || {})[name]) || (seen[name] ? 'yes' : 'no'));
}
element.addEventListener('click', (event) => {
  const button = event.target.closest('.fg-hold');
  if (button) hold(button.closest('.fg-row'));
});
element.addEventListener('keydown', (event) => {
  const row = event.target.closest('.fg-row');
  if (row && event.key.toLowerCase() === 'l' && !event.ctrlKey && !event.metaKey && !event.altKey) hold(row);
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
  for (const item of off) item.hidden = !`${item.textContent.toLowerCase()} ${item.dataset.words}`.includes(wanted);
  if (wanted) {
    more.open = true;
    if (cannot) cannot.open = off.some((item) => !item.hidden);
  }
  element.querySelector('.fg-none').hidden = [...rows, ...off].some((row) => !row.hidden);
});

watch(['value', 'said'], show);
show();
