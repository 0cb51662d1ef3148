// Any button with data-index: the event `pick` tells which.
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-index]');
  if (!button) return;
  // Of a group with data-one, the one that was picked last is marked.
  for (const other of button.closest('[data-one]')?.querySelectorAll('[data-index]') ?? []) {
    other.setAttribute('aria-pressed', String(other === button));
  }
  trigger('pick', { index: Number(button.dataset.index) });
});
