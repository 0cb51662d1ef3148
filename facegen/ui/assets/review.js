// Good or poor: mark the cell at once, and send the event `rate`.
function rate(cell, verdict, reason) {
  cell.dataset.verdict = verdict;
  cell.querySelector('[data-verdict]').setAttribute('aria-pressed', String(verdict === 'good'));
  if (verdict === 'good') cell.querySelector('select').value = '';
  trigger('rate', { index: Number(cell.dataset.index), verdict, reason });
}
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-verdict]');
  if (button) rate(button.closest('li'), 'good', '');
});
element.addEventListener('change', (event) => {
  const select = event.target.closest('select');
  if (select && select.value) rate(select.closest('li'), 'poor', select.value);
});
